"""`pinet predict`."""

import sys
from typing import Annotated

import typer

from zoo import registry
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_error, print_json, print_notes, waiting
from zoo.cli.options import AsJson, Engine, EngineName, ModelName, source
from zoo.publishing.formatting import printable
from zoo.tasks import CLASSIFIERS, TASKS


@app.command()
def predict(
    name: ModelName,
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Images, or WAV files; folders of them; - is standard input."),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 3,
    engine: Engine = EngineName.auto,
    json: AsJson = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV: a line a file and class.")] = False,
):
    """Classify images or audio clips. Exit code 1: some of the files could not be read; the others are answered."""
    if json and csv:
        raise ValueError("Give --json or --csv, not both.")
    card = registry.card_for(name, *CLASSIFIERS)
    from zoo.data import inputs

    shape, kind = card["input_shape"], TASKS[card["task"]].example
    found = [inputs.read(file, source(file), card) for file in inputs.find(files, shape)]
    readable = [each for each in found if each.example is not None]
    guesses = _answers(name, [each.example for each in readable], top, engine) if readable else []
    answers = dict(zip(map(id, readable), guesses, strict=True))
    results = []
    for each in found:
        result = {kind: each.file, "predictions": [], "notes": each.notes}
        if each.error:
            result["error"] = each.error
        else:
            result["predictions"] = answers[id(each)]
            if not result["predictions"]:
                each.notes.append(f"no answer: so far from what {name} was trained on, its logits are beyond float32")
        results.append(result)
    if json:
        print_json(results)
    elif csv:
        _print_csv(results, kind)
    else:
        _print_predictions(results, kind)
    failed = [each for each in found if each.error]
    for each in failed:
        print_error(each.error)
    raise typer.Exit(int(bool(failed)))


def _answers(name, examples, top, engine):
    """The likeliest classes of each example."""
    with waiting(f"loading {name}", backend=False):
        import numpy as np

        from zoo import predictor as make_predictor
        from zoo.evaluation.probabilities import likeliest

        predictor = make_predictor(name, engine.value)
        rows = predictor.probabilities(np.stack(examples))
    names = predictor.card["class_names"]
    return [
        [{"class": label, "probability": probability} for label, probability in likeliest(row, names, top)]
        for row in rows
    ]


def _print_predictions(results, kind):
    answered = [result for result in results if "error" not in result]
    table = new_table(kind, "class", "probability", right=(2,))
    for result in answered:
        if not result["predictions"]:
            table.add_row(escaped(result[kind]), "[dim]–", "[dim]–")
        for rank, guess in enumerate(result["predictions"]):
            style = "bold" if rank == 0 else "dim"
            name = escaped(result[kind]) if rank == 0 else ""
            table.add_row(name, f"[{style}]{escaped(guess['class'])}", f"[{style}]{guess['probability']:.1%}")
        table.add_section()
    if answered:
        new_console().print(table)
    for result in answered:
        print_notes(result[kind], result["notes"])


def _print_csv(results, kind):
    """A line a file and class; a file without an answer has one line, with the reason as its note."""
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([kind, "rank", "class", "probability", "note"])
    for result in results:
        file, note = result[kind], "; ".join([*result["notes"], *([result["error"]] if "error" in result else [])])
        rows = [[rank, each["class"], each["probability"]] for rank, each in enumerate(result["predictions"], 1)]
        for row in rows or [["", "", ""]]:
            writer.writerow([printable(file), *row, printable(note)])
