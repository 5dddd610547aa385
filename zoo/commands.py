"""The command line: `pinet`. Nothing heavy is imported before a command needs it: `pinet list` answers at once."""

import contextlib
import itertools
import os
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from zoo import download, registry, tables
from zoo.files import check_file, check_folder, naming, os_error_in_words
from zoo.generation import commands as generation_commands
from zoo.next_commands import next_commands
from zoo.onednn import train_with_onednn
from zoo.recipes.recipe import list_recipes, read_recipe
from zoo.run_folder import runs_here
from zoo.serving import commands as serving_commands

MAX_STDIN = 256_000_000  # bytes
BOUNDARY_BATCH = 64  # images; the progress bar moves after each batch
# Lines that TensorFlow's C++ side writes while it is imported, before its own log level counts.
CHATTER = re.compile(r"WARNING: All log messages before absl|[IWE]0000 00:00:|To enable the following instructions:")


class _PrintableUsage(TyperGroup):
    """Wrong usage is said with the words of the command line, which may hold escape characters."""

    def make_context(self, *args, **kwargs):
        with _printable_message():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx):
        with _printable_message():
            return super().invoke(ctx)


@contextlib.contextmanager
def _printable_message():
    try:
        yield
    except Exception as error:
        if hasattr(error, "format_message"):  # wrong usage; the message of other errors is not always ours to set
            error.message = tables.printable(error.message)
        raise


