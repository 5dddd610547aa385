"""The metrics on every card, computed again."""

import keras
import numpy as np
import pytest

import zoo
from zoo import pretrained, weights_file
from zoo.architectures import build
from zoo.evaluation.scores import error_of_bins
from zoo.measuring import evaluate
from zoo.paths import WEIGHTS
from zoo.publishing.publish import structure
from zoo.recipes import read_recipe
from zoo.tasks import TASKS

BARS = {
    "pinet_cifar10": 0.937,
    "pinet_cifar10_activated": 0.935,
    "pinet_cifar10_distilled_activated": 0.935,
    "pinet_cifar10_lite": 0.92,
    "pinet_cifar10_lite_activated": 0.915,
    "pinet_cifar10_narrow_activated": 0.92,
    "pinet_cifar10_products_activated": 0.93,
    "pinet_cifar10_encrypted": 0.89,
    "pinet_cifar10_shallow": 0.915,
    "pinet_digits": 0.97,
    "pinet_mnist": 0.996,
    "pinet_mnist_blocks": 0.993,
    "pinet_mnist_encrypted": 0.99,
    "pinet_mnist_shallow": 0.99,
    "pinet_mnist_tiny": 0.988,
    "pinet_spoken_digit": 0.985,
    "pinet_spoken_digit_lite": 0.985,
    "polygraph_cora": 0.80,
    "polynet_cifar10": 0.74,
    "polynet_mnist": 0.992,
    "resnet_digits": 0.97,
    "slaf_mnist": 0.9955,
}


# Models for nodes need their graph, which is not shipped: test_nodes.py has their weights on another one.
WITHOUT_GRAPH = [name for name in zoo.list_models() if TASKS[zoo.card(name)["task"]].arrays]


@pytest.mark.parametrize("name", WITHOUT_GRAPH)
def test_tier_degree_size_and_cost_are_what_the_card_says(name):
    card = zoo.card(name)
    found = structure(zoo.load(name))
    assert found == {key: card[key] for key in found}


@pytest.mark.parametrize("name", zoo.list_models())
def test_the_weights_file_is_what_the_card_says(name):
    card, path = zoo.card(name), WEIGHTS / f"{name}.weights.h5"
    assert card["weights"]["file"] == path.name
    assert card["weights"]["bytes"] == path.stat().st_size < 25 * 2**20
    assert card["weights"]["sha256"] == pretrained.sha256(path)


@pytest.mark.parametrize("name", zoo.list_models())
def test_the_card_was_written_by_the_recipe_that_is_shipped(name):
    recipe, card = read_recipe(name), zoo.card(name)
    assert card["training"]["recipe"] == {field: getattr(recipe, field) for field in card["training"]["recipe"]}
    assert card["training"]["epochs"] == recipe.epochs


@pytest.mark.parametrize("name", sorted(BARS))
def test_the_card_meets_its_bar(name):
    assert zoo.card(name)["accuracy"]["test"] >= BARS[name]


@pytest.mark.parametrize("name", ["pinet_cifar10", "pinet_cifar10_lite"])
def test_activation_functions_add_no_parameters(name):
    plain, activated = zoo.card(name), zoo.card(f"{name}_activated")
    assert activated["tier"] is None and plain["tier"] == 2
    assert activated["parameters"] == plain["parameters"]


CLASSIFIERS = zoo.list_models(task="image classification") + zoo.list_models(task="audio classification")


BINS = (("ece", "reliability"), ("ece_calibrated", "reliability_calibrated"))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_bins_on_the_card_have_its_accuracy_and_its_calibration_error(name):
    card = zoo.card(name)
    for error, bins in BINS:
        found = card["calibration"][bins]
        assert sum(found["examples"]) == card["accuracy"]["test_examples"]
        pairs = zip(found["examples"], found["accuracy"], strict=True)
        right = sum(count * accuracy for count, accuracy in pairs if count)
        assert right == pytest.approx(card["accuracy"]["test"] * card["accuracy"]["test_examples"])
        assert error_of_bins(found) == pytest.approx(card["calibration"][error], abs=1e-4)
        for k, confidence in enumerate(found["confidence"]):
            assert confidence is None or k / 15 <= confidence <= (k + 1) / 15


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_evaluating_again_gives_the_accuracy_and_the_bins_of_the_card(name, tfds_dir):
    dataset = zoo.card(name)["dataset"]["name"]
    data_dir = None if dataset == "digits" else tfds_dir(dataset)
    result = evaluate(name, data_dir=data_dir)
    assert result["same_data_as_card"]
    assert result["reproduces_card"]
    for error, bins in BINS:
        calibration = zoo.card(name)["calibration"]
        assert result[error] == pytest.approx(calibration[error], abs=1e-4)
        moved = np.abs(np.subtract(result[bins]["examples"], calibration[bins]["examples"]))
        assert moved.sum() <= 4  # an answer at the end of a bin may go to the next one on another processor


def test_float16_weights_are_refused_when_they_overflow(tmp_path):
    model = build("polynet", {}, (28, 28, 1), [0.0], [1.0], 10)
    model.get_layer("logits").kernel.assign(np.full(model.get_layer("logits").kernel.shape, 1e6, "float32"))
    with pytest.raises(ValueError, match="does not fit into float16"):
        weights_file.save_float16(model, tmp_path / "m.weights.h5")


def test_an_unknown_architecture_and_its_arguments_are_refused():
    with pytest.raises(ValueError, match="Unknown architecture; known are .*Received: architecture='os.path'"):
        build("os.path", {}, (8, 8, 1), [0.0], [1.0], 10)
    with pytest.raises(ValueError, match="refuses its arguments.*depth"):
        build("polynet", {"depth": 3}, (28, 28, 1), [0.0], [1.0], 10)


def test_polynet_is_the_network_of_the_article():
    """Counted by hand: two convolutions of k·k·c·f + f a block, then one Dense layer."""
    kernels, filters = (3, 4, 4, 2, 4), (3, 16, 32, 64, 128, 256)
    expected = sum(2 * (k * k * c + 1) * f for k, c, f in zip(kernels, filters[:-1], filters[1:], strict=True))
    expected += (3 * 3 * 256 + 1) * 10
    model = build("polynet", {}, (32, 32, 3), [0.0] * 3, [1.0] * 3, 10)
    assert model.count_params() == expected
    assert (structure(model)["tier"], structure(model)["degree"]) == (2, 32)
    kinds = {type(layer).__name__ for layer in model.layers}
    assert kinds == {"InputLayer", "PixelScaling", "ZeroPadding2D", "Conv2D", "Multiply", "Flatten", "Dense"}
    assert all(getattr(layer, "activation", None) in (None, keras.activations.linear) for layer in model.layers)
