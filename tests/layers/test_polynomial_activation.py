"""The polynomial of a `PolynomialActivation`: its fit to an activation function, and its coefficients."""

import keras
import numpy as np
import pytest
from numpy.polynomial import polynomial
from scipy import special
from scipy.integrate import quad

from pinet_keras import PolynomialActivation

RELU = lambda x: max(x, 0.0)  # noqa: E731
FUNCTIONS = {"relu": RELU, "tanh": np.tanh, "gelu": lambda x: x * special.ndtr(x), "linear": lambda x: x}


def built(shape=(None, 3), **arguments):
    layer = PolynomialActivation(**arguments)
    layer.build(shape)
    return layer


def values(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def projected(function, degree, bound):
    """Coefficients of the least-squares polynomial: each Legendre polynomial by its own integral."""
    found = np.zeros(degree + 1)
    for k in range(degree + 1):
        one = np.polynomial.Legendre.basis(k)
        integral, _ = quad(lambda s, one=one: function(bound * s) * one(s), -1, 1, points=[0], epsabs=1e-12)
        found[: k + 1] += (2 * k + 1) / 2 * integral * np.polynomial.legendre.leg2poly([0] * k + [1])
    return found / float(bound) ** np.arange(degree + 1)


@pytest.mark.parametrize("bound", [1.0, 3.0])
def test_relu_of_degree_2_is_the_known_polynomial(bound):
    """∫ max(x, 0) P_k(x) dx over ±1 is 1/2, 1/3, 1/8: so 1/4 + x/2 + 5/16 (3x² − 1)/2."""
    expected = [3 / 32 * bound, 1 / 2, 15 / 32 / bound]
    np.testing.assert_allclose(built(degree=2, initial="relu", bound=bound).polynomial(), [expected] * 3, atol=2e-5)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("degree, bound", [(1, 1.0), (3, 2.5), (6, 4.0)])
def test_the_initial_polynomial_is_the_nearest_one_on_the_range(name, degree, bound):
    layer = built(degree=degree, initial=name, bound=bound, shared=True)
    np.testing.assert_allclose(layer.polynomial()[0], projected(FUNCTIONS[name], degree, bound), atol=2e-4)


@pytest.mark.parametrize("arguments", [{}, {"shared": True}, {"axis": 1}], ids=str)
def test_at_inference_the_layer_computes_its_polynomial(arguments):
    layer = built((None, 4, 5, 3), degree=3, **arguments)
    generator = np.random.default_rng(0)
    layer.set_weights([generator.uniform(0.5, 2, w.shape) * generator.choice([1, 1.5], w.shape) for w in layer.weights])
    x, rows = values((6, 4, 5, 3)), layer.polynomial()
    channels = {(): 3, ("shared",): 1, ("axis",): 4}[tuple(arguments)]
    assert rows.shape == (channels, 4) and rows.dtype == "float64"
    expected = x if "axis" not in arguments else np.moveaxis(x, 1, -1)
    expected = np.stack(
        [polynomial.polyval(expected[..., i], rows[i % channels]) for i in range(expected.shape[-1])], -1
    )
    found = keras.ops.convert_to_numpy(layer(x))
    found = found if "axis" not in arguments else np.moveaxis(found, 1, -1)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4)


def test_training_starts_with_the_fit_on_standard_normal_values():
    layer, x = built(degree=4, initial="gelu"), values((20_000, 3))
    [row, *_] = layer.polynomial()  # a call in training moves the statistics
    there, here = (keras.ops.convert_to_numpy(layer(x, training=training)) for training in (False, True))
    assert np.abs(there - polynomial.polyval(x, row)).max() < 1e-3
    assert np.sqrt(np.mean((here - there) ** 2)) < 0.02


def test_a_polynomial_that_was_set_is_that_of_inference_and_of_training_on_its_values():
    layer, x = built(degree=3), 2 + 3 * values((500, 3))
    rows = np.random.default_rng(1).normal(size=(3, 4)) * [1, 1, 0.3, 0.1]
    powers = np.stack([x.astype("float64") ** j for j in (1, 2, 3)], axis=-1)
    layer.set_polynomial(rows, powers.mean(0), powers.var(0))
    np.testing.assert_allclose(layer.polynomial(), rows, rtol=1e-4, atol=1e-4)
    expected = np.stack([polynomial.polyval(x[:, i].astype("float64"), rows[i]) for i in range(3)], axis=-1)
    for training in (False, True):
        found = keras.ops.convert_to_numpy(layer(x, training=training))
        assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("value", np.linspace(1.5, 3, 7))  # rounding decides the sign of a variance
def test_batches_of_equal_values_stay_finite_in_training(value):
    y = built(degree=9)(np.full((300, 3), value, "float32"), training=True)
    assert np.isfinite(keras.ops.convert_to_numpy(y)).all()


def test_a_copy_from_the_config_keeps_what_was_learned():
    layer = built(degree=2, initial="tanh", bound=2.0)
    layer.coefficients[2].assign([1.0, 2.0, 3.0])
    copy = PolynomialActivation.from_config(layer.get_config())
    copy.build((None, 3))
    assert (copy.initial, copy.bound) == ("tanh", 2.0)
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(copy.polynomial(), layer.polynomial())


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"initial": "rellu"}, "No activation function of Keras has this name. Received: 'rellu'"),
        ({"initial": "softmax"}, "several values at once .* Received: 'softmax'"),
        ({"initial": "log_softmax"}, "several values at once"),
        ({"initial": "glu"}, "several values at once"),
        ({"initial": "exponential", "bound": 1000.0}, "'exponential' is not finite on the whole range.*bound=1000.0"),
        ({"initial": "relu", "bound": 0.0}, "`bound` must be above 0. Received: bound=0.0"),
        ({"bound": float("nan")}, "`bound` must be above 0"),
    ],
)
def test_bad_fits_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        PolynomialActivation(degree=2, **arguments)


def test_coefficients_are_there_once_the_layer_is_built():
    with pytest.raises(ValueError, match="no coefficients before it is built"):
        PolynomialActivation(2).polynomial()
    with pytest.raises(
        ValueError, match=r"the shapes \(3, 3\), \(3, 2\), \(3, 2\). Received: \(1, 3\), \(3, 2\), \(3, 2\)"
    ):
        built(degree=2).set_polynomial(np.zeros((1, 3)), np.zeros((3, 2)), np.zeros((3, 2)))