app = typer.Typer(
    name="pinet",
    cls=_PrintableUsage,
    help="Polynomial networks: list, try, measure, certify and train the models of the zoo.",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich help pages would triple the time that `pinet --help` takes
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_name = typer.Argument(
    metavar="NAME",
    help="A model of the zoo, or the folder of a training run.",
    autocompletion=lambda: [*registry.list_models(), *runs_here()],
)
ModelName = Annotated[str, _name]
DataFile = Annotated[
    Path | None, typer.Option("--data", help="An .npz of uint8 images or int16 sounds to read instead of TFDS.")
]
DataDir = Annotated[Path | None, typer.Option(help="Where TFDS keeps its data [TFDS_DATA_DIR].")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def main() -> None:
    """Entry point of `pinet`. Exit codes: 0 done, 1 refused or not as claimed, 2 wrong usage, 130 interrupted."""
    try:
        with _errors_in_one_line():
            try:
                app()
            finally:
                sys.stdout.flush()  # here, where a full disk is said in words; at the interpreter's end it is not
    except KeyboardInterrupt:
        sys.exit(130)


def _version(value: bool):
    if value:
        from importlib.metadata import version

        typer.echo(f"pinet-keras {version('pinet-keras')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
):
    pass


@app.command("list")
def list_(
    pattern: Annotated[str, typer.Argument(help='A shell pattern, such as "*mnist*".')] = "*",
    json: AsJson = False,
):
    """List the models that are shipped."""
    cards = [registry.card(name) for name in registry.list_models(pattern)]
    if json:
        left_out = ("golden", "training")  # long; `pinet info` has them
        return _print_json([{key: value for key, value in card.items() if key not in left_out} for card in cards])
    if not cards:
        raise ValueError(f"No model matches; known are {', '.join(registry.list_models())}. Received: {pattern!r}")
    table = _table("model", "tier", "degree", "params", "result", right=(2, 3, 4))
    table.padding = (0, 1, 0, 0)  # 80 columns hold every model in a line
    table.columns[0].no_wrap = True  # on a narrower terminal the other columns give way
    for data, same in itertools.groupby(sorted(cards, key=_data), key=_data):
        table.add_row(f"[bold]{data}")
        for card in same:
            table.add_row(
                f" [cyan]{card['name']}",
                tables.human_tier(card) if card["tier"] else "–",
                tables.human_degree(card),
                tables.human_count(card["parameters"]),
                tables.human_result(card),
            )
        table.add_section()
    _console().print(table)


def _data(card):
    return f"{card['dataset']['name']}, {tables.human_shape(card)}"


@app.command()
def info(name: ModelName, json: AsJson = False):
    """Show what is known of a model: its card."""
    card = registry.card(name)
    if json:
        return _print_json(card)
    table = _table("", "", title=f"{card['name']}: {card['description']}")
    table.show_header = False
    facts = generation_commands.facts if card["task"] == registry.GENERATION else _facts
    for label, value in facts(card):
        table.add_row(f"[bold]{label}", value)
    _console().print(table)


@app.command()
def predict(
    name: ModelName,
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Images, or WAV files; folders of them; - is standard input."),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 3,
    json: AsJson = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV: a line a file and class.")] = False,
):
    """Classify images or sounds. Exit code 1: some of the files could not be read; the others are answered."""
    if json and csv:
        raise ValueError("Give --json or --csv, not both.")
    card = registry.card_for(name, registry.CLASSIFICATION, registry.SOUND_CLASSIFICATION)
    from zoo import inputs

    shape, kind = card["input_shape"], "sound" if card["task"] == registry.SOUND_CLASSIFICATION else "image"
    found = [inputs.read(file, _source(file), card) for file in inputs.find(files, shape)]
    readable = [each for each in found if each.example is not None]
    rows = _probabilities(name, card, [each.example for each in readable]) if readable else []
    answers = dict(zip(map(id, readable), rows, strict=True))
    results = []
    for each in found:
        result = {kind: each.file, "predictions": [], "notes": each.notes}
        if each.error:
            result["error"] = each.error
        else:
            result["predictions"] = _guesses(answers[id(each)], card["class_names"], top)
            if not result["predictions"]:
                each.notes.append(f"no answer: so far from what {name} was trained on, its logits are beyond float32")
        results.append(result)
    if json:
        _print_json(results)
    elif csv:
        _print_csv(results, kind)
    else:
        _print_predictions(results, kind)
    failed = [each for each in found if each.error]
    for each in failed:
        _print_error(each.error)
    raise typer.Exit(int(bool(failed)))


def _probabilities(name, card, examples):
    """Of one row an example, a few hundred examples at a time."""
    with _waiting(f"loading {name}"):
        import numpy as np

        from zoo import load
        from zoo.demo import probabilities

        model, rows = load(name), []
        for start in range(0, len(examples), 256):
            rows += list(probabilities(model, card, np.stack(examples[start : start + 256])))
        return rows


def _guesses(row, class_names, top):
    """The likeliest classes; none where a probability is NaN, which JSON does not know and no order has a place for."""
    import numpy as np

    best = np.argsort(-row)[:top] if np.isfinite(row).all() else []
    return [{"class": class_names[index], "probability": float(row[index])} for index in best]


@app.command()
def evaluate(
    name: ModelName,
    data: DataFile = None,
    data_dir: DataDir = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Generators: draw pictures beside their nearest training pictures.")
    ] = None,
    json: AsJson = False,
):
    """Measure a model on its test split and compare with its card. Exit code 1: same data, other figures."""
    if registry.card(name)["task"] == registry.GENERATION:
        if sheet is not None:
            check_file(sheet)
        _have_data(registry.card(name)["dataset"]["name"], data, data_dir)
        raise typer.Exit(int(generation_commands.evaluate(name, data, data_dir, sheet, json)))
    if sheet is not None:
        raise ValueError(f"--sheet is for generators. Received: {name}")
    _have_data(registry.card(name)["dataset"]["name"], data, data_dir)
    with _progress(f"evaluating {name}") as report:
        from zoo.evaluation import evaluate as run

        result = run(name, data=data, data_dir=data_dir, progress=report)
    differs = result["same_data_as_card"] and not result["reproduces_card"]
    if json:
        _print_json(result)
    else:
        _print_evaluation(result, differs)
    raise typer.Exit(int(differs))


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe, or a .toml file.", autocompletion=list_recipes)],
    data: DataFile = None,
    data_dir: DataDir = None,
    run_dir: Annotated[Path | None, typer.Option(help="Checkpoint and logs [runs/NAME].")] = None,
    out: Annotated[Path | None, typer.Option(help="Where card and weights go [the run's].")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over instead of going on with an earlier run.")] = False,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    devices: Annotated[int, typer.Option(min=1, help="Classifiers: devices that share a batch.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="Classifiers: runs, for mean and spread on the card.")] = 1,
):
    """Train a recipe; a run that was stopped goes on where its last epoch ended."""
    from dataclasses import replace

    chosen = read_recipe(recipe)
    if epochs is not None:
        chosen = replace(chosen, epochs=epochs)
    generation = chosen.task == registry.GENERATION
    if generation and (devices > 1 or seeds > 1):
        raise ValueError(f"--devices and --seeds are for classifiers. Received: {recipe}")
    folder = out or run_dir or Path("runs") / chosen.name
    for place in (folder, run_dir or folder):
        check_folder(place)
    _have_data(chosen.dataset, data, data_dir)
    train_with_onednn()
    with _waiting("starting the backend"):
        training = import_module("zoo.generation.training" if generation else "zoo.training")
    options = {"data": data, "data_dir": data_dir, "fresh": fresh, "console": _console(stderr=True)}
    options |= {"run_dir": run_dir, "out_dir": out}
    if generation:
        card = training.train(chosen, **options)
    else:
        card = training.train_seeds(chosen, seeds, devices=devices, **options)
    if card is None:  # the first of several processes says it
        return
    if generation:
        result = generation_commands.said(card["quality"])
    else:
        interval = tables.human_interval(*card["accuracy"]["interval_95"])
        result = f"test accuracy [bold]{card['accuracy']['test']:.2%}[/] (95 %: {interval})"
        if "seeds" in card:
            mean, spread, count = card["seeds"]["mean"], card["seeds"]["std"], len(card["seeds"]["accuracy"])
            result += f", over {count} seeds [bold]{mean:.2%} ± {spread:.2%}[/],"
    console = _console()
    console.print(
        f"[bold cyan]{card['name']}[/]  {result} after {tables.human_seconds(card['training']['seconds'])}\n"
        f"card and weights ({tables.human_bytes(card['weights']['bytes'])}) in {_escaped(str(folder))}\nnext:"
    )
    for command in next_commands(card, folder, data, data_dir):
        console.print(f"  {_escaped(command)}", soft_wrap=True)  # whole, to be copied


