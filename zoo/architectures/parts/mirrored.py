"""Features of an image and of its mirror image, averaged."""

from collections.abc import Callable

import keras
from keras import ops


def mirrored(features: Callable, inputs):
    """The mean of the features of an image and of its mirror image, both by the same weights: `[batch, d]`.

    A mean of two polynomials is a polynomial of the same degree; all operations are done twice.

    Args:
        features: makes features `[batch, d]` of an image.
        inputs: `[batch, height, width, channels]` standardised image.
    """
    one = keras.Input(inputs.shape[1:], name="image")
    body = keras.Model(one, features(one), name="body")
    return keras.layers.Average(name="features")([body(inputs), body(ops.flip(inputs, axis=2))])
