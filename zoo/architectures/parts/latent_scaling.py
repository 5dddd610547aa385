"""Input scaling of generators."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pinet_keras")
class LatentScaling(keras.layers.Layer):
    """z ↦ √3 · clip(z, −1, 1): uniform noise of −1..1 comes out with variance 1.

    The noise is uniform because a polynomial of high degree would overflow in the tails of normal noise. On −1..1 the
    layer is linear, so it counts as degree 1.

    Input shape:
        `[batch, d]`.

    Output shape:
        The same.
    """

    def call(self, latents):
        return math.sqrt(3) * ops.clip(latents, -1.0, 1.0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def degree_rule(self, degrees):
        """Degree of the output: that of the input (linear on −1..1)."""
        return degrees[0]

    def multiplications_rule(self):
        """Number of successive products: none."""
        return 0
