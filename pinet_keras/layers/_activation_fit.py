"""Least-squares polynomials of activation functions. NumPy does the fitting; Keras evaluates the activation."""

import math
from collections.abc import Callable

import keras
import numpy as np
from numpy.polynomial import Legendre, Polynomial

NODES = 1000  # of the quadrature: the kink of ReLU costs an error of about 1e-6


def fit_activation(name: str, degree: int, bound: float) -> np.ndarray:
    """Coefficients c_0..c_degree of the polynomial nearest to an activation function on ±bound.

    It minimises ∫ (p(x) − f(x))² dx over ±bound, by Gauss–Legendre quadrature.

    Args:
        name: of an activation function of Keras.
        degree: of the polynomial.
        bound: positive number.

    Raises:
        ValueError: no such activation, one that is not computed value by value, such as softmax, or one that is not
            finite on the range.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    values = _activation_values(name, bound * nodes)
    if not np.isfinite(values).all():
        raise ValueError(f"Activation {name!r} is not finite on the whole range. Received: bound={bound!r}")
    found = Legendre.fit(bound * nodes, values, degree, domain=[-bound, bound], w=np.sqrt(weights))
    return padded(found.convert(kind=Polynomial).coef, degree)


def _activation_values(name: str, x: np.ndarray) -> np.ndarray:
    """An activation function of Keras at the points x `[n]`, float64 `[n]`."""
    try:
        function = keras.activations.get(name)
    except (ValueError, TypeError) as error:
        raise ValueError(f"No activation function of Keras has this name. Received: {name!r}") from error
    if not is_computed_by_value(function):
        raise ValueError(
            f"An activation function of several values at once has no polynomial of one value. Received: {name!r}"
        )
    return np.asarray(_applied(function, x))


def is_computed_by_value(function: Callable) -> bool:
    """Whether a function of arrays is one of each value, as far as some points in several arrangements can tell."""
    x = np.linspace(-3, 3, 10)
    pairs, fives, part = (_applied(function, each) for each in (x.reshape(5, 2), x.reshape(2, 5), x[:4].reshape(2, 2)))
    if pairs is None or fives is None or part is None:
        return False
    return all(np.allclose(one, two, atol=1e-6, equal_nan=True) for one, two in ((pairs, fives), (pairs[:4], part)))


def _applied(function: Callable, x: np.ndarray) -> np.ndarray | None:
    """The values of a function, float64 and flat; None where it takes no such array or changes its shape."""
    try:
        found = keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(x, "float32")))
    except Exception:  # such as that an axis cannot be halved, in as many kinds of error as there are backends
        return None
    return found.astype("float64").reshape(-1) if found.shape == x.shape else None


def normal_moments(degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of z, z², ..., z^degree of a standard normal z: E z^j is (j − 1)!! for even j, 0 for odd."""
    moments = [0.0 if j % 2 else float(math.prod(range(1, j, 2))) for j in range(2 * degree + 1)]
    means = np.array(moments[1 : degree + 1])
    return means, np.array(moments[2::2]) - means**2


def padded(coefficients: np.ndarray, degree: int) -> np.ndarray:
    """The coefficients with zeros for those of the highest powers that are missing."""
    return np.pad(coefficients, (0, degree + 1 - len(coefficients)))
