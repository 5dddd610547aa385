from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import constraints, initializers, ops, regularizers

from pinet_keras.arguments import one_of, positive_integer
from pinet_keras.layers._base_arguments import base_arguments

DATA_FORMATS = ("channels_last", "channels_first")
PADDINGS = ("valid", "same")


@keras.saving.register_keras_serializable(package="pinet_keras")
class MirrorConv2D(keras.layers.Layer):
    """A convolution that commutes with mirroring: what it gives for a mirrored image is its output, mirrored.

        y = [K ∗ x + c, M(K ∗ M x) + c]

    K is a kernel with `filters` filters, and M reverses the width of an image. The output has two halves of `filters`
    channels each: what the filters see, and what they see in the mirror. Mirroring such a pair reverses the width and
    swaps the halves; that is M where the input is itself a pair (`paired=True`). Both halves come from one convolution
    with the kernel [K, M K], so the layer costs what a `Conv2D` with `2 · filters` filters costs, and has half of its
    weights.

    A network of such layers that treats both halves of each pair alike, and takes the mean over halves and positions at
    the end, gives the same output for an image and for its mirror image, for all weights. Where a layer has weights for
    each channel, as batch normalisation has, both halves are treated alike if they are reshaped in front of it, from
    `(height, width, 2 · filters)` to `(height, 2 · width, filters)`, and back behind it. The windows of pooling have to
    cover the whole width, as otherwise columns are left out on one side only.

    Args:
        filters: Positive integer, number of channels of each half of the output.
        kernel_size: Integer or tuple of 2, window of K.
        paired: Whether the input is a pair, the output of such a layer; `False` for an image.
        padding: `"valid"` or `"same"`. The latter needs an odd width of the kernel: an even one is padded on one side
            more than on the other.
        data_format: `"channels_last"` or `"channels_first"`; `None` stands for Keras' configured one.
        use_bias: Whether there is a bias c, the same for both halves.
        kernel_initializer: Initializer of K.
        bias_initializer: Initializer of c.
        kernel_regularizer: Regularizer of K.
        bias_regularizer: Regularizer of c.
        kernel_constraint: Constraint on K.
        bias_constraint: Constraint on c.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with `"channels_first"`.

    Output shape:
        That of a `keras.layers.Conv2D` with `2 · filters` filters.

    Masking:
        Not supported, on purpose: a window mixes pixels that are masked with pixels that are not.

    Raises:
        ValueError: if `filters` or `kernel_size` is not a positive integer, if `padding` or `data_format` is unknown,
            if `padding="same"` meets a kernel of even width, or if the input does not have four axes, or its channels
            are of unknown number or, with `paired=True`, of an odd one.

    Reference:
        Cohen and Welling, Group Equivariant Convolutional Networks, arXiv 1602.07576: the group of the identity and the
        mirroring.

    Example:
        >>> image = np.random.default_rng(0).normal(size=(1, 8, 8, 3))
        >>> first, second = pinet_keras.MirrorConv2D(4, 3, paired=False), pinet_keras.MirrorConv2D(4, 3)
        >>> y, mirrored = (keras.ops.convert_to_numpy(second(first(x))) for x in (image, image[:, :, ::-1]))
        >>> y.shape
        (1, 4, 4, 8)
        >>> bool(np.allclose(np.roll(mirrored[:, :, ::-1], 4, axis=-1), y, atol=1e-5))  # `roll` swaps the halves
        True
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        paired: bool = True,
        padding: str = "valid",
        data_format: str | None = None,
        use_bias: bool = True,
        kernel_initializer: str | dict | Callable = "glorot_uniform",
        bias_initializer: str | dict | Callable = "zeros",
        kernel_regularizer: str | dict | Callable | None = None,
        bias_regularizer: str | dict | Callable | None = None,
        kernel_constraint: str | dict | Callable | None = None,
        bias_constraint: str | dict | Callable | None = None,
        **kwargs,
    ):
        super().__init__(**base_arguments(self, kwargs))
        self.filters = positive_integer("filters", filters)
        self.kernel_size = _two_integers("kernel_size", kernel_size)
        self.paired = bool(paired)
        self.padding = one_of("padding", padding, PADDINGS)
        self.data_format = one_of("data_format", data_format or keras.config.image_data_format(), DATA_FORMATS)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = keras.layers.InputSpec(ndim=4)
        if self.padding == "same" and self.kernel_size[1] % 2 == 0:
            raise ValueError(
                'A kernel of even width is not padded alike on both sides: it needs padding="valid". '
                f"Received: kernel_size={kernel_size!r}"
            )

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else 3

    def build(self, input_shape: Any) -> None:
        channels = input_shape[self._channel_axis]
        if channels is None or (self.paired and channels % 2):
            raise ValueError(
                f"The channels of the input (axis {self._channel_axis}) must be of known number"
                f"{', an even one with `paired=True`' if self.paired else ''}. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={self._channel_axis: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        outputs = ops.conv(inputs, self._both_kernels(), padding=self.padding, data_format=self.data_format)
        if self.bias is None:
            return outputs
        shape = [1] * 4
        shape[self._channel_axis] = 2 * self.filters
        return outputs + ops.reshape(ops.tile(self.bias, [2]), shape)

    def _both_kernels(self):
        """[K, M K]: the second gives for an image what the first gives in the mirror."""
        kernel = ops.convert_to_tensor(self.kernel)
        mirrored = ops.flip(kernel, axis=1)
        if self.paired:
            mirrored = ops.roll(mirrored, kernel.shape[2] // 2, axis=2)
        return ops.concatenate([kernel, mirrored], axis=3)

    def as_conv2d(self, name: str | None = None) -> keras.layers.Conv2D:
        """A plain convolution with the same outputs and twice as many weights, for inference.

        Args:
            name: its name; `None` for that of this layer.

        Raises:
            ValueError: the layer is not built.
        """
        if not self.built:
            raise ValueError(f"{self.name} has no kernel before it is built, such as by a first call.")
        (channels,) = self.input_spec.axes.values()
        layer = keras.layers.Conv2D(
            2 * self.filters,
            self.kernel_size,
            padding=self.padding,
            data_format=self.data_format,
            use_bias=self.use_bias,
            name=name or self.name,
            dtype=self.dtype_policy,
        )
        layer.build((None, channels, None, None) if self._channel_axis == 1 else (None, None, None, channels))
        layer.kernel.assign(self._both_kernels())
        if self.use_bias:
            layer.bias.assign(ops.tile(self.bias, [2]))
        return layer

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        shape = list(input_shape)
        for axis, size in zip((2, 3) if self._channel_axis == 1 else (1, 2), self.kernel_size, strict=True):
            if self.padding == "valid" and shape[axis] is not None:
                shape[axis] -= size - 1
        shape[self._channel_axis] = 2 * self.filters
        return tuple(shape)

    def degree_rule(self, degrees: list[int]) -> int:
        """Degree of the output: that of the input, as the layer is affine."""
        (degree,) = degrees
        return degree

    def multiplications_rule(self) -> int:
        """Number of successive products: none."""
        return 0

    def macs_rule(self, input_shape: tuple[int | None, ...]) -> int:
        """Multiply-accumulates for one example: those of a `Conv2D` with `2 · filters` filters."""
        height, width, channels, filters = self.kernel.shape
        output = self.compute_output_shape(input_shape)
        rows, columns = output[2:] if self._channel_axis == 1 else output[1:3]
        return 2 * height * width * channels * filters * rows * columns

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "paired": self.paired,
            "padding": self.padding,
            "data_format": self.data_format,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


def _two_integers(name: str, value: Any) -> tuple[int, int]:
    first, second = value if isinstance(value, tuple | list) and len(value) == 2 else (value, value)
    return positive_integer(name, first), positive_integer(name, second)
