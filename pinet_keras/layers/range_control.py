from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pinet_keras.layers._base_arguments import base_arguments


@keras.saving.register_keras_serializable(package="pinet_keras")
class RangeControl(keras.layers.Layer):
    """Teaches a network to keep values within ±bound: the identity at inference.

    In training y = min(max(x, −bound), bound), and the loss has a further term

        penalty · mean((x / (0.96 bound))¹⁰).

    A polynomial that approximates a function on ±bound, such as `ReLUApproximation`, may be far from it elsewhere: put
    this layer in front of it, behind a batch normalisation. Nothing is clipped at inference, so a network with this
    layer remains a polynomial. Whether unusual inputs leave the range has to be measured.

    Args:
        bound: Positive number.
        penalty: Weight of the term in the loss, 0 or more.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Input shape:
        Any.

    Output shape:
        That of the input.

    Raises:
        ValueError: if `bound` is not positive, or `penalty` is negative.

    Reference:
        A penalty on values outside the range of an approximation: arXiv 2505.11589.

    Example:
        >>> layer = pinet_keras.RangeControl(bound=5.0)
        >>> x = keras.ops.array([[-7.0, 1.0]])
        >>> keras.ops.convert_to_numpy(layer(x, training=True)).tolist(), float(layer.losses[0]) > 10
        ([[-5.0, 1.0]], True)
        >>> keras.ops.convert_to_numpy(layer(x)).tolist()
        [[-7.0, 1.0]]
    """

    def __init__(self, bound: float = 5.0, penalty: float = 1.0, **kwargs):
        super().__init__(**base_arguments(self, kwargs))
        if not bound > 0:
            raise ValueError(f"`bound` must be above 0. Received: bound={bound!r}")
        if not penalty >= 0:
            raise ValueError(f"`penalty` must be 0 or more. Received: penalty={penalty!r}")
        self.bound = float(bound)
        self.penalty = float(penalty)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if not training:
            return inputs
        if self.penalty:  # the exponent is so high that values well within the range cost nothing
            square = ops.square(ops.cast(inputs, "float32") / (0.96 * self.bound))
            self.add_loss(self.penalty * ops.mean(square * ops.square(ops.square(square))))
        return ops.clip(inputs, -self.bound, self.bound)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return input_shape

    def degree_rule(self, degrees: list[int]) -> int:
        """Degree of the output at inference: that of the input."""
        (degree,) = degrees
        return degree

    def multiplications_rule(self) -> int:
        """Number of successive products: none."""
        return 0

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bound": self.bound, "penalty": self.penalty}
