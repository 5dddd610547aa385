"""Keras' batch normalisation, mended for masks on a single channel."""

import keras
from keras import ops


class BatchNorm(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`, whose masked statistics keep their one axis.

    Keras squeezes them, so that with one channel (rank 1, or a shared activation) they lose it and the layer fails.
    """

    def _moments(self, inputs, mask):
        mean, variance = super()._moments(inputs, mask)
        return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))
