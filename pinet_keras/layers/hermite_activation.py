from __future__ import annotations

import math
from operator import index
from typing import Any

import keras
from keras import ops

from pinet_keras.layers._base_arguments import base_arguments
from pinet_keras.layers._batch_norm import BatchNorm

DEGREES = (2, 4, 6, 8)


@keras.saving.register_keras_serializable(package="pinet_keras")
class HermiteActivation(keras.layers.Layer):
    """A polynomial in place of ReLU: its Hermite expansion, with a batch normalisation for each order (HerPN).

        x̂ = BN_1(x),   y = g_1 x̂ + Σ_n BN_n(h_n(x̂)),   n = 2, 4, ..., degree

    h_n are the normalised probabilists' Hermite polynomials, He_n/√n!: for a standard normal x̂ they are uncorrelated
    and have variance 1. BN_1 has neither scale nor offset. The scale of each BN_n, g_n, is learned, as g_1 is, and
    starts at the coefficient of ReLU in h_n: ½, 1/√(4π), −1/√(48π) for n = 1, 2, 4; ReLU has no odd ones beyond the
    first. BN_2 has a learned offset. Since every order is normalised on its own, the higher ones cannot outgrow the
    first. The layer normalises its input, so a convolution in front of it needs no bias and no batch normalisation.

    At inference the statistics are constants, so y is exactly a polynomial of x.

    Args:
        degree: 2, 4, 6 or 8, the degree of the polynomial.
        axis: Integer, the channel axis.
        momentum: Momentum of the moving statistics.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Input shape:
        Any with at least two axes, the first one the batch.

    Output shape:
        That of the input.

    Raises:
        ValueError: if `degree` is not one of those, or if the input has no `axis`, or one of unknown size.

    Reference:
        Park et al., AESPA: Accuracy Preserving Low-degree Polynomial Activation for Fast Private Inference, arXiv
        2201.06699: degree 2.

    Example:
        >>> model = keras.Sequential(
        ...     [
        ...         keras.Input((8, 8, 3)),
        ...         keras.layers.Conv2D(16, 3, padding="same", use_bias=False),
        ...         pinet_keras.HermiteActivation(degree=4),
        ...     ]
        ... )
        >>> model.output_shape
        (None, 8, 8, 16)
    """

    def __init__(self, degree: int = 2, axis: int = -1, momentum: float = 0.9, **kwargs):
        super().__init__(**base_arguments(self, kwargs))
        if degree not in DEGREES:
            raise ValueError(f"`degree` must be one of {', '.join(map(str, DEGREES))}. Received: degree={degree}")
        self.degree = index(degree)
        self.axis = index(axis)
        self.momentum = float(momentum)
        self.input_spec = keras.layers.InputSpec(min_ndim=2)
        # The powers run in the variable dtype, float32 under mixed precision: they leave the range of float16 early.
        self.norms = [self._norm(order) for order in (1, *range(2, self.degree + 1, 2))]

    def _norm(self, order):
        coefficient = keras.initializers.Constant(_relu_coefficient(order))
        return BatchNorm(
            momentum=self.momentum,
            axis=self.axis,
            center=order == 2,
            scale=order > 1,
            gamma_initializer=coefficient,
            dtype=self.variable_dtype,
            trainable=self.trainable,
            name=f"norm_{order}",
        )

    def build(self, input_shape: Any) -> None:
        ndim = len(input_shape)
        if not -ndim < self.axis < ndim or self.axis == 0 or input_shape[self.axis] is None:
            raise ValueError(
                "`axis` must be an axis of the input other than the batch, of known size. "
                f"Received: axis={self.axis}, input_shape={tuple(input_shape)}"
            )
        for norm in self.norms:
            norm.build(input_shape)
        self._shape = [1] * ndim
        self._shape[self.axis] = input_shape[self.axis]
        self.gain = self.add_weight(
            name="gain",
            shape=(input_shape[self.axis],),
            initializer=keras.initializers.Constant(_relu_coefficient(1)),
            autocast=False,
        )
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        first, *others = self.norms
        x = first(ops.cast(inputs, self.variable_dtype), training=training)
        powers = self._even_powers(x)
        y = x * ops.reshape(self.gain, self._shape)  # x first: on JAX an array times a symbolic tensor fails
        for norm, order in zip(others, range(2, self.degree + 1, 2), strict=True):
            y = y + norm(_hermite(order, powers), training=training)
        return ops.cast(y, self.compute_dtype)

    def _even_powers(self, x):
        """x², x⁴, ... by their order, each the product of two lower ones of nearly equal degree: the least depth."""
        powers = {2: ops.square(x)}
        for order in range(4, self.degree + 1, 2):
            half = order // 4 * 2
            powers[order] = powers[half] * powers[order - half]
        return powers

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return input_shape

    def degree_rule(self, degrees: list[int]) -> int:
        """Degree of the output, given that of the input: `degree` times as much."""
        (degree,) = degrees
        return self.degree * degree

    def multiplications_rule(self) -> int:
        """Number of successive products: ceil(log2(degree))."""
        return (self.degree - 1).bit_length()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "degree": self.degree, "axis": self.axis, "momentum": self.momentum}


def _relu_coefficient(order: int) -> float:
    """Coefficient of ReLU of a standard normal value in a normalised Hermite polynomial, of order 1 or an even one.

    ½ for n = 1, else (−1)^(n/2 − 1) (n − 3)!! / √(2π n!)
    """
    if order == 1:
        return 0.5
    double_factorial = math.prod(range(1, order - 2, 2))
    return (-1) ** (order // 2 - 1) * double_factorial / math.sqrt(2 * math.pi * math.factorial(order))


def _hermite(order: int, powers):
    """Normalised Hermite polynomial of an even order without its constant, which the batch normalisation removes.

    He_n(x) = n! Σ_m (−1)^m x^(n − 2m) / (m! (n − 2m)! 2^m)
    """
    value, factorial = 0.0, math.factorial
    for m in range(order // 2):
        count = factorial(order) / (factorial(m) * factorial(order - 2 * m) * 2**m)
        value = value + (-1) ** m * count / math.sqrt(factorial(order)) * powers[order - 2 * m]
    return value
