"""HermiteActivation against NumPy's Hermite polynomials and against ReLU."""

import math

import keras
import numpy as np
import pytest
from keras import ops
from numpy.polynomial import hermite_e

from pinet_keras import HermiteActivation

from .battery import array, randomize

EPSILON = 1e-3  # of Keras' batch normalisation


def hermite(order, x):
    """The normalised Hermite polynomial of an order."""
    return hermite_e.hermeval(x, [0] * order + [1]) / math.sqrt(math.factorial(order))


@pytest.mark.parametrize("degree", [2, 4, 6, 8])
def test_is_a_sum_of_normalised_hermite_polynomials(degree, rng):
    layer = HermiteActivation(degree)
    x = rng.normal(3, 2, (512, 3)).astype("float32")
    layer.build(x.shape)
    randomize(layer, rng)
    first, *others = layer.norms
    mean, variance = array(first.moving_mean), array(first.moving_variance)
    standard = (x - mean) / np.sqrt(variance + EPSILON)
    expected = array(layer.gain) * standard
    for order, norm in zip(range(2, degree + 1, 2), others, strict=True):
        # without its constant term, as batch normalisation moves it into the mean
        term = hermite(order, standard) - hermite(order, np.zeros(1))
        mean, variance = array(norm.moving_mean), array(norm.moving_variance)
        expected += array(norm.gamma) * (term - mean) / np.sqrt(variance + EPSILON)
        expected += array(norm.beta) if order == 2 else 0
    found = array(layer(x))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("degree, error", [(2, 0.13), (4, 0.09), (6, 0.075), (8, 0.065)])
def test_a_new_layer_is_near_relu_on_normal_values_and_nearer_with_more_orders(degree, error, rng):
    x = rng.normal(size=(200_000, 1)).astype("float32")
    found = array(HermiteActivation(degree)(5 * x + 3, training=True))
    relu = np.maximum(x, 0)
    assert np.sqrt(np.mean((found - (relu - relu.mean())) ** 2)) < error


@pytest.mark.parametrize("degree", [0, 1, 3, 10, "2"])
def test_other_degrees_are_refused(degree):
    with pytest.raises(ValueError, match=f"must be one of 2, 4, 6, 8. Received: degree={degree}"):
        HermiteActivation(degree)


@pytest.mark.parametrize("arguments, shape", [({}, (2, None)), ({"axis": 0}, (2, 3)), ({"axis": 2}, (2, 3))])
def test_axes_without_a_known_size_are_refused(arguments, shape):
    with pytest.raises(ValueError, match=r"`axis` must be .* Received: axis="):
        HermiteActivation(**arguments).build(shape)


def test_half_precision_keeps_the_range_of_float32(rng):
    layer = HermiteActivation(8, dtype="mixed_float16")
    x = 300 * rng.normal(size=(256, 4))
    found = layer(ops.cast(x, "float16"), training=True)
    assert keras.backend.standardize_dtype(found.dtype) == "float16"
    assert np.isfinite(array(found)).all()
