"""Diagrams of older cards: the bins of their calibration, and the curves of trainings whose log is still there.

    python -m benchmarks.card_curves [RUN ...]

`pinet train` writes both to a card. For a shipped card without bins this measures the model on its test split once
more, and adds them where accuracy and calibration errors are those of the card. RUN is the folder of a run; its log
becomes the curve of the shipped model whose weights it made, by their checksum.
"""

import argparse
import math
from pathlib import Path

import zoo
from zoo.epochs import curve
from zoo.finished_run import card_of_run, read_log
from zoo.measuring import evaluate
from zoo.paths import ROOT
from zoo.publishing.publish import write_card

TOLERANCE = 1e-4  # of calibration errors that another engine or processor computes


def main(runs: list[Path]) -> None:
    """Write every card again that gets something."""
    for run in runs:
        for name in zoo.list_models():
            write_if_new(zoo.card(name), with_curve(zoo.card(name), run))
    for name in zoo.list_models():
        card = zoo.card(name)
        if "accuracy" in card and "reliability" not in card["calibration"]:
            write_if_new(card, with_bins(card, evaluate(name)))


def write_if_new(card, new):
    """Write a card that differs from the one that is there."""
    if new != card:
        write_card(new, ROOT)
        print(card["name"])


def with_curve(card, run: Path) -> dict:
    """The card with the curve of a run; as it was if other weights came of the run."""
    if zoo.card(card_of_run(run))["weights"]["sha256"] != card["weights"]["sha256"]:
        return card
    log = read_log(run)
    if len(log) != card["training"]["epochs"]:
        raise ValueError(f"The log of {run} has {len(log)} epochs, and the card of {card['name']} tells of others.")
    return {**card, "training": {**card["training"], "curve": curve(log)}}


def with_bins(card, measured) -> dict:
    """The card with the bins of its reliability diagram.

    Args:
        card: of a classifier.
        measured: what `zoo.measuring.evaluate` gives for it.

    Raises:
        ValueError: data, accuracy or calibration errors are not those of the card.
    """
    calibration = card["calibration"]
    errors = ("ece", "ece_calibrated")
    same = all(math.isclose(measured[key], calibration[key], abs_tol=TOLERANCE) for key in errors)
    if not (measured["reproduces_card"] and same):
        raise ValueError(f"{card['name']} was measured, and the metrics are not the card's: {measured}")
    bins = {key: measured[key] for key in ("reliability", "reliability_calibrated")}
    return {**card, "calibration": {**calibration, **bins}}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path)
    main(parser.parse_args().runs)
