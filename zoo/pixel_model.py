"""A functional model that checks its images at the door."""

import keras
import numpy as np

from zoo.images import check_images


@keras.saving.register_keras_serializable(package="pinet_keras")
class PixelModel(keras.Model):
    """`keras.Model` over images that refuses, with a ValueError, arrays that are no batch of pixels.

    NumPy arrays given to a call, `predict` or `predict_on_batch` are checked: rank, size, channels, an empty batch, NaN
    and values outside 0..255. Tensors and data sets pass unchecked; there `PixelScaling` clips.

    Input shape:
        `[batch, height, width, channels]`, uint8 or float grey levels 0..255.

    Output shape:
        As the functional graph says; `[batch, classes]` logits for classifiers.

    Raises:
        ValueError: the array is no batch of images of the model's size.
    """

    def __call__(self, inputs, *args, **kwargs):
        self._check(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        self._check(x)
        return super().predict(x, *args, **kwargs)

    def predict_on_batch(self, x):
        self._check(x)
        return super().predict_on_batch(x)

    def _check(self, examples):
        if isinstance(examples, np.ndarray):
            check_images(examples, self.input_shape[1:])
