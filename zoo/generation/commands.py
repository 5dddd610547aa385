"""`pinet generate`, and what `pinet evaluate` says of a generator. Nothing heavy is imported before it is needed."""

from pathlib import Path
from typing import Annotated

import typer

from zoo import registry, tables
from zoo.files import check_file, check_folder, naming
from zoo.run_folder import runs_here

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A generator of the zoo, or the folder of a training run.",
        autocompletion=lambda: [*registry.list_models(task=registry.GENERATION), *runs_here()],
    ),
]
COLUMNS, MOST_COLUMNS = 8, 12
HEADINGS = ("generated", "nearest", "2nd", "3rd", "4th", "5th", "6th", "7th")  # of an image and its neighbours


def generate(
    name: Name,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=10_000, help="How many pictures.")] = 64,
    label: Annotated[
        str | None, typer.Option(help="The class of all pictures, its name or number [all classes in turn].")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the noise: the same seed draws the same pictures.")] = 0,
    interpolate: Annotated[
        int | None, typer.Option(min=0, metavar="SEED", help="Walk from --seed's first picture to this seed's.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the sheet goes.")] = Path("generated.png"),
    out_dir: Annotated[Path | None, typer.Option(help="Also write each picture to this folder.")] = None,
    columns: Annotated[int | None, typer.Option(min=1, help="Images a row [one of each class, else 8].")] = None,
):
    """Draw pictures from noise."""
    from zoo import commands

    card = registry.card_for(name, registry.GENERATION)
    check_file(out)
    if out_dir is not None:
        check_folder(out_dir)
    names = card["class_names"]
    only = None if label is None else _class_number(label, names)
    with commands._waiting(f"drawing with {name}"):
        import numpy as np

        from zoo import load
        from zoo.generation.latents import draw_latents, walk
        from zoo.generation.sampling import generate as run
        from zoo.generation.sheets import grid, sheet

        model = load(name)
        if interpolate is None:
            latents = draw_latents(count, model.latent_size, seed)
        else:
            start, end = (draw_latents(1, model.latent_size, which)[0] for which in (seed, interpolate))
            latents = walk(start, end, count)
        # Without a label the classes take turns; on a walk the noise alone changes, and the class is the first.
        turns = names and only is None and interpolate is None
        chosen = np.arange(count) % len(names) if turns else np.full(count, only or 0)
        labels = chosen if names else None
        images = run(model, latents, labels)
        captions = [names[index] for index in chosen] if turns else None
        columns = columns or (len(names) if turns and len(names) <= MOST_COLUMNS else COLUMNS)
        title = f"{card['name']}, " + (f"seed {seed}" if interpolate is None else f"from seed {seed} to {interpolate}")
        title += f", class {names[only or 0]}" if names and not turns else ""
        page = sheet(images, min(columns, count), title, captions=captions)
        with naming(out):
            page.save(out, format="png")
        if out_dir is not None:
            out_dir.mkdir(parents=True, exist_ok=True)
            for index, image in enumerate(images):
                picture = f"{card['name']}_{seed}_{index:04}" + (f"_{names[chosen[index]]}" if names else "")
                with naming(out_dir / f"{picture}.png"):
                    grid(image[None], 1).save(out_dir / f"{picture}.png")
    console = commands._console()
    console.print(f"{count} pictures: [bold]{commands._escaped(str(out))}")
    if out_dir is not None:
        console.print(f"one by one: [bold]{commands._escaped(str(out_dir))}")


def _class_number(label, names):
    if label in names:
        return names.index(label)
    if label.isdecimal() and int(label) < len(names):
        return int(label)
    known = f"one of {', '.join(names)}, or a number below {len(names)}"
    allowed = known if names else "left out: the generator takes no label"
    raise ValueError(f"`label` must be {allowed}. Received: label={label!r}")


def evaluate(name, data, data_dir, sheet, json):
    """Measure a generator and print its figures beside those of the card. Gives whether they differ without a cause."""
    from zoo import commands

    with commands._waiting(f"measuring {name}"):
        from zoo.generation.evaluation import evaluate as run
        from zoo.generation.evaluation import nearest_training_images
        from zoo.generation.sheets import sheet as draw

        result = run(name, data=data, data_dir=data_dir)
        if sheet is not None:
            images = nearest_training_images(name, seed=result["seed"], data=data, data_dir=data_dir)
            title = f"{result['model']}, seed {result['seed']}, and the training images nearest to each"
            with naming(sheet):
                draw(images, len(HEADINGS), title, HEADINGS, split=1).save(sheet, format="png")
    differs = result["same_data_as_card"] and not result["reproduces_card"]
    if json:
        commands._print_json(result)
    else:
        _print_evaluation(result, registry.card(name), differs)
        if sheet is not None:
            words = "generated images, and the training images nearest to each"
            commands._console().print(f"{words}: [bold]{commands._escaped(str(sheet))}")
    return differs


def facts(card):
    """What `pinet info` says of a generator: pairs of label and words."""
    quality = card["quality"]
    yield "task", f"{card['task']}, {card['dataset']['name']}"
    yield "input", f"{card['latent_size']} numbers in -1..1" + (", and a class" if card["class_names"] else "")
    yield "output", f"{tables.human_shape(card).replace('×', ' × ')}, pixels 0..255"
    if card["class_names"]:
        yield "classes", ", ".join(card["class_names"])
    degree = "" if card["degree"] is None else f", degree {card['degree']} in the noise, {card['levels']} levels"
    yield "tier", f"{tables.human_tier(card)}{degree}"
    yield "size", tables.human_size(card)
    for who, figures in (("this model", quality), *card["beside"].items()):
        yield f"figures of {who}", said(figures)
    yield (
        "measured",
        f"on {quality['samples']:,} pictures of seed {quality['seed']} against the {quality['against']} split, "
        f"in the features of {quality['classifier']}",
    )
    if "note" in card:
        yield "note", card["note"]
    yield from tables.human_origin(card)


def said(figures) -> str:
    """The figures of a set of pictures in one line."""
    asked = f"[bold]{figures['as_asked']:.1%}[/] as asked, " if "as_asked" in figures else ""
    return (
        f"{asked}Fréchet distance {figures['frechet_distance']:.3g}, kernel distance {figures['kernel_distance']:.3g} "
        f"± {figures['kernel_distance_error']:.1g}, precision {figures['precision']:.2f}, recall "
        f"{figures['recall']:.2f}, density {figures['density']:.2f}, coverage {figures['coverage']:.2f}"
    )


def _print_evaluation(result, card, differs):
    from zoo import commands

    title = f"{result['model']}: {result['samples']:,} pictures of seed {result['seed']} against the test split"
    columns = ("", "measured", "on the card", *card["beside"])
    table = commands._table(*columns, right=range(1, len(columns)), title=title)
    for key, value in result["card"].items():
        others = (figures.get(key) for figures in card["beside"].values())
        cells = (f"{number:.4g}" if number is not None else "–" for number in (result[key], value, *others))
        table.add_row(f"[bold]{key.replace('_', ' ')}", *cells)
    console = commands._console()
    console.print(table)
    console.print(f"in the features of {result['classifier']}, which had no part in the training")
    if differs:
        console.print("The figures are not the card's.", style="bold red")
    elif not result["same_data_as_card"]:
        console.print("These are not the card's data, so its figures need not come out.", style="yellow")
    else:
        console.print("The card's figures are reproduced.", style="green")


def register(app: typer.Typer) -> None:
    """Add the commands to `pinet`."""
    app.command()(generate)