@app.command()
def demo(out: Annotated[Path, typer.Option(help="Where the contact sheet goes.")] = Path("demo.png")):
    """Classify the bundled sample pictures with every classifier, and draw pictures with every generator."""
    check_file(out)
    with _progress("demo") as report:
        from zoo.demo import draw, draw_generated, run_demo, table

        results = run_demo(report)
        generated = out.with_stem(f"{out.stem}_generated")
        with naming(out):
            draw(results, out)
        with naming(generated):
            draw_generated(generated)
    console = _console()
    console.print(table(results))
    console.print(f"contact sheet: [bold]{_escaped(str(out))}")
    console.print(f"drawn by the generators: [bold]{_escaped(str(generated))}")


@app.command()
def certify(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME_OR_FILE", help="A model of the zoo, the folder of a training run, or a .keras file."
        ),
    ],
    verify: Annotated[bool, typer.Option("--verify", help="Check the certificate by measurement.")] = False,
    json: AsJson = False,
):
    """Prove the degree of a model, layer by layer. Exit code 1: a claim does not hold, or measuring refutes it."""
    claim = None if name.endswith(".keras") else registry.card(name)
    with _waiting(f"certifying {name}"):
        from pinet_keras.analysis import certify as prove
        from zoo.front_end import behind_front_end
        from zoo.keras_file import read_keras_file

        model = read_keras_file(name) if claim is None else _zoo_model(name)
        part = behind_front_end(model)
        certificate = prove(part)
        measured = certificate.verify(part, _valid_inputs(model, claim)) if verify else None
    holds = claim is None or (_reaches(certificate.tier, claim["tier"]) and certificate.degree == claim["degree"])
    if json:
        report = certificate.as_dict()
        if claim:
            report["claim"] = {"tier": claim["tier"], "degree": claim["degree"], "holds": holds}
        if measured:
            report["verification"] = measured.as_dict()
        _print_json(report)
    else:
        title = name if part is model else f"{name}, from the spectrogram on"
        _print_certificate(title, certificate, claim, holds, measured)
    raise typer.Exit(int(not holds or (measured is not None and measured.verdict == "refuted")))


