"""The layer that turns a label into a learned vector."""

import keras
from keras import ops

from pinet_keras.arguments import positive_integer


@keras.saving.register_keras_serializable(package="pinet_keras")
class LabelEmbedding(keras.layers.Layer):
    """y ↦ row y of a learned table `[classes, size]`.

    A label is not a variable, so it counts as degree 0: the certificate of a conditional generator is about
    the noise, for each label. `keras.layers.Embedding` does the same but has no degree.

    Args:
        num_classes: rows of the table.
        size: length of each row.

    Input shape:
        `[batch]`, whole numbers 0..num_classes − 1 of any dtype.

    Output shape:
        `[batch, size]`.

    Raises:
        ValueError: `num_classes` or `size` is not a positive integer.
    """

    def __init__(self, num_classes, size, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.num_classes, self.size = positive_integer("num_classes", num_classes), positive_integer("size", size)

    def build(self, input_shape):
        self.table = self.add_weight(
            shape=(self.num_classes, self.size),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            name="table",
        )
        self.built = True

    def call(self, labels):
        # Rounded, as a label may come as 6.9999 from an interpolation between two 7s.
        rows = ops.take(self.table, ops.cast(ops.round(labels), "int32"), axis=0)
        return ops.cast(rows, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.size)

    def degree_rule(self, degrees):
        """Degree of the output in the noise: none."""
        return 0

    def multiplications_rule(self):
        """Number of successive products: none."""
        return 0

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes, "size": self.size}
