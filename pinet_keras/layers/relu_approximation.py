from __future__ import annotations

from operator import index
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.polynomial import chebyshev, polynomial

from pinet_keras.layers._base_arguments import base_arguments

DEGREES = (2, 4, 6, 8, 10, 12, 14, 16)


@keras.saving.register_keras_serializable(package="pinet_keras")
class ReLUApproximation(keras.layers.Layer):
    """A fixed polynomial that is close to ReLU on ±bound.

        y = x/2 + Σ_k c_k x^(2k),   k = 0, ..., degree/2

    ReLU(x) is x/2 + |x|/2. The even part approximates |x|/2 by least squares with the weight φ(x) + 0.05 on ±bound, φ
    the density of standard normal values: put the layer behind a batch normalisation. Outside ±bound the polynomial
    leaves ReLU fast: `RangeControl` in front teaches the network to stay within.

    Args:
        degree: An even integer from 2 to 16.
        bound: Positive number.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Input shape:
        Any.

    Output shape:
        That of the input.

    Raises:
        ValueError: if `degree` is not one of those, or `bound` is not positive.

    Example:
        >>> layer = pinet_keras.ReLUApproximation(degree=8, bound=5.0)
        >>> y = layer(keras.ops.array([[-3.0, -1.0, 0.0, 1.0, 3.0]]))
        >>> bool(keras.ops.max(keras.ops.abs(y - keras.ops.array([[0.0, 0.0, 0.0, 1.0, 3.0]]))) < 0.25)
        True
    """

    def __init__(self, degree: int = 8, bound: float = 5.0, **kwargs):
        super().__init__(**base_arguments(self, kwargs))
        if degree not in DEGREES:
            raise ValueError(f"`degree` must be one of {', '.join(map(str, DEGREES))}. Received: degree={degree!r}")
        if not bound > 0:
            raise ValueError(f"`bound` must be above 0. Received: bound={bound!r}")
        self.degree = index(degree)
        self.bound = float(bound)
        self.coefficients = _even_coefficients(self.degree, self.bound)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        # The powers run in float32, also under mixed precision: they leave the range of float16 early.
        x = ops.cast(inputs, self.variable_dtype)
        s = x / self.bound
        powers = {2: ops.square(s)}
        y = 0.5 * x + self.coefficients[0] + self.coefficients[1] * powers[2]
        for order in range(4, self.degree + 1, 2):
            half = order // 4 * 2
            powers[order] = powers[half] * powers[order - half]
            y = y + self.coefficients[order // 2] * powers[order]
        return ops.cast(y, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return input_shape

    def degree_rule(self, degrees: list[int]) -> int:
        """Degree of the output, given that of the input: `degree` times as much."""
        (degree,) = degrees
        return self.degree * degree

    def multiplications_rule(self) -> int:
        """Number of successive products: ceil(log2(degree)), as each power is a product of two of half its degree."""
        return (self.degree - 1).bit_length()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "degree": self.degree, "bound": self.bound}


def _even_coefficients(degree: int, bound: float) -> list[float]:
    """Coefficients of (x / bound)^0, ^2, ..., ^degree of the approximation of |x|/2."""
    s = np.cos(np.pi * (np.arange(4000) + 0.5) / 8000)  # 0..1
    x = bound * s
    weight = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) + 0.05
    measure = weight * np.sqrt(1 - s**2)  # the points are dense near 1
    basis = chebyshev.chebvander(2 * s**2 - 1, degree // 2)
    found = np.linalg.lstsq(basis * np.sqrt(measure)[:, None], x / 2 * np.sqrt(measure), rcond=None)[0]
    in_u = chebyshev.cheb2poly(found)
    in_square = np.zeros(1)
    for coefficient in in_u[::-1]:  # u = 2 s² − 1
        in_square = polynomial.polyadd(polynomial.polymul(in_square, [-1, 2]), [coefficient])
    return [float(each) for each in in_square[: degree // 2 + 1]]
