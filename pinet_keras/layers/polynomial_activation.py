from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any

import keras
import numpy as np
from keras import ops, regularizers

from pinet_keras.arguments import positive_integer
from pinet_keras.layers._activation_fit import fit_activation, normal_moments
from pinet_keras.layers._base_arguments import base_arguments
from pinet_keras.layers._batch_norm import BatchNorm


@keras.saving.register_keras_serializable(package="pinet_keras")
class PolynomialActivation(keras.layers.Layer):
    """Computes one learned polynomial of each value, for all channels or for each channel its own (SLAF).

    `y = a_0 + Σ_{j=1..N} a_j · norm_j(x^j)`, where norm_j is a batch normalisation without scale or centre (a_j and a_0
    are these). In training each power is normalised by the batch, so that high powers do not dominate the low ones; at
    inference by the moving statistics, constants, so that y is exactly a polynomial of x; `polynomial` returns its
    coefficients.

    It is initialised as the identity, a_1 = 1 and all other a_j = 0, or with `initial="relu"` as the least-squares
    polynomial of ReLU on ±bound, and likewise of any other activation function of Keras. The initial statistics are
    then those of the powers of standard normal values: put the layer behind a batch normalisation.

    Args:
        degree: Positive integer N.
        shared: Whether all channels share one polynomial (coefficients and statistics). By default each has its own.
        axis: Integer, the channel axis.
        coefficient_regularizer: Regularizer of the coefficients a_0..a_N.
        initial: Name of the activation function to which the initial polynomial is fitted; `None` for the identity.
        bound: Positive number, half the width of the range of that fit.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Input shape:
        Any with at least two axes, the first one the batch.

    Output shape:
        That of the input.

    Masking:
        Supported: values are computed one by one, so a mask passes through unchanged, and positions masked out are left
        out of the statistics.

    Raises:
        ValueError: if `degree` is not a positive integer, `bound` is not positive, `initial` names no activation
            function that is computed value by value, or if the input has fewer than two axes, or no `axis`, or one of
            unknown size (unless `shared`).

    Reference:
        Goyal et al., Learning Activation Functions: A new paradigm for understanding Neural Networks, arXiv 1906.09529.

    Example:
        >>> layer = pinet_keras.PolynomialActivation(degree=3)
        >>> keras.ops.shape(layer(np.ones((2, 8, 8, 16))))
        (2, 8, 8, 16)
        >>> [keras.ops.shape(coefficient) for coefficient in layer.coefficients]  # a_0 to a_3, of each channel
        [(16,), (16,), (16,), (16,)]
        >>> layer = pinet_keras.PolynomialActivation(degree=2, shared=True, initial="relu", bound=1.0)
        >>> layer.build((None, 4))
        >>> layer.polynomial().round(3)  # 3/32 + x/2 + 15/32 x²
        array([[0.094, 0.5  , 0.469]])
    """

    def __init__(
        self,
        degree: int = 2,
        shared: bool = False,
        axis: int = -1,
        coefficient_regularizer: str | dict | Callable | None = None,
        initial: str | None = None,
        bound: float = 3.0,
        **kwargs,
    ):
        super().__init__(**base_arguments(self, kwargs))
        self.degree = positive_integer("degree", degree)
        self.shared = bool(shared)
        self.axis = index(axis)
        self.coefficient_regularizer = regularizers.get(coefficient_regularizer)
        if not bound > 0:
            raise ValueError(f"`bound` must be above 0. Received: bound={bound!r}")
        self.initial = initial
        self.bound = float(bound)
        self.supports_masking = True
        self.input_spec = keras.layers.InputSpec(min_ndim=2)
        # The powers and their normalisation run in the variable dtype, float32 under mixed precision: a high power
        # leaves the range of float16 at small values.
        means, variances = (np.zeros(self.degree), np.ones(self.degree))
        if initial is not None:
            means, variances = normal_moments(self.degree)
        self.norms = [
            BatchNorm(
                axis=-1 if self.shared else self.axis,
                center=False,
                scale=False,
                moving_mean_initializer=keras.initializers.Constant(float(means[power - 1])),
                moving_variance_initializer=keras.initializers.Constant(float(variances[power - 1])),
                dtype=self.variable_dtype,
                trainable=self.trainable,
                name=f"norm_{power}",
            )
            for power in range(1, self.degree + 1)
        ]
        self._initial_coefficients = np.eye(self.degree + 1)[1]
        if initial is not None:
            fitted = fit_activation(initial, self.degree, self.bound)
            self._initial_coefficients = self._normalized(fitted, means, variances)

    def build(self, input_shape: Any) -> None:
        ndim = len(input_shape)
        if not -ndim < self.axis < ndim or self.axis == 0:
            raise ValueError(
                "`axis` must be an axis of the input other than the batch. "
                f"Received: axis={self.axis}, input_shape={tuple(input_shape)}"
            )
        channels = input_shape[self.axis]
        if channels is None and not self.shared:
            raise ValueError(
                f"The channel axis of the input ({self.axis}) must have a known size unless `shared` is true. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        for norm in self.norms:
            norm.build((*input_shape, 1) if self.shared else input_shape)
        self.coefficients = [
            self.add_weight(
                name=f"coefficient_{power}",
                shape=() if self.shared else (channels,),
                initializer=keras.initializers.Constant(float(self._initial_coefficients[power])),
                regularizer=self.coefficient_regularizer,
                autocast=False,
            )
            for power in range(self.degree + 1)
        ]
        self.built = True

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        x = ops.cast(inputs, self.variable_dtype)
        if mask is not None:
            mask = self._spread(mask, x)
        y = ops.zeros_like(x) + self._coefficient(0, x)
        for j, power in enumerate(self._powers(x), start=1):
            y = y + self._normalize(self.norms[j - 1], power, training, mask) * self._coefficient(j, x)
        return ops.cast(y, self.compute_dtype)

    def _powers(self, x):
        """x, x², ..., x^N, each the product of two lower ones of nearly equal degree, so in the least depth."""
        powers = [x]
        for j in range(2, self.degree + 1):
            powers.append(powers[j // 2 - 1] * powers[j - j // 2 - 1])
        return powers

    def _normalize(self, norm, x, training, mask):
        if not self.shared:
            return norm(x, training=training, mask=mask)
        # One channel: the statistics are over everything.
        return ops.squeeze(norm(ops.expand_dims(x, -1), training=training, mask=mask), -1)

    def _spread(self, mask, x):
        """The mask with as many axes as batch normalisation needs: all of its input's but the last."""
        like = x if self.shared else x[..., 0]
        while len(mask.shape) < len(like.shape):
            mask = ops.expand_dims(mask, -1)
        return ops.logical_and(ops.cast(mask, "bool"), ops.ones_like(like, dtype="bool"))

    def _coefficient(self, power, like):
        shape = [1] * len(like.shape)
        if not self.shared:
            shape[self.axis] = like.shape[self.axis]
        return ops.reshape(ops.cast(self.coefficients[power], like.dtype), shape)

    def _normalized(self, coefficients, means, variances):
        """a_0..a_N of the polynomial Σ c_j x^j, whose powers have these means and variances; all `[..., N]`."""
        scaled = coefficients[..., 1:] * np.sqrt(variances + self.norms[0].epsilon)
        constant = coefficients[..., :1] + (coefficients[..., 1:] * means).sum(-1, keepdims=True)
        return np.concatenate([constant, scaled], axis=-1)

    def polynomial(self) -> np.ndarray:
        """The coefficients c_0..c_N of the polynomial Σ c_j x^j that the layer computes at inference.

        Returns:
            float64 `[channels, N + 1]`; `[1, N + 1]` if `shared`.

        Raises:
            ValueError: the layer is not built.
        """
        self._check_built()
        learned, means, variances = self._values()
        scaled = learned[:, 1:] / np.sqrt(variances + self.norms[0].epsilon)
        return np.concatenate([learned[:, :1] - (scaled * means).sum(1, keepdims=True), scaled], axis=1)

    def set_polynomial(self, coefficients: np.ndarray, means: np.ndarray, variances: np.ndarray) -> None:
        """Make the layer compute Σ c_j x^j, at inference, and in training on values with the moments given.

        Args:
            coefficients: `[channels, N + 1]`, c_0..c_N; one row if `shared`.
            means: `[channels, N]`, the means of x, x², ..., x^N.
            variances: their variances, likewise.

        Raises:
            ValueError: the layer is not built, or the shapes are others.
        """
        self._check_built()
        rows = 1 if self.shared else self.coefficients[0].shape[0]
        given = [np.asarray(each, "float64") for each in (coefficients, means, variances)]
        wanted = [(rows, self.degree + 1), (rows, self.degree), (rows, self.degree)]
        if [each.shape for each in given] != wanted:
            raise ValueError(
                f"`coefficients`, `means` and `variances` must have the shapes {', '.join(map(str, wanted))}. "
                f"Received: {', '.join(str(each.shape) for each in given)}"
            )
        for j, values in enumerate(self._normalized(*given).T):
            self.coefficients[j].assign(values.reshape(self.coefficients[j].shape))
        for norm, mean, variance in zip(self.norms, given[1].T, given[2].T, strict=True):
            norm.moving_mean.assign(mean)
            norm.moving_variance.assign(variance)

    def _check_built(self):
        if not self.built:
            raise ValueError(f"{self.name} has no coefficients before it is built, such as by a first call.")

    def _values(self):
        """a_j `[channels, N + 1]`, and the moving means and variances `[channels, N]`."""
        means, variances = zip(*((norm.moving_mean, norm.moving_variance) for norm in self.norms), strict=True)
        arrays = [[ops.convert_to_numpy(each) for each in kind] for kind in (self.coefficients, means, variances)]
        return [np.stack([each.astype("float64").reshape(-1) for each in kind], axis=1) for kind in arrays]

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
        return {
            **super().get_config(),
            "degree": self.degree,
            "shared": self.shared,
            "axis": self.axis,
            "coefficient_regularizer": regularizers.serialize(self.coefficient_regularizer),
            "initial": self.initial,
            "bound": self.bound,
        }