@app.command()
def boundary(
    name: ModelName,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="A picture file; - is standard input.")],
    toward: Annotated[str, typer.Option(metavar="IMAGE", help="The picture to walk to.")],
    third: Annotated[str | None, typer.Option(metavar="IMAGE", help="Draw the triangle between three images.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the drawing goes.")] = Path("boundary.png"),
    json: AsJson = False,
):
    """Draw how the decision changes between two images, or its regions between three, and list where it changes."""
    card = registry.card_for(name, registry.CLASSIFICATION)
    check_file(out)
    from zoo import inputs

    files = [file for file in (image, toward, third) if file is not None]
    corners = []
    for each in (inputs.read(file, _source(file), card) for file in files):
        if each.example is None:
            raise ValueError(each.error)
        _print_notes(each.file, each.notes)
        corners.append(each.example.astype("float64"))
    titles = [Path(file).stem if file != "-" else "standard input" for file in files]
    with _progress("where the decision changes") as report:
        from pinet_keras.analysis import crossings, plane
        from pinet_keras.analysis.replay import Evaluator
        from zoo.boundary import draw_line

        model = Evaluator(_zoo_model(name), batch_size=BOUNDARY_BATCH, progress=report)
        x, steps = corners[0], [corner - corners[0] for corner in corners[1:]]
        found = crossings(model, x, steps[0], domain=(0, 1))
    with _progress("drawing") as model.progress:
        if third is None:
            figure = draw_line(model, card, x, corners[1], found, titles)
        else:
            title = f"{card['name']}, degree {card['degree']}: decision between three images"
            figure = plane(model, x, steps[0], steps[1], True, card["class_names"], titles, title)
        with naming(out):
            figure.savefig(out, dpi=150)
    names = card["class_names"]
    changes = [{"t": change.t, "before": names[change.before], "after": names[change.after]} for change in found]
    if json:
        return _print_json({"model": name, "degree": card["degree"], "crossings": changes, "drawing": str(out)})
    table = _table("t", "from", "to", right=(0,))
    for change in changes:
        table.add_row(f"{change['t']:.6f}", change["before"], change["after"])
    console = _console()
    console.print(_escaped(f"from {image} (t = 0) to {toward} (t = 1):"))
    console.print(table if changes else "the decision does not change")
    console.print(f"drawing: [bold]{_escaped(str(out))}")


def _have_data(name, data, data_dir):
    """Before a backend is imported: data that are missing are named, and downloaded in sight."""
    if data is not None:
        if not data.is_file():
            raise FileNotFoundError(f"There is no data file {data}.")
        return
    if download.is_here(name, data_dir):
        return
    _console(stderr=True).print(_escaped(download.what_is_missing(name, data_dir)), soft_wrap=True)
    download.reach(name, data_dir)
    with _waiting("starting the download"):
        from zoo.data import load_set
    load_set(name, data_dir=data_dir)  # TFDS draws a bar, which nothing may hold back


def _zoo_model(name):
    from zoo import load

    return load(name)


def _valid_inputs(model, card):
    """Inputs to draw lines between: bundled examples for a classifier of the zoo's making, uniform noise and one label
    for a generator, normal noise for any other model."""
    import numpy as np

    from zoo.generation.generator_model import GeneratorModel
    from zoo.pixel_model import PixelModel

    if isinstance(model, GeneratorModel):
        from zoo.generation.latents import draw_latents

        latents = draw_latents(16, model.latent_size, seed=0)
        return latents if model.num_classes is None else [latents, np.zeros(16)]
    rng = np.random.default_rng(0)
    if isinstance(model, PixelModel):
        from zoo.demo import sample_inputs
        from zoo.front_end import before_certificate

        card = card or _card_of_shape(model.input_shape[1:])
        pixels = sample_inputs(card) if card else rng.integers(0, 256, (16, *model.input_shape[1:]), dtype="uint8")
        return before_certificate(model, pixels)
    inputs = [rng.normal(size=(16, *(size or 8 for size in tensor.shape[1:]))) for tensor in model.inputs]
    return inputs if len(inputs) > 1 else inputs[0]


def _card_of_shape(shape):
    """The card of a classifier that takes such examples, or None."""
    names = [
        name
        for task in (registry.CLASSIFICATION, registry.SOUND_CLASSIFICATION)
        for name in registry.list_models(task=task)
    ]
    return next((card for card in map(registry.card, names) if card["input_shape"] == [*shape]), None)


def _reaches(tier, claimed):
    return tier == claimed if None in (tier, claimed) else tier >= claimed


