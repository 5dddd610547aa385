"""Measuring must support right certificates and refute planted lies."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from pinet_keras.analysis import certify, register_degree_rule
from pinet_keras.analysis.verification import verify_degree
from pinet_keras.layers import PolyBlock2D, PolyDense


@pytest.fixture
def samples():
    return np.random.default_rng(0).normal(size=(12, 6, 6, 2))


def _model(body, seed=1):
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((6, 6, 2))
    return keras.Model(inputs, body(inputs))


def _squares(x, times):
    for _ in range(times):
        x = layers.Multiply()([layers.Conv2D(3, 1)(x), layers.Conv2D(3, 1)(x)])
    return x


class _Hidden(layers.Layer):
    """Claims to be affine and runs a function of its own."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, inputs):
        return self.function(inputs)

    def degree_rule(self, degrees):
        return degrees[0]

    def get_config(self):
        return {**super().get_config(), "function": self.function}


@pytest.mark.parametrize(
    "body",
    [
        lambda x: layers.Dense(3)(layers.Flatten()(x)),
        lambda x: layers.Dense(3, activation="softmax")(layers.Flatten()(_squares(x, 2))),
        lambda x: ops.softmax(layers.Dense(3)(layers.Flatten()(x * x))),
        lambda x: _squares(x, 4),
        lambda x: PolyBlock2D(3, normalization="batch")(PolyBlock2D(2)(x)),
        lambda x: PolyDense(3, degree=4, rank=3)(layers.Flatten()(x)),
    ],
)
def test_right_certificates_hold(body, samples):
    model = _model(body)
    for weight in model.trainable_weights:
        if weight.name == "alpha":
            weight.assign(0.5)
    certificate = certify(model)
    result = certificate.verify(model, samples)
    assert result.holds, result
    assert result.error < 1e-9
    assert result.seen == certificate.degree


@pytest.mark.parametrize(
    "function",
    [ops.relu, lambda x: ops.max(x, axis=-1, keepdims=True), lambda x: x * x, ops.tanh, lambda x: ops.abs(x - 0.1)],
)
@pytest.mark.parametrize("squares", [0, 2])
def test_a_hidden_function_is_refuted(function, squares, samples):
    model = _model(lambda x: _Hidden(function)(_squares(x, squares)))
    certificate = certify(model)
    assert certificate.degree == 2**squares
    assert certificate.verify(model, samples).verdict == "refuted"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("function", [ops.relu, lambda x: x * x, lambda x: ops.abs(x - 0.1)])
def test_a_function_hidden_behind_degree_32_is_refuted_whatever_the_weights_and_lines(function, seed):
    model = _model(lambda x: _Hidden(function)(_squares(x, 5)), seed)
    samples = np.random.default_rng(seed).normal(size=(12, 6, 6, 2))
    certificate = certify(model)
    assert certificate.degree == 32
    assert certificate.verify(model, samples, lines=1, seed=seed).verdict == "refuted"


def test_a_max_pool_hidden_in_a_nested_model_is_refuted(samples):
    inner = _model(lambda x: layers.MaxPooling2D(2)(_squares(x, 1)))
    model = _model(lambda x: layers.Dense(2)(inner(x)))
    assert verify_degree(model, 2, samples).verdict == "refuted"


def test_a_wrong_registered_rule_is_refuted(samples):
    class Cube(layers.Layer):
        def call(self, inputs):
            return inputs**3

    model = _model(lambda x: Cube()(x))
    register_degree_rule(Cube, lambda layer, degrees: 2 * degrees[0])
    assert certify(model).verify(model, samples).verdict == "refuted"
    register_degree_rule(Cube, lambda layer, degrees: 3 * degrees[0])
    assert certify(model).verify(model, samples).holds


def test_a_claim_above_the_truth_holds_and_says_what_was_seen(samples):
    model = _model(lambda x: _squares(x, 2))
    result = verify_degree(model, 7, samples)
    assert result.holds
    assert result.seen == 4
    assert "between 4 and 7" in result.why


def test_what_float64_cannot_separate_is_reported(samples):
    # Differences of huge equal terms, exact in float32 as well: rounding is all that is left.
    model = _model(lambda x: ((x + 2.0**30) ** 2 - 2.0**60) - 2.0**31 * x - x * x)
    assert certify(model).verify(model, samples).verdict == "not verifiable numerically"


def test_overflow_is_reported(samples):
    model = _model(lambda x: (1e6 * (x + 10.0)) ** 64)
    assert certify(model).verify(model, samples).verdict == "not verifiable numerically"


def test_degrees_beyond_the_fit_are_reported(samples):
    model = _model(lambda x: ops.square(ops.square(x**2048)))
    assert "4096" in certify(model).verify(model, samples).why


def test_several_inputs():
    a, b = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([a, b], a * b * b)
    rng = np.random.default_rng(0)
    result = certify(model).verify(model, [rng.normal(size=(5, 3)), rng.normal(size=(5, 3))])
    assert result.holds
    assert result.seen == 3


def test_float32_weights_are_measured_in_float64_and_stay_as_they_are(samples):
    model = _model(lambda x: _squares(x, 3))
    before = [np.array(w) for w in model.get_weights()]
    assert certify(model).verify(model, samples).error < 1e-12
    assert all(w.dtype == "float32" and (w == b).all() for w, b in zip(model.get_weights(), before, strict=True))


def test_no_degree_and_too_few_samples_are_refused(samples):
    relu = _model(lambda x: ops.relu(x))
    with pytest.raises(ValueError, match="relu"):
        certify(relu).verify(relu, samples)
    model = _model(lambda x: x * x)
    with pytest.raises(ValueError, match="two samples"):
        certify(model).verify(model, samples[:1])
    with pytest.raises(ValueError, match="shape"):
        certify(model).verify(model, np.zeros((4, 5)))
