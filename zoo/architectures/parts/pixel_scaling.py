"""Input scaling of classifiers: pixels in, standardised values out."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pinet_keras")
class PixelScaling(keras.layers.Layer):
    """Standardises pixels and keeps them pixels: y = (clip(x, 0, 255) − mean) / std, channel by channel.

    Without the clip, values outside 0..255 would overflow in a polynomial of high degree. On pixels the layer is
    affine, so it counts as degree 1.

    Args:
        mean: mean of each channel in grey levels, 0..255.
        std: standard deviation of each channel in grey levels, above 0.

    Input shape:
        `[batch, height, width, channels]`, any real dtype, grey levels 0..255.

    Output shape:
        The same, standardised, in the layer's compute dtype.

    Raises:
        ValueError: `mean` and `std` differ in length, or a `std` is not above 0.
    """

    def __init__(self, mean, std, **kwargs):
        # Pixels arrive in whatever dtype they are stored in; Keras would cast uint8 only after this layer saw it.
        super().__init__(autocast=False, **kwargs)
        self.mean = [float(value) for value in mean]
        self.std = [float(value) for value in std]
        if len(self.mean) != len(self.std) or min(self.std, default=0) <= 0:
            raise ValueError(
                "`mean` and `std` need one value per channel, and every `std` must be above 0. "
                f"Received: mean={mean}, std={std}"
            )

    def call(self, inputs):
        pixels = ops.clip(ops.cast(inputs, self.compute_dtype), 0.0, 255.0)
        mean = ops.convert_to_tensor(self.mean, dtype=self.compute_dtype)
        scale = ops.convert_to_tensor([1.0 / value for value in self.std], dtype=self.compute_dtype)
        return (pixels - mean) * scale

    def compute_output_shape(self, input_shape):
        return input_shape

    def degree_rule(self, degrees):
        """Degree of the output: that of the input (affine on pixels)."""
        return degrees[0]

    def multiplications_rule(self):
        """Number of successive products: none."""
        return 0

    def get_config(self):
        return {**super().get_config(), "mean": self.mean, "std": self.std}