def _facts(card):
    accuracy = card["accuracy"]
    yield "task", f"{card['task']}, {card['dataset']['name']}"
    if card["task"] == registry.SOUND_CLASSIFICATION:
        yield "input", f"{card['input_shape'][0]} samples of 16 bits, 8,000 a second"
    else:
        yield "input", " × ".join(map(str, card["input_shape"])) + ", pixels 0..255"
    yield "classes", ", ".join(card["class_names"])
    degree = "" if card["degree"] is None else f", degree {card['degree']}, {card['levels']} levels"
    behind = ", from the spectrogram on" if card["task"] == registry.SOUND_CLASSIFICATION else ""
    yield "tier", f"{tables.human_tier(card)}{degree}{behind}"
    yield "size", tables.human_size(card)
    yield (
        "test accuracy",
        (
            f"[bold]{accuracy['test']:.2%}[/] (95 %: {tables.human_interval(*accuracy['interval_95'])}) "
            f"on {accuracy['test_examples']:,} examples"
        ),
    )
    if "seeds" in card:
        seeds = card["seeds"]
        yield "seeds", f"{seeds['mean']:.2%} ± {seeds['std']:.2%} over {len(seeds['accuracy'])} of them"
    by_class = sorted(accuracy["by_class"].items(), key=lambda pair: pair[1] or 0)
    shares = (f"{name} {'without examples' if share is None else f'{share:.1%}'}" for name, share in by_class)
    yield "by class", ", ".join(shares)
    calibration = card["calibration"]
    yield "calibration error", f"{calibration['ece']:.2%}, {calibration['ece_calibrated']:.2%} after temperature"
    if "note" in card:
        yield "note", card["note"]
    yield from tables.human_origin(card)


def _print_predictions(results, kind):
    answered = [result for result in results if "error" not in result]
    table = _table(kind, "class", "probability", right=(2,))
    for result in answered:
        if not result["predictions"]:
            table.add_row(_escaped(result[kind]), "[dim]–", "[dim]–")
        for rank, guess in enumerate(result["predictions"]):
            style = "bold" if rank == 0 else "dim"
            name = _escaped(result[kind]) if rank == 0 else ""
            table.add_row(name, f"[{style}]{guess['class']}", f"[{style}]{guess['probability']:.1%}")
        table.add_section()
    if answered:
        _console().print(table)
    for result in answered:
        _print_notes(result[kind], result["notes"])


def _print_notes(file, notes):
    if notes:
        _console(stderr=True).print(f"{_escaped(file)}: {', '.join(notes)}", style="yellow", soft_wrap=True)


def _print_csv(results, kind):
    """A line a file and class; a file without an answer has one line, with the reason as its note."""
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([kind, "rank", "class", "probability", "note"])
    for result in results:
        file, note = result[kind], "; ".join([*result["notes"], *([result["error"]] if "error" in result else [])])
        rows = [[rank, each["class"], each["probability"]] for rank, each in enumerate(result["predictions"], 1)]
        for row in rows or [["", "", ""]]:
            writer.writerow([tables.printable(file), *row, tables.printable(note)])


def _print_evaluation(result, differs):
    table = _table("", "", title=f"{result['model']} on the test split of {result['dataset']}")
    table.show_header = False
    interval = tables.human_interval(*result["interval_95"])
    table.add_row("[bold]accuracy", f"[bold]{result['accuracy']:.2%}[/] (95 %: {interval})")
    table.add_row("[bold]on the card", f"{result['card_accuracy']:.2%}")
    table.add_row("[bold]calibration error", f"{result['ece']:.2%}")
    examples = f"{result['examples']:,} in {tables.human_seconds(result['seconds'])}"
    table.add_row("[bold]examples", f"{examples}, {result['images_per_second']:,.0f} a second")
    console = _console()
    console.print(table)
    if differs:
        console.print("The accuracy is not the card's.", style="bold red")
    elif not result["same_data_as_card"]:
        console.print("These are not the card's data, so its accuracy need not come out.", style="yellow")
    else:
        console.print("The card's accuracy is reproduced.", style="green")


