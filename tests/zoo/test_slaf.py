"""The networks with learned activations: their degree, their initial polynomials, and what they refuse."""

import numpy as np
import pytest
from keras import layers

from pinet_keras import PolynomialActivation
from pinet_keras.analysis import certify
from zoo.architectures import build


def network(shape=(8, 8, 1), **arguments):
    return build("slaf", {"width": 4, "stages": 2, **arguments}, shape, [120.0], [60.0], 3, name="network")


def activations(model):
    return [layer for layer in model.layers if isinstance(layer, PolynomialActivation)]


@pytest.mark.parametrize(
    "arguments, count",
    [
        ({"blocks": 1}, 2),
        ({"blocks": 2, "head": "flatten"}, 4),
        ({"blocks": 1, "units": 5, "dense_layers": 2}, 4),
        ({"stages": 0, "units": 5}, 1),
        ({"stages": 0, "units": 5, "dense_layers": 3, "shared": True}, 3),
    ],
    ids=str,
)
def test_the_degree_multiplies_with_every_activation(arguments, count):
    model = network(degree=3, **arguments)
    assert len(activations(model)) == count
    certificate = certify(model)
    assert certificate.tier in (2, 3) and certificate.degree == 3**count


def test_every_activation_stands_behind_a_convolution_or_dense_layer_and_its_normalisation():
    names = [type(layer).__name__ for layer in network(blocks=1, units=5).layers[2:]]
    one = ["BatchNormalization", "PolynomialActivation"]
    assert names == [*["Conv2D", *one, "AveragePooling2D"] * 2, "GlobalAveragePooling2D", "Dense", *one, "Dense"]
    dense = network(stages=0, units=7, dense_layers=2)
    assert [layer.units for layer in dense.layers if isinstance(layer, layers.Dense)] == [7, 7, 3]


@pytest.mark.parametrize("shared, rows", [(False, [4, 8]), (True, [1, 1])])
def test_initial_polynomials_are_the_fit_that_is_asked_for_by_layer_or_by_channel(shared, rows):
    found = activations(network(blocks=1, degree=2, initial_activation="relu", bound=2.0, shared=shared))
    assert [len(layer.polynomial()) for layer in found] == rows
    for layer in found:
        np.testing.assert_allclose(layer.polynomial(), [[3 / 16, 1 / 2, 15 / 64]] * len(layer.polynomial()), atol=1e-4)
    linear = activations(network(blocks=1, degree=2, initial_activation="linear"))[0].polynomial()
    np.testing.assert_allclose(linear, [[0, 1, 0]] * 4, atol=1e-6)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"head": "max"}, "`head` must be one of 'average', 'flatten'"),
        ({"stages": 0}, "needs stages or units. Received: stages=0, units=0"),
        ({"stages": 4}, "too few pixels. Received: stages=4"),
        ({"initial_activation": "softmax"}, "several values at once"),
        ({"degree": 0}, "`degree` must be an integer of at least 1"),
        ({"bound": -1.0}, "`bound` must be above 0"),
    ],
    ids=str,
)
def test_bad_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        network(**arguments)
