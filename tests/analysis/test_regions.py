"""Linear pieces of ReLU networks, against networks drawn by hand and against fine scans."""

import keras
import numpy as np
import pytest
from keras import layers

from pinet_keras.analysis import linear_regions_on_line
from pinet_keras.analysis.replay import Evaluator


def _model(body, shape):
    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape)
    return keras.Model(inputs, body(inputs))


def test_the_absolute_value_has_two_pieces():
    model = _model(lambda x: keras.ops.relu(x) + keras.ops.relu(-x), (1,))
    pieces = linear_regions_on_line(model, np.array([0.5]), np.array([1.0]))
    np.testing.assert_allclose(pieces.ts, [-1, -0.5, 1])
    np.testing.assert_allclose(pieces.values[:, 0], [0.5, 0, 1.5])
    assert pieces.count == 2


def test_bends_that_cancel_are_no_bends():
    model = _model(lambda x: keras.ops.relu(x) - keras.ops.relu(-x), (1,))
    assert linear_regions_on_line(model, np.zeros(1), np.ones(1)).count == 1


BODIES = [
    lambda x: layers.Dense(3)(
        layers.Flatten()(layers.MaxPooling2D(2)(layers.Conv2D(4, 3, padding="same", activation="relu")(x)))
    ),
    lambda x: layers.Dense(3)(
        layers.Dense(8, activation="relu")(layers.Dense(8, activation="relu")(layers.Flatten()(x)))
    ),
    lambda x: layers.GlobalMaxPooling2D()(layers.LeakyReLU()(layers.Conv2D(3, 2)(x))),
    lambda x: layers.Dense(3, activation="softmax")(
        layers.Flatten()(layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(4, 3)(x * 5.0))))
    ),
    lambda x: layers.MaxPooling2D(3, strides=2, padding="same")(
        layers.Add()([x, layers.ReLU()(layers.Conv2D(2, 1)(x))])
    ),
]


@pytest.mark.parametrize("body", BODIES)
def test_pieces_are_the_network_on_the_line(body):
    model = _model(body, (5, 5, 2))
    x, d = np.random.default_rng(0).normal(size=(2, 5, 5, 2))
    pieces = linear_regions_on_line(model, x, d, domain=(-2, 2))
    ts = np.linspace(-2, 2, 3001)
    values = Evaluator(model)([x + ts.reshape(-1, 1, 1, 1) * d])
    np.testing.assert_allclose(pieces(ts), values, atol=1e-10 * np.abs(values).max())
    assert pieces.count > 3
    # Between neighbouring bends the slope is one, and at each it changes.
    slopes = np.diff(pieces.values, axis=0) / np.diff(pieces.ts)[:, None]
    assert (np.abs(np.diff(slopes, axis=0)).max(axis=1) > 0).all()


def test_what_is_not_piecewise_linear_is_refused():
    with pytest.raises(ValueError, match="product"):
        linear_regions_on_line(_model(lambda x: x * x, (2,)), np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="activation"):
        linear_regions_on_line(_model(lambda x: keras.ops.tanh(x), (2,)), np.zeros(2), np.ones(2))
