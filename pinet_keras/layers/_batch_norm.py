"""Keras' batch normalisation with a lower momentum, corrected for masks on a single channel and for rounding."""

import keras
from keras import ops


class BatchNorm(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` with momentum 0.9, whose masked statistics keep their one axis.

    With Keras' momentum of 0.99 the running statistics lag some hundred steps behind the weights, and every product
    multiplies the lag: in short trainings the network in training was accurate and the same one at inference was not.
    0.9 is PyTorch's default. Keras also squeezes masked statistics, so that with one channel (rank 1, or a shared
    activation) they lose their axis and the layer fails. On PyTorch its variance is a difference of two means, which
    rounding can make negative where values are large and alike, as high powers are: the outputs were NaN.
    """

    def __init__(self, momentum=0.9, **kwargs):
        super().__init__(momentum=momentum, **kwargs)

    def _moments(self, inputs, mask):
        mean, variance = super()._moments(inputs, mask)
        return ops.reshape(mean, (-1,)), ops.maximum(ops.reshape(variance, (-1,)), 0)
