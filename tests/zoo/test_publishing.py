"""What a card is measured on, and with."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from zoo.data.data_set import DataSet
from zoo.evaluation.classifiers import predict_logits
from zoo.evaluation.scores import expected_calibration_error, fit_temperature, reliability
from zoo.publishing.classifier_card import classifier_entries
from zoo.publishing.publish import publish
from zoo.recipes import Recipe
from zoo.training.fitting import untrained

RECIPE = Recipe(
    name="small",
    description="a small one",
    dataset="digits",
    architecture="pinet",
    architecture_arguments={"width": 2, "stages": 1},
    epochs=2,
    batch_size=60,
    learning_rate=0.1,
    validation=100,
    seed=3,
)


@pytest.fixture
def data_set(small_arrays):
    return DataSet("digits", **small_arrays)


@pytest.fixture
def model():
    model = untrained(RECIPE)
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(0.5, 0.5, each.shape) for each in model.get_weights()])
    return model


@pytest.fixture
def publishing(tmp_path):
    """Writes a card; gives it as a strict reader of JSON has it."""

    def write(model, data_set):
        run = SimpleNamespace(
            history=[{"epoch": 1, "loss": 1 / 3, "seconds": 1.0}, {"epoch": 2, "loss": None, "seconds": 2.5}],
            environment={},
        )
        publish(model, RECIPE, data_set, run, tmp_path, classifier_entries)
        return json.loads((tmp_path / "cards" / "small.json").read_text(), parse_constant=pytest.fail)

    return write


def test_the_temperature_is_fitted_on_the_validation_part(model, data_set, publishing):
    """It may depend on nothing of the test split: neither its labels nor its images."""
    card = publishing(model, data_set)
    validation = predict_logits(model, data_set.x_train[200:])
    assert card["calibration"]["temperature"] == fit_temperature(validation, data_set.y_train[200:])
    rng = np.random.default_rng(1)
    labels, images = rng.permutation(data_set.y_test), rng.permutation(data_set.x_test)
    for other in (replace(data_set, y_test=labels), replace(data_set, x_test=255 - images)):
        found = publishing(model, other)
        assert found["calibration"]["temperature"] == card["calibration"]["temperature"]
        assert found["accuracy"]["validation"] == card["accuracy"]["validation"]
        assert found["calibration"]["ece_calibrated"] != card["calibration"]["ece_calibrated"]
    muddled = np.append(data_set.y_train[:200], rng.permutation(data_set.y_train[200:]))
    assert publishing(model, replace(data_set, y_train=muddled))["calibration"] != card["calibration"]


def test_calibration_is_measured_before_and_after_the_temperature(model, data_set, publishing):
    found = publishing(model, data_set)["calibration"]
    logits = predict_logits(model, data_set.x_test)
    assert found["ece"] == expected_calibration_error(logits, data_set.y_test)
    assert found["ece_calibrated"] == expected_calibration_error(logits, data_set.y_test, found["temperature"])
    assert found["ece"] != found["ece_calibrated"]
    assert found["reliability"] == reliability(logits, data_set.y_test)
    assert found["reliability_calibrated"] == reliability(logits, data_set.y_test, found["temperature"])


def test_the_card_is_measured_with_the_rounded_weights_that_are_shipped(model, data_set, publishing):
    """Class 1 is ahead of class 0 by less than float16 can tell, and all labels are 0."""
    bias = np.zeros(10, "float32")
    bias[:2] = 1.0, 1.0004
    head = model.get_layer("logits")
    head.set_weights([np.zeros(head.kernel.shape), bias])
    zeros = replace(data_set, y_train=0 * data_set.y_train, y_test=0 * data_set.y_test)
    assert predict_logits(model, zeros.x_test).argmax(1).tolist() == [1] * 50
    card = publishing(model, zeros)
    assert card["accuracy"]["test"] == card["accuracy"]["validation"] == card["accuracy"]["by_class"]["0"] == 1
    assert [row[:2] for row in card["golden"]["logits"]] == [[1.0, 1.0]] * 10


def test_a_class_that_the_test_split_lacks_is_null(model, data_set, publishing):
    labels = np.where(data_set.y_test == 3, 4, data_set.y_test)
    card = publishing(model, replace(data_set, y_test=labels))
    assert card["accuracy"]["by_class"]["3"] is None and None not in [
        accuracy for name, accuracy in card["accuracy"]["by_class"].items() if name != "3"
    ]


def test_the_card_tells_epochs_curve_seconds_and_size_of_the_test_split(model, data_set, publishing):
    card = publishing(model, data_set)
    assert (card["training"]["epochs"], card["training"]["seconds"], card["training"]["seed"]) == (2, 3.5, 3)
    assert card["training"]["curve"] == {"loss": [0.333333, None]}
    assert card["accuracy"]["test_examples"] == 50
    right = predict_logits(model, data_set.x_test).argmax(1) == data_set.y_test
    assert card["accuracy"]["test"] == right.mean()
