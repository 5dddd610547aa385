"""The residual architecture: its size, its degree, and what it refuses."""

import keras
import numpy as np
import pytest

from pinet_keras import HermiteActivation, PolynomialActivation
from pinet_keras.analysis import certify, count_macs
from zoo.architectures import build


def network(**arguments):
    return build("resnet", arguments, (32, 32, 3), [120.0] * 3, [60.0] * 3, 10, name="network")


@pytest.mark.parametrize("order", ["post", "pre"])
def test_is_a_polynomial_of_the_size_of_resnet_20(order):
    model = network(order=order)
    # 19 activations, each of degree 2, one behind the other
    assert (certify(model).tier, certify(model).degree) == (2, 2**19)
    assert sum(np.prod(variable.shape) for variable in model.trainable_variables) == 270_410
    assert 40e6 < count_macs(model) < 42e6  # He et al. count 41 million


def test_with_relu_it_is_not_a_polynomial():
    certificate = certify(network(activation="relu"))
    assert certificate.tier is None and certificate.degree is None


@pytest.mark.parametrize(("activation", "kind"), [("hermite", HermiteActivation), ("polynomial", PolynomialActivation)])
def test_each_polynomial_has_the_degree_that_is_asked_for(activation, kind):
    model = network(widths=(4,), blocks=1, order="pre", activation=activation, degree=4)
    assert [layer.degree for layer in model.layers if isinstance(layer, kind)] == [4] * 3
    assert certify(model).degree == 4**3


def test_pre_activation_keeps_the_identity_from_block_to_block():
    model = network(widths=(4, 8), blocks=2, order="pre")
    for layer in model.layers:
        if layer.name.endswith("convolution_1"):
            layer.kernel.assign(0 * layer.kernel)
    inputs = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype="uint8")
    stem, last = model.get_layer("stem"), model.get_layer("stage_1_block_1")
    between = keras.Model(model.input, [stem.output, last.output])
    first, end = (keras.ops.convert_to_numpy(value) for value in between(inputs))
    np.testing.assert_array_equal(end[..., 2:6], first[:, ::2, ::2])  # four new channels, two at each end
    assert not end[..., :2].any() and not end[..., 6:].any()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"activation": "tanh"}, "`activation` must be one of 'hermite', 'polynomial', 'relu'"),
        ({"order": "both"}, "`order` must be one of 'post', 'pre'"),
        ({"widths": (4,) * 6}, "too few pixels"),
        ({"degree": 3}, "`degree` must be one of 2, 4, 6, 8"),
    ],
)
def test_bad_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        network(**arguments)
