"""ReLUApproximation against ReLU, and RangeControl against its formula."""

import keras
import numpy as np
import pytest
from keras import ops

from pinet_keras import RangeControl, ReLUApproximation

from .battery import array, gradients


@pytest.mark.parametrize(
    "degree, bound, error, largest", [(2, 4, 0.15, 0.5), (4, 5, 0.11, 0.3), (8, 5, 0.055, 0.15), (16, 6, 0.032, 0.1)]
)
def test_is_near_relu_within_the_bound(degree, bound, error, largest, rng):
    layer = ReLUApproximation(degree, bound)
    x = rng.normal(size=100_000).clip(-bound, bound)
    assert np.sqrt(np.mean((array(layer(x[:, None]))[:, 0] - np.maximum(x, 0)) ** 2)) < error
    grid = np.linspace(-bound, bound, 2001)
    assert np.abs(array(layer(grid[:, None]))[:, 0] - np.maximum(grid, 0)).max() < largest


@pytest.mark.parametrize("degree", [2, 6, 16])
def test_is_a_polynomial_of_its_degree_outside_the_bound_too(degree):
    x = np.linspace(-8, 8, 101)
    y = array(ReLUApproximation(degree, 4.0, dtype="float64")(x[:, None]))[:, 0]
    for fitted, holds in ((degree, True), (degree - 1, False)):
        rest = y - np.polynomial.Chebyshev.fit(x, y, fitted)(x)
        assert bool(np.abs(rest).max() < 1e-9 * np.abs(y).max()) is holds


def test_its_odd_part_is_half_the_identity(rng):
    layer, x = ReLUApproximation(8, 3.0), rng.normal(size=(50, 2)).astype("float32")
    np.testing.assert_allclose(array(layer(x)) - array(layer(-x)), x, atol=1e-5)


@pytest.mark.parametrize("arguments", [{"degree": 3}, {"degree": 18}, {"degree": "8"}, {"bound": 0}, {"bound": -1.0}])
def test_wrong_arguments_are_refused(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"`{name}` must be .* Received: {name}="):
        ReLUApproximation(**arguments)


def test_half_precision_keeps_the_range_of_float32():
    x = ops.cast(np.array([[-40.0, 40.0]]), "float16")
    assert np.isfinite(array(ReLUApproximation(16, 40.0, dtype="mixed_float16")(x))).all()


def test_range_control_clips_and_penalises_in_training_alone(rng):
    layer, x = RangeControl(2.0, penalty=3.0), rng.normal(0, 2, (40, 5)).astype("float32")
    np.testing.assert_array_equal(array(layer(x)), x)
    assert not layer.losses
    np.testing.assert_allclose(array(layer(x, training=True)), x.clip(-2, 2))
    np.testing.assert_allclose(float(layer.losses[0]), 3 * np.mean((x / 1.92) ** 10), rtol=1e-4)


def test_a_value_outside_the_range_is_pulled_in_by_the_penalty_alone():
    slopes = gradients(RangeControl(2.0), np.array([[-3.0, 0.5, 3.0]], "float32"), np.ones((1, 3), "float32"), True)
    np.testing.assert_array_equal(slopes[-1], [[0, 1, 0]])


def test_training_brings_values_into_the_range(rng):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.add(RangeControl(1.0, penalty=1.0))
    model.compile("adam", loss=lambda y, found: 0 * ops.mean(found))
    model.optimizer.learning_rate = 0.1
    model.fit(3 * np.ones((64, 1)), np.zeros((64, 1)), epochs=100, batch_size=16, verbose=0)
    assert abs(model.predict(np.full((1, 1), 3.0), verbose=0).item()) < 1


@pytest.mark.parametrize("arguments", [{"bound": 0.0}, {"bound": float("nan")}, {"penalty": -1.0}])
def test_range_control_refuses_wrong_arguments(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"`{name}` must be .* Received: {name}="):
        RangeControl(**arguments)
