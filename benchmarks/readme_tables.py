"""The tables of the README and of docs/generators.md, from the cards: `make readme` writes them."""

from pathlib import Path

from benchmarks.page import DOCS, between
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
from zoo.registry import TASKS, card, list_models

README, GENERATORS = Path(__file__).parent.parent / "README.md", DOCS / "generators.md"
COMPARED = ("pinet_mnist_generator", "pinet_cifar10_generator")  # with their baselines, in docs/generators.md


def models_table(cards: list[dict]) -> str:
    """What the classifiers are: one row of Markdown a card."""
    head = ("Model", "Data", "Tier", "Degree", "Parameters", "MACs", "Test accuracy (95 %)", "Weights")
    rows = [
        (
            f"`{card['name']}`",
            f"{card['dataset']['name']}, {human_shape(card)}",
            human_tier(card),
            human_degree(card),
            human_count(card["parameters"]),
            human_count(card["macs"]),
            f"{human_result(card)} ({human_interval(*card['accuracy']['interval_95'])})",
            human_bytes(card["weights"]["bytes"]),
        )
        for card in cards
    ]
    return markdown_table(head, rows)


def comparison(polynomial: dict, activated: dict) -> str:
    """A polynomial network next to the same network with ReLU: a table, and their distance in one sentence."""
    head = ("Model", "Tier", "Degree", "Parameters", "MACs", "Test accuracy (95 %)")
    rows = [
        (
            f"`{card['name']}`",
            human_tier(card),
            human_degree(card),
            human_count(card["parameters"]),
            human_count(card["macs"]),
            f"{human_result(card)} ({human_interval(*card['accuracy']['interval_95'])})",
        )
        for card in (polynomial, activated)
    ]
    points = 100 * (activated["accuracy"]["test"] - polynomial["accuracy"]["test"])
    return (
        f"{markdown_table(head, rows)}\n\n"
        f"With ReLU the network is {points:.1f} percentage points more accurate; it is not a polynomial."
    )


def generators_table(cards: list[dict]) -> str:
    """The table of generators, one row of Markdown per card."""
    head = ("Model", "Data", "Tier", "Degree", "Parameters", "Class accuracy", "Fréchet distance", "Precision, recall")
    rows = [
        (
            f"`{card['name']}`",
            f"{card['dataset']['name']}, {human_shape(card)}",
            human_tier(card),
            human_degree(card),
            human_count(card["parameters"]),
            f"{card['quality']['class_accuracy'] * 100:.1f} %" if "class_accuracy" in card["quality"] else "–",
            f"{card['quality']['frechet_distance']:.3g} ({card['quality']['classifier']})",
            f"{card['quality']['precision']:.2f}, {card['quality']['recall']:.2f}",
        )
        for card in cards
    ]
    return markdown_table(head, rows)


def baselines_table(card: dict) -> str:
    """A generator next to its baselines: one row of Markdown each, training images first."""
    baselines = dict(card["baselines"])
    rows = [("training images", baselines.pop("training images")), (f"`{card['name']}`", card["quality"])]
    rows += [(f"`{name}`", metrics) for name, metrics in baselines.items()]
    keys = ("precision", "recall", "density", "coverage")
    head = ("Images of", "Class accuracy", "Fréchet distance", *(key.capitalize() for key in keys))
    return markdown_table(
        head,
        [
            (
                name,
                f"{metrics['class_accuracy'] * 100:.1f} %",
                f"{metrics['frechet_distance']:.3g}",
                *(f"{metrics[key]:.2f}" for key in keys),
            )
            for name, metrics in rows
        ],
    )


def training_table(cards: list[dict]) -> str:
    """The table of training runs: command, hardware, time and result, one row of Markdown per card."""
    head = ("Command", "Hardware", "Backend", "Epochs", "Time", "Result")
    rows = [
        (
            f"`pinet train {card['name']}`",
            card["training"]["machine"] or "not recorded",
            card["training"]["backend"] or "not recorded",
            str(card["training"]["epochs"]),
            human_seconds(card["training"]["seconds"]),
            human_result(card),
        )
        for card in cards
    ]
    return markdown_table(head, rows)


def written_from_cards(text: str) -> str:
    """The README's text with each part between `<!-- NAME -->` and `<!-- end of NAME -->` rewritten from the cards.

    Raises:
        ValueError: a pair of markers is missing.
    """
    images, clips, generators = ([card(name) for name in list_models(task=task)] for task in TASKS)
    classifiers = images + clips
    for name, table in (
        ("comparison", comparison(card("pinet_cifar10"), card("pinet_cifar10_activated"))),
        ("models", models_table(classifiers)),
        ("generators", generators_table(generators)),
        ("training", training_table(classifiers + generators)),
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
        text = between(text, name, baselines_table(card(name)))
    return text


if __name__ == "__main__":
    README.write_text(written_from_cards(README.read_text(encoding="utf-8")), encoding="utf-8")
    GENERATORS.write_text(generators_page(GENERATORS.read_text(encoding="utf-8")), encoding="utf-8")
