from __future__ import annotations

from typing import Any

import keras
from keras import initializers, ops

from pinet_keras.arguments import one_of
from pinet_keras.layers._base_arguments import base_arguments
from pinet_keras.layers._batch_norm import BatchNorm

DATA_FORMATS = ("channels_last", "channels_first")


@keras.saving.register_keras_serializable(package="pinet_keras")
class SecondOrder2D(keras.layers.Layer):
    """Adds to an image its product with a second one: the unit of the trained networks, in place of an activation.

        y = a + BN(a ∗ b)

    - Called on one tensor a, b = B a is a 1×1 convolution of it, learned, and y holds products of all pairs of
      channels. Behind a convolution and its batch normalisation it stands where a ReLU would. Of the products that were
      tried on CIFAR-10 it learned fastest, per epoch and per operation; `pinet_cifar10` is made of it.
    - Called on a list of two, `[a, b]`, b is the second. With `alpha=None` this is a step of the CCP model when a and b
      are affine maps of one input, such as the halves of one convolution, and a step of NCP-Skip when a comes from the
      step before and b from the input of the network.

    The batch normalisation is affine at inference, so y is exactly a polynomial, whose degree is the sum of those of a
    and b. It is of the product alone: products have longer tails than their factors, and are scaled on their own.

    Args:
        alpha: Initial scale of the batch normalisation: with 0 the unit is the identity at first and learns the weight
            of the second order. `None` leaves the normalisation out.
        dropout: Fraction of the channels of the product that a training step leaves out.
        data_format: `"channels_last"` or `"channels_first"`; `None` stands for Keras' configured one.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with `"channels_first"`; or a list of
        two such shapes with the same channels. The height and width of b may be 1: it is then the same everywhere.

    Output shape:
        That of a.

    Masking:
        Not supported, on purpose: images have no masks.

    Raises:
        ValueError: if `data_format` is unknown, if `dropout` is below 0 or not below 1, or if the input is not one or
            two tensors of four axes, with channels of known number and sizes that go together.

    Reference:
        Chrysos et al., Deep Polynomial Neural Networks, arXiv 2006.13026 (the steps of CCP and NCP-Skip). A batch
        normalisation for each order: Park et al., AESPA, arXiv 2201.06699.

    Example:
        >>> model = keras.Sequential(
        ...     [
        ...         keras.Input((32, 32, 3)),
        ...         keras.layers.Conv2D(16, 3, padding="same", use_bias=False),
        ...         keras.layers.BatchNormalization(),
        ...         pinet_keras.SecondOrder2D(),
        ...     ]
        ... )
        >>> model.output_shape
        (None, 32, 32, 16)
    """

    def __init__(self, alpha: float | None = 0.3, dropout: float = 0.0, data_format: str | None = None, **kwargs):
        super().__init__(**base_arguments(self, kwargs))
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must be at least 0 and less than 1. Received: dropout={dropout!r}")
        self.alpha = None if alpha is None else float(alpha)
        self.dropout = float(dropout)
        self.data_format = one_of("data_format", data_format or keras.config.image_data_format(), DATA_FORMATS)
        # `build` makes those that are needed
        self.mix: keras.layers.Layer | None = None
        self.norm: keras.layers.Layer | None = None
        self.drop: keras.layers.Layer | None = None

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1

    def build(self, input_shape: Any) -> None:
        shapes = _shapes(input_shape)
        self._check(shapes)
        channels = shapes[0][self._channel_axis]
        specs = [keras.layers.InputSpec(ndim=4, axes={self._channel_axis: channels}) for _ in shapes]
        self.input_spec = specs if len(shapes) == 2 else specs[0]
        if len(shapes) == 1:
            self.mix = keras.layers.Conv2D(
                channels,
                1,
                use_bias=False,
                kernel_initializer="he_normal",
                data_format=self.data_format,
                dtype=self.dtype_policy,
                trainable=self.trainable,
                name="mix",
            )
        # The product runs in the variable dtype, float32 under mixed precision: it may leave the range of float16.
        if self.alpha is not None:
            self.norm = BatchNorm(
                axis=self._channel_axis,
                gamma_initializer=initializers.Constant(self.alpha),
                dtype=self.variable_dtype,
                trainable=self.trainable,
                name="norm",
            )
        if self.dropout:
            self.drop = keras.layers.SpatialDropout2D(
                self.dropout, data_format=self.data_format, dtype=self.variable_dtype, name="drop"
            )
        for layer in filter(None, (self.mix, self.norm, self.drop)):
            layer.build(shapes[0])
        self.built = True

    def _check(self, shapes):
        right = len(shapes) in (1, 2) and all(len(shape) == 4 for shape in shapes)
        if not right or shapes[0][self._channel_axis] is None:
            raise ValueError(
                "The input must be one tensor or a list of two, each of four axes, with channels of known number. "
                f"Received: input_shape={shapes}"
            )
        a, b = shapes[0], shapes[-1]
        places = [axis for axis in range(1, 4) if axis != self._channel_axis % 4]
        together = b[self._channel_axis] == a[self._channel_axis] and all(
            b[axis] in (1, a[axis]) or None in (a[axis], b[axis]) for axis in places
        )
        if not together:
            raise ValueError(
                "The second tensor must have the channels of the first, and its height and width or 1. "
                f"Received: input_shape={shapes}"
            )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        a, b = inputs if self.mix is None else (inputs, self.mix(inputs))
        a, b = (ops.cast(x, self.variable_dtype) for x in (a, b))
        product = a * b
        if self.norm is not None:
            product = self.norm(product, training=training)
        if self.drop is not None:
            product = self.drop(product, training=training)
        return ops.cast(a + product, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return _shapes(input_shape)[0]

    def degree_rule(self, degrees: list[int]) -> int:
        """Degree of the output, given those of the inputs: their sum, or twice that of the only one."""
        return degrees[0] + degrees[-1]

    def multiplications_rule(self) -> int:
        """Number of successive products: one."""
        return 1

    @property
    def affine_ends(self) -> tuple[bool, bool]:
        """Whether an affine map stands before the product (B), and after it (BN)."""
        return self.mix is not None, self.norm is not None

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "dropout": self.dropout,
            "data_format": self.data_format,
        }


def _shapes(input_shape) -> list[tuple]:
    """The shapes of one input or of several, as a list."""
    several = isinstance(input_shape[0], list | tuple)
    return [tuple(shape) for shape in (input_shape if several else [input_shape])]
