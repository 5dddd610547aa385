from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import constraints, initializers, ops, regularizers

from pinet_keras.arguments import one_of, positive_integer
from pinet_keras.layers._base_arguments import base_arguments
from pinet_keras.layers._batch_norm import BatchNorm
from pinet_keras.layers._recursion import NORMALIZATIONS
from pinet_keras.layers.poly_initializer import PolyInitializer, factor_initializer, get_initializer, scaled


@keras.saving.register_keras_serializable(package="pinet_keras")
class PolyBlock2D(keras.layers.Layer):
    """Computes a second-order residual block: a convolution, a shortcut, and a learned multiple of their product.

    `y = f(x) + s(x) + α · g(f(x) ∗ s(x))`, where f is a convolution (with padding `"same"`), s the identity, or a 1x1
    convolution where strides or channels change, g a 1x1 convolution, and α one learned number that starts at 0:
    the block starts as a linear residual block and learns the weight of the second-order term. All are affine, so
    the degree doubles. (Two convolutions in a row in f, as residual networks have, would be one affine map again.)

    Args:
        filters: Positive integer, number of output channels.
        kernel_size: Integer or tuple of 2, window of f.
        strides: Integer or tuple of 2. Above 1 it excludes a dilation above 1.
        dilation_rate: Integer or tuple of 2, dilation of f.
        data_format: `"channels_last"` or `"channels_first"`; `None` stands for Keras' configured one.
        normalization: `None`, or `"batch"` to batch-normalise f, the shortcut where it is a convolution, and g. A deep
            stack needs it: without, the mean square grows by half with each block whose shortcut is the identity.
        use_bias: Whether f, s and g have biases. With normalisation they have none: its own centre takes their place.
        kernel_initializer: Initializer of each kernel, with another seed for each. `"poly"` halves the variance of f
            and s, so that their sum keeps the scale of the input when s is a convolution.
        bias_initializer: Initializer of the biases.
        kernel_regularizer: Regularizer of each kernel.
        bias_regularizer: Regularizer of each bias.
        activity_regularizer: Regularizer of the output.
        kernel_constraint: Constraint on each kernel.
        bias_constraint: Constraint on each bias.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with `"channels_first"`.

    Output shape:
        That of a `keras.layers.Conv2D` with padding `"same"`.

    Masking:
        Not supported, on purpose: a window mixes pixels that are masked with pixels that are not.

    Raises:
        ValueError: if `filters` is not a positive integer, if `normalization` or `data_format` is unknown, if strides
            and dilation are both above 1, or if the input does not have four axes or its channels are of unknown
            number.

    Reference:
        Chrysos et al., Regularization of polynomial networks for image recognition, CVPR 2023 (R-PolyNets).

    Example:
        >>> block = pinet_keras.PolyBlock2D(32, strides=2, normalization="batch")
        >>> keras.ops.shape(block(np.ones((2, 8, 8, 16))))
        (2, 4, 4, 32)
        >>> float(block.alpha.numpy())  # no product yet: its weight is learned in training
        0.0
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int] = 3,
        strides: int | tuple[int, int] = 1,
        dilation_rate: int | tuple[int, int] = 1,
        data_format: str | None = None,
        normalization: str | None = None,
        use_bias: bool = True,
        kernel_initializer: str | dict | Callable = "poly",
        bias_initializer: str | dict | Callable = "zeros",
        kernel_regularizer: str | dict | Callable | None = None,
        bias_regularizer: str | dict | Callable | None = None,
        activity_regularizer: str | dict | Callable | None = None,
        kernel_constraint: str | dict | Callable | None = None,
        bias_constraint: str | dict | Callable | None = None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **base_arguments(self, kwargs))
        self.filters = positive_integer("filters", filters)
        self.normalization = one_of("normalization", normalization, NORMALIZATIONS)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = get_initializer(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.data_format = data_format or keras.config.image_data_format()
        self.f = self._conv("f", kernel_size, strides=strides, padding="same", dilation_rate=dilation_rate)
        self.s: keras.layers.Layer | None = None  # the identity, unless `build` finds that the shape changes
        # g sees a product, which may leave the range of float16: variable dtype, float32 under mixed precision.
        self.g = self._conv("g", 1, dtype=self.variable_dtype)
        self.norm_f, self.norm_s, self.norm_g = self._norm("norm_f"), None, self._norm("norm_g")
        # Keras' convolution has checked these and brought them to one form.
        self.kernel_size, self.strides, self.dilation_rate = self.f.kernel_size, self.f.strides, self.f.dilation_rate
        self.data_format = self.f.data_format
        self.input_spec = keras.layers.InputSpec(ndim=4)

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1

    def _conv(self, name, kernel_size, dtype=None, **kwargs):
        # f and s are summed, so half the variance each.
        halved = isinstance(self.kernel_initializer, PolyInitializer) and name != "g"
        return keras.layers.Conv2D(
            self.filters,
            kernel_size,
            data_format=self.data_format,
            use_bias=self.use_bias and self.normalization is None,
            kernel_initializer=scaled(
                factor_initializer(self.kernel_initializer, "fsg".index(name)), math.sqrt(0.5) if halved else 1.0
            ),
            bias_initializer=self.bias_initializer,
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            dtype=dtype or self.dtype_policy,
            trainable=self.trainable,
            name=name,
            **kwargs,
        )

    def _norm(self, name):
        if self.normalization is None:
            return None
        return BatchNorm(axis=self._channel_axis, dtype=self.variable_dtype, trainable=self.trainable, name=name)

    def build(self, input_shape: Any) -> None:
        channels = input_shape[self._channel_axis]
        if channels is None:
            raise ValueError(
                f"The channel axis of the input ({self._channel_axis}) must have a known size. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={self._channel_axis: channels})
        if channels != self.filters or max(self.strides) > 1:
            self.s, self.norm_s = self._conv("s", 1, strides=self.strides), self._norm("norm_s")
            self.s.build(input_shape)
        output_shape = self.compute_output_shape(input_shape)
        self.f.build(input_shape)
        self.g.build(output_shape)
        for norm in filter(None, (self.norm_f, self.norm_s, self.norm_g)):
            norm.build(output_shape)
        self.alpha = self.add_weight(name="alpha", shape=(), initializer="zeros", autocast=False)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        f = self._branch(self.f, self.norm_f, inputs, training)
        s = self._branch(self.s, self.norm_s, inputs, training)
        g = self._branch(self.g, self.norm_g, f * s, training)
        return ops.cast(f + s + g * ops.cast(self.alpha, g.dtype), self.compute_dtype)

    def _branch(self, conv, norm, x, training):
        x = ops.cast(x if conv is None else conv(x), self.variable_dtype)
        return x if norm is None else norm(x, training=training)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return self.f.compute_output_shape(input_shape)

    def degree_rule(self, degrees: list[int]) -> int:
        """Degree of the output, given that of the input: twice as much."""
        (degree,) = degrees
        return 2 * degree

    def multiplications_rule(self) -> int:
        """Number of successive products: one, f ∗ s, with an affine map before it and one (α·g) after it."""
        return 1

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "dilation_rate": self.dilation_rate,
            "data_format": self.data_format,
            "normalization": self.normalization,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
