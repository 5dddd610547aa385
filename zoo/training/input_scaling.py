"""Mean and standard deviation by which a network scales its inputs."""

import keras
import numpy as np

from zoo.architectures.parts.spectrogram import spectrogram
from zoo.data.catalog import SETS

CLIPS = 2000  # of the training split, spread evenly over it


def input_scaling(data_set) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel, over the training split.

    Of images in grey levels, of audio clips in the decibels of their spectrogram.

    Args:
        data_set: the `DataSet`; for one that the zoo knows by name they are those of its catalog.
    """
    known = SETS.get(data_set.name)
    if known and tuple(known["shape"]) == data_set.shape:
        return known["mean"], known["std"]
    if not data_set.is_audio:
        return data_set.pixel_statistics
    inputs = keras.Input(data_set.shape)
    model = keras.Model(inputs, spectrogram(inputs))
    chosen = np.unique(np.linspace(0, len(data_set.x_train) - 1, CLIPS).astype(int))
    decibels = model.predict(np.asarray(data_set.x_train[chosen]), batch_size=100, verbose=0).astype("float64")
    return [round(float(decibels.mean()), 1)], [max(1.0, round(float(decibels.std()), 1))]
