"""A functional model that checks its waveforms at the door."""

import keras
import numpy as np

from zoo.pixel_model import PixelModel
from zoo.sounds import check_sounds


@keras.saving.register_keras_serializable(package="pinet_keras")
class SoundModel(PixelModel):
    """`keras.Model` over sounds that refuses, with a ValueError, arrays that are no batch of waveforms.

    Arrays given to a call, `predict` or `predict_on_batch` are checked: rank, length, an empty batch, NaN and values
    that are none of 16 bits. Tensors pass unchecked.

    Input shape:
        `[batch, samples]`, int16 or float in −32768..32767, 8,000 samples a second.

    Output shape:
        As the functional graph says; `[batch, classes]` logits for classifiers.

    Raises:
        ValueError: the array is no batch of waveforms of the model's length.
    """

    def _check(self, examples):
        if isinstance(examples, np.ndarray):
            check_sounds(examples, self.input_shape[1:])
