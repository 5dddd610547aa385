"""The curve on a card, and what gives older cards curves and bins."""

import json
import math

import pytest

import zoo
from benchmarks.card_curves import with_bins, with_curve
from zoo.epochs import curve

CLASSIFIERS = zoo.list_models(task="image classification") + zoo.list_models(task="audio classification")
CURVED = [name for name in CLASSIFIERS if "curve" in zoo.card(name)["training"]]


def test_a_curve_has_every_metric_to_six_digits_and_no_time():
    history = [
        {"epoch": 1, "loss": 1 / 3, "seconds": 2.5},
        {"epoch": 2, "loss": None, "val_accuracy": 1e-7 / 3, "seconds": 2.5},
        {"epoch": 3, "loss": math.inf, "val_accuracy": 123456.7},
    ]
    expected = {"loss": [0.333333, None, None], "val_accuracy": [None, 3.33333e-8, 123457.0]}
    assert curve(history) == expected
    texts = [{key: "" if value is None else str(value) for key, value in row.items()} for row in history]
    assert curve(texts) == expected  # as log.csv has them
    assert curve([]) == {}


@pytest.mark.parametrize("name", CURVED)
def test_the_curve_of_a_shipped_card_has_every_epoch_and_its_validation_accuracy(name):
    training = zoo.card(name)["training"]
    assert {len(values) for values in training["curve"].values()} == {training["epochs"]}
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= training["curve"].keys()
    # The weights of the card are rounded, and their batch normalisation is that of the whole training split.
    expected, curve_of = zoo.card(name)["accuracy"]["validation"], training["curve"]["val_accuracy"]
    first, shipped = (abs(curve_of[epoch - 1] - expected) for epoch in (1, training.get("best_epoch", len(curve_of))))
    assert shipped <= min(0.02, first)


def a_run(folder, card, epochs):
    """A folder with the card and the log of a training."""
    (folder / "cards").mkdir()
    (folder / "cards" / f"{card['name']}.json").write_text(json.dumps(card))
    rows = "".join(f"{epoch},{1 / epoch},1.0\n" for epoch in range(1, epochs + 1))
    (folder / "log.csv").write_text(f"epoch,loss,seconds\n{rows}")
    return folder


def test_the_log_of_a_run_becomes_the_curve_of_the_card_with_its_weights_alone(tmp_path):
    card = zoo.card("pinet_mnist_tiny")
    run = a_run(tmp_path, card, 25)
    found = with_curve(card, run)
    assert found["training"].pop("curve") == {"loss": [float(f"{1 / epoch:.6g}") for epoch in range(1, 26)]}
    assert found == card
    other = zoo.card("pinet_mnist_shallow")
    assert with_curve(other, run) == other
    (tmp_path / "log.csv").write_text("epoch,loss\n1,0.5\n")
    with pytest.raises(ValueError, match="has 1 epochs, and the card of pinet_mnist_tiny tells of others"):
        with_curve(card, run)


def test_bins_are_added_where_everything_measured_is_that_of_the_card():
    card = zoo.card("pinet_mnist_tiny")
    bins = {key: card["calibration"].pop(key) for key in ("reliability", "reliability_calibrated")}
    measured = {**card["calibration"], **bins, "reproduces_card": True}
    assert with_bins(card, measured) == zoo.card("pinet_mnist_tiny")
    others = ({"ece": 0.01}, {"ece_calibrated": 0.01}, {"reproduces_card": False})
    for other in others:
        with pytest.raises(ValueError, match="pinet_mnist_tiny was measured, and the metrics are not the card's"):
            with_bins(card, measured | other)
