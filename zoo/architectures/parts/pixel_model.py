"""A functional model that validates its input images."""

import warnings

import keras
import numpy as np

from zoo.architectures.parts.built_model import BuiltModel
from zoo.data.images import check_images, scale_warning


@keras.saving.register_keras_serializable(package="pinet_keras")
class PixelModel(BuiltModel):
    """`keras.Model` over images that raises a ValueError for arrays that are not a batch of pixels.

    NumPy arrays are checked before anything is computed, whether they go to a call, `predict`, `fit` (its
    `validation_data` too), `evaluate`, `predict_on_batch`, `train_on_batch` or `test_on_batch`: rank, size, channels,
    an empty batch, NaN and values outside 0..255. Tensors, data sets (`tf.data` and others) and generators are not:
    there `PixelScaling` clips to 0..255, and NaN makes the logits NaN.

    Valid arrays that look like a mistake, such as images divided by 255, cause one warning.

    Input shape:
        `[batch, height, width, channels]`, uint8 or float grey levels 0..255.

    Output shape:
        As the functional graph says; `[batch, classes]` logits for classifiers.

    Raises:
        ValueError: the array is no batch of images of the model's size.
    """

    computes_its_graph = True  # for the certificate: what follows checks inputs and changes none
    _told = ""

    def __call__(self, inputs, *args, **kwargs):
        self._check(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        self._check(x)
        return super().predict(x, *args, **kwargs)

    def predict_on_batch(self, x):
        self._check(x)
        return super().predict_on_batch(x)

    def fit(self, x=None, *args, **kwargs):
        self._check(x)
        if isinstance(held_out := kwargs.get("validation_data"), tuple):  # fit would see it after the first epoch
            self._check(held_out[0])
        return super().fit(x, *args, **kwargs)

    def evaluate(self, x=None, *args, **kwargs):
        self._check(x)
        return super().evaluate(x, *args, **kwargs)

    def train_on_batch(self, x, *args, **kwargs):
        self._check(x)
        return super().train_on_batch(x, *args, **kwargs)

    def test_on_batch(self, x, *args, **kwargs):
        self._check(x)
        return super().test_on_batch(x, *args, **kwargs)

    def _check(self, x):
        arrays = x.values() if isinstance(x, dict) else x if isinstance(x, list | tuple) else [x]
        for examples in arrays:
            if isinstance(examples, np.ndarray):
                self._check_array(examples)
                doubt = self._doubt(examples)
                if doubt and doubt != self._told:  # Python's own memory of it is lost at each change of its filters
                    self._told = doubt
                    warnings.warn(doubt, stacklevel=3)  # where predict, fit, … was called

    def _check_array(self, examples):
        check_images(examples, self.input_shape[1:])

    def _doubt(self, examples):
        return scale_warning(examples)
