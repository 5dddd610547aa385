"""`pinet evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.card_entries import quality_of
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_json, progress
from zoo.cli.options import AsJson, DataDir, DataSource, Engine, EngineName, ModelName, check_options
from zoo.files import check_file, naming_file
from zoo.publishing.formatting import human_interval, human_seconds
from zoo.tasks import TASKS, task_function

HEADINGS = ("generated", "nearest", "2nd", "3rd", "4th", "5th", "6th", "7th")  # of an image and its nearest neighbours


@app.command()
def evaluate(
    name: ModelName,
    data: DataSource = None,
    data_dir: DataDir = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Generators: draw images next to their nearest training images.")
    ] = None,
    reliability: Annotated[
        Path | None, typer.Option(help="Classifiers: draw the reliability diagram into this PNG.")
    ] = None,
    engine: Engine = EngineName.auto,
    json: AsJson = False,
):
    """Measure a model on its test split and compare with its card. Exit code 1: same data, other metrics."""
    card = registry.card(name)
    drawn = {"--sheet": sheet, "--reliability": reliability}
    check_options(card["task"], {option: file is not None for option, file in drawn.items()}, name)
    for file in drawn.values():
        if file is not None:
            check_file(file)
    if TASKS[card["task"]].card == "generator":
        quality_of(card)
    task_function(card["task"], "ensure")(card, data, data_dir)
    options = {"data": data, "data_dir": data_dir}
    with progress(f"evaluating {name}") as report:
        from zoo.measuring import evaluate as run

        result = run(name, engine=engine.value, progress=report, **options)
        if sheet is not None:
            _draw_nearest(name, sheet, result, options)
        if reliability is not None:
            _draw_reliability(reliability, result, card)
    differs = result["same_data_as_card"] and not result["reproduces_card"]
    if json:
        print_json(result)
    else:
        _print(result, card, differs)
        for words, file in (
            ("generated images, and the training images nearest to each", sheet),
            ("reliability diagram", reliability),
        ):
            if file is not None:
                new_console().print(f"{words}: [bold]{escaped(str(file))}")
    raise typer.Exit(int(differs))


def _print(result, card, differs):
    console = new_console()
    console.print(task_function(card["task"], "table")(result, card))
    if differs:
        console.print("The metrics are not the card's.", style="bold red")
    elif result.get("card_accuracy", 0) is None:
        console.print("The card holds no metrics to compare with.", style="yellow")
    elif not result["same_data_as_card"]:
        console.print("These are not the card's data, so its metrics need not be reproduced.", style="yellow")
    else:
        console.print("The card's metrics are reproduced.", style="green")


def classifier_table(result, card):
    """The table of a classifier's accuracy."""
    data = escaped(result["dataset"] or "the data given")
    table = new_table("", "", title=f"{result['model']} on the test split of {data}")
    table.show_header = False
    interval = human_interval(*result["interval_95"])
    table.add_row("[bold]accuracy", f"[bold]{result['accuracy']:.2%}[/] (95 %: {interval})")
    on_card = result["card_accuracy"]
    table.add_row("[bold]on the card", "not measured" if on_card is None else f"{on_card:.2%}")
    table.add_row("[bold]calibration error", f"{result['ece']:.2%}")
    examples = f"{result['examples']:,} in {human_seconds(result['seconds'])}"
    table.add_row("[bold]examples", f"{examples}, {result['images_per_second']:,.0f} a second")
    return table


def generator_table(result, card):
    """The tables of a generator's metrics, next to those of its baselines: one for each evaluation classifier."""
    from rich.console import Group

    tables = [_metrics_table(result, result, card.get("baselines", {}))]
    if "second_evaluation" in result:
        tables.append(_metrics_table(result, result["second_evaluation"], card["second_evaluation"]["baselines"]))
    elif "second_evaluation" in card:
        classifier = escaped(card["second_evaluation"]["quality"]["classifier"])
        tables.append(f"[yellow]Not measured by {classifier}: its weights are not in this installation.")
    return Group(*tables)


def _metrics_table(result, measured, baselines):
    columns = ("", "measured", "on the card", *baselines)
    table = new_table(*columns, right=range(1, len(columns)))
    table.title = f"{result['model']}: {measured['samples']:,} images of seed {measured['seed']} against the test split"
    table.caption = f"in the features of {measured['classifier']}, which had no part in the training"
    for key, value in measured["card"].items():
        others = (metrics.get(key) for metrics in baselines.values())
        cells = (f"{number:.4g}" if number is not None else "–" for number in (measured[key], value, *others))
        table.add_row(f"[bold]{key.replace('_', ' ')}", *cells)
    return table


def _draw_nearest(name, sheet, result, options):
    from zoo.generation.evaluation import nearest_training_images
    from zoo.generation.sheets import sheet as draw

    images = nearest_training_images(name, seed=result["seed"], **options)
    title = f"{result['model']}, seed {result['seed']}, and the training images nearest to each"
    with naming_file(sheet):
        draw(images, len(HEADINGS), title, HEADINGS, split=1).save(sheet, format="png")


def _draw_reliability(path, result, card):
    from zoo.cli.reliability_plot import draw_reliability

    temperature = card["calibration"]["temperature"]
    panels = {"as trained": result["reliability"], f"temperature {temperature:.3g}": result["reliability_calibrated"]}
    figure = draw_reliability(panels, f"{result['model']}, {result['examples']:,} test examples")
    with naming_file(path):
        figure.savefig(path, dpi=110, format="png")
