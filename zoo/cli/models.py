"""`pinet list` and `pinet info`."""

import itertools
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated

import typer

from zoo import registry
from zoo.card_types import Card, Metrics, Quality
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_json
from zoo.cli.options import AsJson, ModelName
from zoo.files import read_json
from zoo.paths import FACES
from zoo.publishing.formatting import (
    human_count,
    human_degree,
    human_interval,
    human_metrics,
    human_origin,
    human_result,
    human_shape,
    human_size,
    human_task,
    human_tier,
)
from zoo.tasks import TASKS, task_function


@app.command("list")
def list_(
    pattern: Annotated[str, typer.Argument(help='A shell pattern, such as "*mnist*".')] = "*",
    json: AsJson = False,
):
    """List the shipped models."""
    cards = [registry.card(name) for name in registry.list_models(pattern)]
    if fnmatchcase(FACES.name, pattern):
        cards.append(registry.card(FACES))
    if json:
        left_out = ("golden", "training")  # long; `pinet info` has them
        return print_json([{key: value for key, value in card.items() if key not in left_out} for card in cards])
    if not cards:
        raise ValueError(f"No model matches; known are {', '.join(registry.list_models())}. Received: {pattern!r}")
    table = new_table("model", "tier", "degree", "params", "result", right=(2, 3, 4))
    table.padding, table.show_edge = 0, False  # 80 columns hold every model in a line
    table.columns[0].no_wrap = True  # on a narrower terminal the other columns get narrower
    for data, same in itertools.groupby(sorted(cards, key=_data), key=_data):
        table.add_row(f"[bold]{data}")
        for card in same:
            table.add_row(
                f" [cyan]{card['name']}",
                human_tier(card) if card["tier"] else "–",
                human_degree(card),
                human_count(card["parameters"]),
                _result(card),
            )
        table.add_section()
    new_console().print(table)


def _result(card):
    """That on test examples; of the model of `pinet verify`, whose people are not those of the test, on pairs."""
    if card["name"] != FACES.name:
        return human_result(card).replace("accuracy", "acc.")  # of 80 columns, names need up to 32
    stored = read_json(FACES / "verification.json", "Install the package again.")
    return f"{100 * stored['measured']['accuracy']:.1f} % of pairs"


def _data(card):
    return f"{card['dataset']['name']}, {human_shape(card)}"


@app.command()
def info(name: ModelName, json: AsJson = False):
    """Show a model's card."""
    card = registry.card(name)
    if json:
        return print_json(card)
    table = new_table("", "", title=escaped(": ".join(filter(None, (card["name"], card["description"])))))
    table.show_header = False
    for label, value in task_function(card["task"], "facts")(card):
        table.add_row(f"[bold]{label}", value)
    new_console().print(table)


def classifier_facts(card: Card) -> Iterator[tuple[str, str]]:
    """The rows of `pinet info` for a classifier: pairs of label and text."""
    yield "task", escaped(human_task(card))
    yield "input", _input(card)
    yield "classes", escaped(", ".join(card["class_names"]))
    yield "tier", f"{escaped(human_tier(card))}{_degree(card)}{TASKS[card['task']].certified}"
    yield "size", escaped(human_size(card))
    yield from _accuracy_facts(card)
    if "note" in card:
        yield "note", escaped(card["note"])
    yield from ((label, escaped(text)) for label, text in human_origin(card))


def _accuracy_facts(card):
    """The rows of what was measured; of a model that was saved without test data, that nothing was."""
    if "accuracy" not in card:
        yield "test accuracy", "not measured"
        return
    accuracy = card["accuracy"]
    yield (
        "test accuracy",
        (
            f"[bold]{accuracy['test']:.2%}[/] (95 %: {human_interval(*accuracy['interval_95'])}) "
            f"on {accuracy['test_examples']:,} examples"
        ),
    )
    if "seeds" in card:
        seeds = card["seeds"]
        yield "seeds", f"{seeds['mean']:.2%} ± {seeds['std']:.2%} over {len(seeds['accuracy'])} of them"
    by_class = sorted(accuracy["by_class"].items(), key=lambda pair: pair[1] or 0)
    accuracies = (f"{name} {'without examples' if value is None else f'{value:.1%}'}" for name, value in by_class)
    yield "by class", escaped(", ".join(accuracies))
    calibration = card["calibration"]
    if "ece" in calibration and "ece_calibrated" in calibration:
        yield "calibration error", f"{calibration['ece']:.2%}, {calibration['ece_calibrated']:.2%} after temperature"


def _input(card):
    return TASKS[card["task"]].input.format(shape=" × ".join(map(str, card["input_shape"])))


def _degree(card, variables=""):
    if card["degree"] is None:
        return ""
    return f", degree {card['degree']}{variables}, multiplicative depth {card['multiplicative_depth']}"


def generator_facts(card: Card) -> Iterator[tuple[str, str]]:
    """The rows of `pinet info` for a generator: pairs of label and text."""
    yield "task", escaped(human_task(card))
    yield "input", _input(card) + (", and a class" if card["class_names"] else "")
    yield "output", f"{human_shape(card).replace('×', ' × ')}, pixels 0..255"
    if card["class_names"]:
        yield "classes", escaped(", ".join(card["class_names"]))
    yield "tier", f"{escaped(human_tier(card))}{_degree(card, ' in the noise')}"
    yield "size", escaped(human_size(card))
    if "quality" in card:
        yield from _metrics(card["quality"], card.get("baselines", {}))
    if "second_evaluation" in card:
        yield from _metrics(**card["second_evaluation"])
    if "note" in card:
        yield "note", escaped(card["note"])
    yield from ((label, escaped(text)) for label, text in human_origin(card))


def _metrics(quality: Quality, baselines: dict[str, Metrics]) -> Iterator[tuple[str, str]]:
    for subject, metrics in (("this model", quality), *baselines.items()):
        yield escaped(f"metrics of {subject}"), human_metrics(metrics)
    yield (
        "measured",
        f"on {quality['samples']:,} images of seed {quality['seed']} against the {escaped(quality['against'])} "
        f"split, in the features of {escaped(quality['classifier'])}",
    )