def _print_certificate(name, certificate, claim, holds, measured):
    table = _table("layer", "kind", "degree in", "degree out", "levels", "why", right=(2, 3, 4), title=_escaped(name))
    for row in certificate.rows:
        cells = [row.name, row.kind, row.degree_in, row.degree_out, row.levels, row.why]
        table.add_row(*("–" if cell is None else _escaped(str(cell)) for cell in cells))
    console = _console()
    console.print(table)
    if certificate.tier is None:
        console.print(f"[bold]{certificate.tier_name}[/]")
    else:
        degree = "" if certificate.degree is None else f", degree {certificate.degree}, {certificate.levels} levels"
        console.print(f"[bold]tier {certificate.tier} {certificate.tier_name}{degree}[/]")
    for reason in certificate.reasons:
        console.print(f"  {_escaped(reason)}", style="yellow")
    if measured is not None:
        style = "bold red" if measured.verdict == "refuted" else "green" if measured.holds else "yellow"
        console.print(f"measured on {measured.lines} lines: {measured.verdict} ({_escaped(measured.why)})", style=style)
    if claim:
        words = "holds" if holds else "does not hold"
        style = "green" if holds else "bold red"
        said = claim["tier_name"] if claim["tier"] is None else f"tier {claim['tier']}, degree {claim['degree']}"
        console.print(f"the card's claim ({said}) {words}", style=style)


def _source(image):
    """A path stays a path; `-` becomes the bytes of standard input, and not without end."""
    if image != "-":
        return image
    data = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(data) > MAX_STDIN:
        raise ValueError(f"Standard input holds more than {tables.human_bytes(MAX_STDIN)}.")
    return data


def _print_json(value):
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    # What a terminal could take for a command stands as JSON's own escape, which readers turn back.
    typer.echo(
        "".join(
            each if each.isprintable() or each == "\n" else json.dumps(each, allow_nan=False)[1:-1] for each in text
        )
    )


def _console(stderr=False):
    from rich.console import Console

    # Rich takes 80 columns where there is no terminal, and would cut names in a pipe.
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 160
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def _table(*columns, right=(), title=None):
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold")
    return table


def _escaped(text):
    """Words from outside, such as a file's name: they neither style the output nor command the terminal."""
    from rich.markup import escape

    return escape(tables.printable(text))


@contextlib.contextmanager
def _errors_in_one_line():
    """What a user can mend is said in one red line on standard error, with exit code 1; anything else is a bug."""
    try:
        yield
    except (ValueError, OSError) as error:
        said = os_error_in_words(error) if isinstance(error, OSError) else str(error)
        with contextlib.suppress(OSError):  # where standard error is on the same full disk
            _print_error(said)
        _drop_unwritable_output()
        sys.exit(1)


def _print_error(message):
    typer.secho(f"Error: {tables.printable(' '.join(message.split()))}", fg="red", err=True)


def _drop_unwritable_output():
    """Turn standard output away where it takes no more: the interpreter would try again at its end, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _waiting(words):
    """A spinner on standard error while something starts, and no start-up chatter."""
    with _quiet_start() as terminal, terminal.status(words):
        _import_backend()
        yield


@contextlib.contextmanager
def _progress(words):
    """A progress bar on standard error; gives the function (done, all) that moves it."""
    from rich.progress import MofNCompleteColumn, Progress

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with _quiet_start() as terminal:
        bar = Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal)
        with bar:
            task = bar.add_task(words, total=None)
            _import_backend()
            yield lambda done, total: bar.update(task, completed=done, total=total)


def _import_backend():
    try:
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow  # noqa: F401 the chatter comes with the import
    except ImportError as error:
        raise ValueError(f"The backend that KERAS_BACKEND names cannot be imported: {error}") from error


@contextlib.contextmanager
def _quiet_start():
    """Hold standard error back, and let through what is not TensorFlow's start-up chatter.

    The C++ side writes straight to file descriptor 2, some of it before its log level counts, so the descriptor itself
    is turned to a file meanwhile. Gives a console on the real standard error.
    """
    import tempfile

    from rich.console import Console

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held, os.fdopen(os.dup(2), "w", encoding="utf-8") as real:
        os.dup2(held.fileno(), 2)
        try:
            yield Console(file=real)
        finally:
            sys.stderr.flush()
            os.dup2(real.fileno(), 2)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines():
                if not CHATTER.match(line):
                    real.write(line + "\n")


generation_commands.register(app)
serving_commands.register(app)

if __name__ == "__main__":
    main()
