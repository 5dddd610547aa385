"""The head that ArcFace is trained with."""

import keras
from keras import ops

from pinet_keras.arguments import positive_integer


@keras.saving.register_keras_serializable(package="pinet_keras")
class CosineDense(keras.layers.Layer):
    """Cosines of the angles between an embedding and a learned direction for each class.

        y_k = (x · w_k) / (‖x‖ ‖w_k‖)

    It is for training with `AdditiveAngularMargin`, and is not a polynomial. Of one embedding the largest cosine is the
    largest x · w_k / ‖w_k‖, an affine map: `directions` gives its kernel.

    Args:
        units: number of classes.
        name: name of the layer.
        dtype: dtype or policy of the layer.
        trainable: whether the directions are trained.

    Input shape:
        `[batch, d]`.

    Output shape:
        `[batch, units]`, in −1..1.

    Raises:
        ValueError: `units` is not a positive integer.

    Reference:
        Deng et al., ArcFace, arXiv 1801.07698, section 3.1.
    """

    def __init__(self, units: int, name=None, dtype=None, trainable=True):
        super().__init__(name=name, dtype=dtype, trainable=trainable)
        self.units = positive_integer("units", units)

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), "glorot_uniform", name="kernel")

    def directions(self):
        """The kernel with columns of length 1, `[d, units]`."""
        return ops.normalize(self.kernel, axis=0)

    def call(self, inputs):
        return ops.matmul(ops.normalize(inputs, axis=-1), self.directions())

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}
