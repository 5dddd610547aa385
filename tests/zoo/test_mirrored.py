"""`mirrored`: logits of an image and of its mirror image, averaged inside the model."""

from dataclasses import replace

import numpy as np
import pytest

from pinet_keras import analysis
from zoo.architectures import build
from zoo.data.data_set import DataSet
from zoo.recipes import Recipe
from zoo.training import fitting

STANDARD = [125.0, 120.0, 110.0], [60.0, 60.0, 65.0], 10
ARCHITECTURES = [("pinet_vgg", {"widths": [4, 6], "depth": 1}), ("resnet", {"widths": [4, 6], "blocks": 1})]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("architecture, arguments", ARCHITECTURES)
def test_the_logits_are_the_mean_of_those_of_both_images(architecture, arguments, rng):
    one = build(architecture, arguments, (16, 16, 3), *STANDARD)
    both = build(architecture, {**arguments, "mirrored": True}, (16, 16, 3), *STANDARD)
    for weight in one.weights:
        weight.assign(weight + 0.1 * rng.uniform(size=weight.shape))
    both.set_weights(one.get_weights())
    images = rng.integers(0, 256, (5, 16, 16, 3), "uint8")
    expected = (np.asarray(one(images)) + np.asarray(one(np.ascontiguousarray(images[:, :, ::-1])))) / 2
    np.testing.assert_allclose(np.asarray(both(images)), expected, rtol=1e-4, atol=1e-5)
    assert np.abs(np.asarray(one(images)) - expected).max() > 1e-3


@pytest.mark.parametrize("architecture, arguments", ARCHITECTURES)
def test_the_certificate_is_unchanged_and_macs_are_counted_twice(architecture, arguments, rng):
    one = build(architecture, arguments, (16, 16, 3), *STANDARD)
    both = build(architecture, {**arguments, "mirrored": True}, (16, 16, 3), *STANDARD)
    found, expected = analysis.certify(both), analysis.certify(one)
    assert (found.tier, found.degree, found.multiplicative_depth) == (
        expected.tier,
        expected.degree,
        expected.multiplicative_depth,
    )
    head = one.get_layer("logits").kernel.shape
    assert analysis.count_macs(both) == 2 * analysis.count_macs(one) - head[0] * head[1]
    assert both.count_params() == one.count_params()
    assert found.verify(both, rng.integers(0, 256, (4, 16, 16, 3)).astype("float32")).holds


def test_an_image_is_mirrored_once_in_training_and_both_ways_in_the_shipped_model(small_arrays):
    recipe = Recipe(
        name="small",
        description="a small one",
        dataset="digits",
        architecture="resnet",
        architecture_arguments={"widths": [2], "blocks": 1, "mirrored": True},
        epochs=1,
        batch_size=60,
        learning_rate=0.1,
        validation=60,
    )
    model = fitting.prepare(recipe, DataSet("digits", **small_arrays))
    names = [layer.name for layer in model.layers]
    assert "stem" in names and "body" not in names
    shipped = fitting.untrained(recipe)
    assert "body" in [layer.name for layer in shipped.layers]
    shipped.set_weights(model.get_weights())  # the same weights in the same order
    plain = fitting.untrained(replace(recipe, architecture_arguments={"widths": [2], "blocks": 1}))
    assert [weight.path.split("/")[-2:] for weight in shipped.weights] == [
        w.path.split("/")[-2:] for w in plain.weights
    ]
