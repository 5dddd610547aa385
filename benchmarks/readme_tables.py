"""The tables of the README and of docs/generators.md, from the cards and the measured images/s: `make readme`."""

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.comparison import how, rate, read_rates, write_rates
from benchmarks.page import DOCS, between
from zoo.card_types import Card, Metrics, Quality
from zoo.publishing.formatting import (
    human_bytes,
    human_count,
    human_degree,
    human_interval,
    human_result,
    human_seconds,
    human_shape,
    human_tier,
    markdown_table,
)
from zoo.registry import card, list_models
from zoo.tasks import TASKS

README, GENERATORS = Path(__file__).parent.parent / "README.md", DOCS / "generators.md"
COMPARED = ("pinet_mnist_generator", "pinet_cifar10_generator")  # with their baselines, in docs/generators.md


# What stands on a card, by the head of its column.
COLUMNS: dict[str, Callable[[Card], str]] = {
    "Model": lambda card: f"`{card['name']}`",
    "Data": lambda card: f"{card['dataset']['name']}, {human_shape(card)}",
    "Tier": human_tier,
    "Degree": human_degree,
    "Parameters": lambda card: human_count(card["parameters"]),
    "MACs": lambda card: human_count(card["macs"]),
    "Test accuracy (95 %)": lambda card: f"{human_result(card)} ({human_interval(*card['accuracy']['interval_95'])})",
    "Weights": lambda card: human_bytes(card["weights"]["bytes"]),
    "Class accuracy": lambda card: _class_accuracy(card["quality"]),
    "Fréchet distance": lambda card: f"{card['quality']['frechet_distance']:.3g} ({card['quality']['classifier']})",
    "Precision, recall": lambda card: f"{card['quality']['precision']:.2f}, {card['quality']['recall']:.2f}",
    "Command": lambda card: f"`pinet train {card['name']}`",
    "Hardware": lambda card: card["training"]["machine"] or "not recorded",
    "Backend": lambda card: card["training"]["backend"] or "not recorded",
    "Epochs": lambda card: str(card["training"]["epochs"]),
    "Time": lambda card: human_seconds(card["training"]["seconds"]),
    "Result": human_result,
}
MODELS = ("Model", "Data", "Tier", "Degree", "Parameters", "MACs", "Test accuracy (95 %)", "Weights")
AGAINST_RELU = ("Model", "Tier", "Degree", "Parameters", "MACs", "Test accuracy (95 %)")
GENERATING = (*MODELS[:5], "Class accuracy", "Fréchet distance", "Precision, recall")
TRAINING = ("Command", "Hardware", "Backend", "Epochs", "Time", "Result")
POLYNOMIAL, RELU = "pinet_cifar10", "pinet_cifar10_distilled_activated"


def cards_table(cards: list[Card], columns: Sequence[str]) -> str:
    """A table in Markdown, one row a card; the columns are those of `COLUMNS`."""
    return markdown_table(columns, [[COLUMNS[column](card) for column in columns] for card in cards])


def comparison(polynomial: Card, activated: Card, rates: dict) -> str:
    """A polynomial network next to the same network with ReLU: a table, its measurement, and their distance.

    Args:
        polynomial: the card of the one.
        activated: that of the other.
        rates: what `benchmarks.comparison.measure` found.
    """
    cards = (polynomial, activated)
    rows = [[*(COLUMNS[head](card) for head in AGAINST_RELU), rate(rates, card["name"])] for card in cards]
    points = 100 * (polynomial["accuracy"]["test"] - activated["accuracy"]["test"])
    return (
        f"{markdown_table([*AGAINST_RELU, 'Images/s'], rows)}\n\n{how(rates)}\n\n"
        f"The test accuracy of the polynomial is {abs(points):.1f} percentage points "
        f"{'lower' if points < 0 else 'higher'} than that of the network with ReLU, which is not a polynomial."
    )


def _class_accuracy(metrics):
    return f"{metrics['class_accuracy'] * 100:.1f} %" if "class_accuracy" in metrics else "–"


def baselines_table(name: str, quality: Quality, baselines: dict[str, Metrics]) -> str:
    """A generator next to its baselines: one row of Markdown each, training images first."""
    baselines = dict(baselines)
    rows = [("training images", baselines.pop("training images")), (f"`{name}`", quality)]
    rows += [(f"`{baseline}`", metrics) for baseline, metrics in baselines.items()]
    keys = ("precision", "recall", "density", "coverage")
    head = ("Images of", "Class accuracy", "Fréchet distance", *(key.capitalize() for key in keys))
    return markdown_table(
        head,
        [
            (
                name,
                _class_accuracy(metrics),
                f"{metrics['frechet_distance']:.3g}",
                *(f"{metrics[key]:.2f}" for key in keys),
            )
            for name, metrics in rows
        ],
    )


def written_from_cards(text: str) -> str:
    """The README's text with each part between `<!-- NAME -->` and `<!-- end of NAME -->` rewritten.

    Raises:
        ValueError: a pair of markers is missing.
    """
    images, clips, nodes, generators = ([card(name) for name in list_models(task=task)] for task in TASKS)
    classifiers = images + clips + nodes
    for name, table in (
        ("comparison", comparison(card(POLYNOMIAL), card(RELU), read_rates())),
        ("models", cards_table(classifiers, MODELS)),
        ("generators", cards_table(generators, GENERATING)),
        ("training", cards_table(classifiers + generators, TRAINING)),
    ):
        opening, closing = f"<!-- {name}: written by `make readme` -->", f"<!-- end of {name} -->"
        if opening not in text or closing not in text:
            raise ValueError(f"The README must hold the lines {opening!r} and {closing!r}.")
        before, _, rest = text.partition(opening)
        text = f"{before}{opening}\n{table}\n{closing}{rest.partition(closing)[2]}"
    return text


def generators_page(text: str) -> str:
    """The text of docs/generators.md with the table of each generator and its baselines rewritten from the cards."""
    for name in COMPARED:
        found = card(name)
        table = baselines_table(name, found["quality"], found["baselines"])
        if "second_evaluation" in found:
            second = found["second_evaluation"]
            classifier = second["quality"]["classifier"]
            table += f"\n\nIn the features of `{classifier}`:\n\n{baselines_table(name, **second)}"
        text = between(text, name, table)
    return text


if __name__ == "__main__":
    write_rates((POLYNOMIAL, RELU))
    README.write_text(written_from_cards(README.read_text(encoding="utf-8")), encoding="utf-8")
    GENERATORS.write_text(generators_page(GENERATORS.read_text(encoding="utf-8")), encoding="utf-8")
