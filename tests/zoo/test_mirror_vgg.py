"""The network that sees an image and its mirror image alike."""

import keras
import numpy as np
import pytest

from pinet_keras import MirrorConv2D, RangeControl, ReLUApproximation, SecondOrder2D
from pinet_keras.analysis import certify, count_macs
from zoo.architectures import build
from zoo.training.batch_norm import recompute_statistics
from zoo.training.whitening import whiten

STANDARD = [120.0, 110.0, 100.0], [60.0, 50.0, 70.0], 10
RELU = {"form": "none", "activation": "relu", "bound": 5.0, "penalty": 3.0}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def network(size=(16, 16), **arguments):
    return build("mirror_vgg", {"widths": [4, 6], **arguments}, (*size, 3), *STANDARD, name="small")


@pytest.mark.parametrize(
    "arguments, size",
    [
        ({}, (15, 15)),
        ({"whitening": 3}, (13, 18)),
        (RELU, (16, 16)),
        ({**RELU, "activation_degree": 4}, (16, 16)),
    ],
)
def test_an_image_and_its_mirror_image_have_the_same_logits(arguments, size, rng):
    model, images = network(size, **arguments), rng.integers(0, 256, (50, *size, 3), "uint8")
    for weight in model.weights:
        weight.assign(weight + 0.1 * rng.uniform(size=weight.shape))
    recompute_statistics(model, images)  # those that training would have found
    logits, mirrored, turned = (
        keras.ops.convert_to_numpy(model(np.ascontiguousarray(each)))
        for each in (images, images[:, :, ::-1], images[:, ::-1])
    )
    np.testing.assert_allclose(mirrored, logits, rtol=1e-3, atol=1e-3 * logits.std())
    assert np.abs(turned - logits).max() > 0.05 * logits.std()  # upside down it is another image


def test_the_degree_doubles_with_every_convolution():
    certificate = certify(network())
    assert (certificate.tier, certificate.degree) == (2, 2**4)
    assert certificate.verify(network(), np.random.default_rng(0).normal(110, 20, (3, 16, 16, 3))).holds
    assert certify(network(depth=1)).degree == 2**2
    assert certify(network(form="none")).degree == 1


def test_the_features_are_as_many_as_the_filters_of_the_last_stage():
    assert build("mirror_vgg", {"widths": [4, 6]}, (16, 16, 3), *STANDARD[:2], None).output_shape == (None, 6)


def test_it_has_half_of_the_weights_of_a_plain_network_of_as_many_channels():
    paired = network(whitening=2, form="none", widths=[8, 8, 8], size=(31, 31))
    plain = build("pinet_vgg", {"widths": [16, 16, 16], "form": "none", "downsampling": "late"}, (31, 31, 3), *STANDARD)
    kernels = [
        sum(np.prod(each.kernel.shape) for each in model.layers if each.name.endswith("a_convolution"))
        for model in (paired, plain)
    ]
    first = 12 * 8 * 9  # of the first convolution, which sees whitened pairs: twice as many channels
    assert kernels[0] - 2 * first == (kernels[1] - 2 * first) / 2
    assert count_macs(paired) > count_macs(plain)


def test_an_approximation_takes_the_place_of_relu_with_the_same_weights():
    relu = network(**RELU)
    model = network(**RELU, activation_degree=8, approximation_bound=7.0)
    model.set_weights(relu.get_weights())
    assert certify(relu).degree is None and certify(model).degree == 8**4
    ranges = [layer for layer in model.layers if isinstance(layer, RangeControl)]
    assert [(layer.bound, layer.penalty) for layer in ranges] == [(5.0, 3.0)] * 4
    approximations = [layer for layer in model.layers if isinstance(layer, ReLUApproximation)]
    assert [(layer.degree, layer.bound) for layer in approximations] == [(8, 7.0)] * 4
    assert not any(isinstance(layer, SecondOrder2D) for layer in model.layers)


def test_the_second_order_term_starts_at_alpha_and_can_be_dropped():
    units = [layer for layer in network(alpha=0.5, dropout=0.2).layers if isinstance(layer, SecondOrder2D)]
    assert [(unit.alpha, unit.dropout) for unit in units] == [(0.5, 0.2)] * 4


def test_its_patches_are_whitened_in_both_halves(rng):
    model, images = network(), rng.integers(0, 256, (40, 16, 16, 3), "uint8")
    whiten(model, images)
    layer = model.get_layer("whitening")
    assert isinstance(layer, MirrorConv2D) and not layer.trainable_variables
    scaled = (images - np.float32(STANDARD[0])) / np.float32(STANDARD[1])
    responses = keras.ops.convert_to_numpy(layer(scaled)).reshape(-1, 24)
    for half in (responses[:, :12], responses[:, 12:]):
        np.testing.assert_allclose(np.cov(half, rowvar=False), np.eye(12), atol=0.1)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"form": "fused"}, "`form` must be one of 'mixed', 'none'. Received: form='fused'"),
        ({"activation_degree": 4}, '`activation_degree` needs activation="relu" and a `bound`'),
        ({"widths": [2] * 4}, "16×16 has too few pixels"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        network(**arguments)
