"""`replace_activations` against fits of NumPy, and `learned_activations`."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.polynomial import polynomial

from pinet_keras import PolynomialActivation
from pinet_keras.analysis import certify, learned_activations, replace_activations, replacing
from pinet_keras.layers import _activation_fit

GENERATOR = np.random.default_rng(0)
SAMPLES = GENERATOR.normal(size=(300, 4)).astype("float32")
IMAGES = GENERATOR.normal(size=(40, 8, 8, 2)).astype("float32")
LABELS = GENERATOR.integers(0, 3, 300)
FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "leakyrelu": lambda x: np.where(x > 0, x, 0.2 * x),
}


def sequential(*steps, shape=(4,), seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input(shape), *steps])


def by_numpy(model, degree, names):
    """Outputs and coefficients of an MLP with polynomials in place of its activations, fitted one after the other."""
    x, found = SAMPLES.astype("float64"), []
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    for layer, name in zip(dense, [*names, None], strict=True):
        kernel, bias = (each.astype("float64") for each in layer.get_weights())
        x = x @ kernel + bias
        if name:
            found.append(polynomial.polyfit(x.ravel(), FUNCTIONS[name](x.ravel()), degree))
            x = polynomial.polyval(x, found[-1])
    return x, found


PLACES = {
    "layers": ([layers.Dense(6), layers.ReLU(), layers.Dense(5), layers.Activation("tanh")], ["relu", "tanh"]),
    "arguments": ([layers.Dense(6, activation="relu"), layers.Dense(5, activation="tanh")], ["relu", "tanh"]),
    "leaky": ([layers.Dense(6), layers.LeakyReLU(negative_slope=0.2)], ["leakyrelu"]),
}


@pytest.mark.parametrize("place, degree", [("layers", 2), ("arguments", 5), ("leaky", 3)])
def test_each_polynomial_is_numpys_fit_to_the_values_that_enter_it(place, degree):
    steps, names = PLACES[place]
    model = sequential(*(type(step).from_config(step.get_config()) for step in steps), layers.Dense(3))
    replacement = replace_activations(model, degree, SAMPLES)
    outputs, coefficients = by_numpy(model, degree, names)
    assert [each.activation for each in replacement.activations] == names
    for row, expected in zip(replacement.activations, coefficients, strict=True):
        np.testing.assert_allclose(row.coefficients, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(replacement.model.predict(SAMPLES, verbose=0), outputs, rtol=1e-3, atol=1e-3)
    assert replacement.certificate.degree == degree ** len(names) and replacement.certificate.tier in (2, 3)
    assert certify(replacement.model) == replacement.certificate


def test_what_it_reports_is_what_both_models_do():
    model = sequential(layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax"))
    before = model.predict(SAMPLES, verbose=0)
    replacement = replace_activations(model, 2, SAMPLES, LABELS)
    after = replacement.model.predict(SAMPLES, verbose=0)
    np.testing.assert_array_equal(model.predict(SAMPLES, verbose=0), before)  # it stays as it was
    assert replacement.accuracy_before == (before.argmax(1) == LABELS).mean()
    assert replacement.accuracy_after == (after.argmax(1) == LABELS).mean()
    assert replacement.loss_of_accuracy == pytest.approx(replacement.accuracy_before - replacement.accuracy_after)
    assert replacement.agreement == (before.argmax(1) == after.argmax(1)).mean() < 1
    assert replacement.change == pytest.approx(np.linalg.norm(after - before) / np.linalg.norm(before), rel=1e-4)
    [row] = replacement.activations
    entering = SAMPLES @ model.layers[0].get_weights()[0] + model.layers[0].get_weights()[1]
    assert (row.low, row.high) == pytest.approx((entering.min(), entering.max()), rel=1e-5)
    there = np.maximum(entering, 0)
    wrong = polynomial.polyval(entering, row.coefficients) - there
    assert row.error == pytest.approx(np.linalg.norm(wrong) / np.linalg.norm(there), rel=1e-4)
    text = str(replacement)
    for part in (
        "dense",
        "relu → degree 2",
        "tier 3 low-depth",
        f"{100 * replacement.loss_of_accuracy:.2f} percentage",
    ):
        assert part in text


def test_each_polynomial_makes_up_for_those_before_it():
    """A bad first polynomial: the second is fitted to what comes behind it, not to what ReLU had given."""
    steps = [layers.Dense(8, activation="relu") for _ in range(3)]
    model = sequential(*steps, layers.Dense(2), seed=1)
    replacement = replace_activations(model, 1, SAMPLES)
    outputs, _ = by_numpy(model, 1, ["relu"] * 3)
    np.testing.assert_allclose(replacement.model.predict(SAMPLES, verbose=0), outputs, rtol=1e-3, atol=1e-4)


def test_a_convolutional_network_with_functions_of_ops_and_a_nested_model():
    inner = sequential(layers.Conv2D(3, 3, activation="gelu"), layers.BatchNormalization(), shape=(8, 8, 2))
    x = keras.Input((8, 8, 2))
    y = ops.relu(inner(x) - 0.1)
    y = layers.PReLU(alpha_initializer="random_uniform")(layers.AveragePooling2D(2)(y))
    model = keras.Model(x, layers.Dense(4, activation="softmax")(layers.Flatten()(y)))
    replacement = replace_activations(model, 3, IMAGES)
    assert [each.activation for each in replacement.activations] == ["gelu", "relu", "prelu"]
    assert replacement.certificate.degree == 27 and not replacement.certificate.reasons
    assert replacement.certificate.verify(replacement.model, IMAGES[:4], lines=2).holds
    assert replacement.change < 0.5 < 1 < replace_activations(model, 1, IMAGES).change / replacement.change


def test_what_stands_against_a_polynomial_is_named_and_stays():
    steps = [layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(name="pool"), layers.Flatten()]
    replacement = replace_activations(sequential(*steps, layers.Dense(2), shape=(8, 8, 2)), 2, IMAGES)
    assert replacement.certificate.tier == 1 and len(replacement.activations) == 1
    [reason] = replacement.certificate.reasons
    assert reason.startswith("pool") and f"against tier 2: {reason}" in str(replacement)


def test_a_layer_called_twice_keeps_its_weights_and_gets_two_polynomials():
    shared, x = layers.Dense(4, activation="relu", name="twice"), keras.Input((4,))
    model = keras.Model(x, shared(shared(x)))
    replacement = replace_activations(model, 2, SAMPLES)
    first, second = replacement.activations
    assert first.coefficients != second.coefficients and first.name == second.name == "twice"
    dense = [layer for layer in replacement.model.layers if isinstance(layer, layers.Dense)]
    assert len(dense) == 1
    np.testing.assert_array_equal(dense[0].get_weights()[0], shared.get_weights()[0])


def test_training_goes_on_from_what_was_fitted():
    model = sequential(layers.Dense(8, activation="relu"), layers.Dense(2))
    changed = replace_activations(model, 3, SAMPLES).model
    here, there = (ops.convert_to_numpy(changed(SAMPLES, training=training)) for training in (True, False))
    np.testing.assert_allclose(here, there, atol=2e-3)


def test_few_and_equal_samples_give_the_smallest_polynomial_through_them():
    replacement = replace_activations(sequential(layers.Dense(1, activation="relu")), 4, np.ones((2, 4)))
    assert np.isfinite(replacement.activations[0].coefficients).all() and replacement.change < 1e-5


def test_of_many_values_some_are_taken(monkeypatch):
    monkeypatch.setattr(replacing, "VALUES", 600)
    drawn, fit = [], replacing._fit

    def note(values, *others):
        drawn.append(values)
        return fit(values, *others)

    monkeypatch.setattr(replacing, "_fit", note)
    replace_activations(sequential(layers.Dense(6, activation="relu")), 2, SAMPLES)
    assert len(drawn[0]) == 600 and len(np.unique(drawn[0])) > 590


def test_an_activation_of_ones_own_is_replaced_if_it_is_of_each_value():
    own = sequential(layers.Dense(6, activation=lambda x: ops.sin(x)), layers.Dense(2))
    assert replace_activations(own, 3, SAMPLES).certificate.tier == 3
    for function in (lambda x: x - ops.mean(x), lambda x: x / ops.max(x, axis=0), keras.activations.softmax):
        assert not _activation_fit.is_computed_by_value(function)
    with pytest.raises(ValueError, match="no activation function to replace"):
        replace_activations(sequential(layers.Dense(6, activation=lambda x: x - ops.mean(x))), 3, SAMPLES)


class Subclassed(keras.Model):
    def call(self, x):
        return ops.relu(x)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"degree": 0}, "`degree` must be an integer of at least 1"),
        ({"model": Subclassed()}, "A model without a graph"),
        ({"model": sequential(layers.Dense(2))}, "no activation function to replace"),
        ({"samples": SAMPLES[:, :3]}, r"of the shape \(None, 4\). Received: \(300, 3\)"),
        ({"samples": SAMPLES[:1]}, r"two or more inputs .* Received: \(1, 4\)"),
        ({"samples": SAMPLES * np.nan}, "`samples` must be finite numbers"),
        ({"labels": LABELS[:5]}, r"for each of the 300 samples. Received: int64 \(5,\)"),
        ({"labels": LABELS + 1}, "one integer from 0 to 2"),
        ({"labels": LABELS / 2}, "Received: float64"),
        ({"model": sequential(layers.Dense(1, activation="relu")), "labels": LABELS}, "of two outputs or more"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_bad_arguments_are_refused(changes, words):
    model = sequential(layers.Dense(5, activation="relu"), layers.Dense(3))
    with pytest.raises(ValueError, match=words):
        replace_activations(**{"model": model, "degree": 2, "samples": SAMPLES, **changes})


def test_a_model_of_several_inputs():
    a, b = keras.Input((4,)), keras.Input((2,))
    model = keras.Model([a, b], layers.Dense(2)(layers.Dense(5, activation="relu")(layers.Concatenate()([a, b]))))
    replacement = replace_activations(model, 2, [SAMPLES, SAMPLES[:, :2]])
    assert replacement.certificate.degree == 2 and replacement.agreement > 0.5
    with pytest.raises(ValueError, match="`samples` must be two or more"):
        replace_activations(model, 2, [SAMPLES, SAMPLES[:5, :2]])


def test_learned_activations_draws_each_polynomial_where_its_values_are(tmp_path):
    first, second = PolynomialActivation(3, name="first"), PolynomialActivation(2, shared=True, name="second")
    model = sequential(layers.Dense(5), first, layers.Dense(4), second)
    for layer in (first, second):
        layer.set_weights([np.random.default_rng(2).uniform(0.5, 2, w.shape) for w in layer.weights])
    figure = learned_activations(model)
    assert len(figure.axes) == 2
    for axes, layer, count in zip(figure.axes, (first, second), (5, 1), strict=True):
        *curves, relu = axes.lines
        assert len(curves) == count and layer.name in axes.get_title()
        mean, variance = (np.array(each) for each in (layer.norms[0].moving_mean, layer.norms[0].moving_variance))
        for curve, row, center, spread in zip(curves, layer.polynomial(), mean, np.sqrt(variance), strict=True):
            x, y = curve.get_data()
            assert (x[0], x[-1]) == pytest.approx((center - 3 * spread, center + 3 * spread), abs=0.01)
            np.testing.assert_allclose(y, polynomial.polyval(x, row), atol=1e-9)
        np.testing.assert_array_equal(relu.get_ydata(), np.maximum(relu.get_xdata(), 0))
    figure.savefig(tmp_path / "learned.png")
    assert (tmp_path / "learned.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="Received: .*, which has none"):
        learned_activations(sequential(layers.Dense(2, activation="relu")))
