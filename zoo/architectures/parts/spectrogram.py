"""The ear of a sound model: from a waveform to a picture of its loudness, frequency by frequency."""

import keras
import numpy as np
from keras import layers

from zoo.data.sounds import RATE

NAME, BANDS = "front_end", 40


def spectrogram(waveform):
    """Loudness in decibels, 40 mel bands up to 4 kHz by 16 ms steps: `[batch, samples]` → `[batch, 40, steps, 1]`.

    Everything below 30 dB of the scale of 16 bits is 0, and a full-scale tone is about 96: the values lie in 0..255, as
    pixels do. The logarithm is no polynomial, so certificates of a sound model are about what follows.
    """
    # `top_db` cuts what is so far below the loudest of the batch; sounds of one batch must not meet each other.
    loudness = layers.MelSpectrogram(
        fft_length=256,
        sequence_stride=128,
        sampling_rate=RATE,
        num_mel_bins=BANDS,
        min_freq=60,
        max_freq=RATE // 2,
        min_power=1e3,
        top_db=300,
        name=f"{NAME}_mel",
    )(waveform)
    return layers.Reshape((*loudness.shape[1:], 1), name=NAME)(loudness)


def certified_part(model) -> keras.Model:
    """The part of a model that a certificate is about: from the spectrogram on, or all of it where there is none."""
    front = _front(model)
    return model if front is None else keras.Model(front.output, model.output, name=model.name)


def certified_inputs(model, examples):
    """Examples as `certified_part(model)` takes them: spectrograms of sounds, and all else as it is."""
    front = _front(model)
    return examples if front is None else np.asarray(keras.Model(model.input, front.output).predict_on_batch(examples))


def _front(model):
    """The last layer of `spectrogram`; None unless a model starts with all of them: a name alone proves nothing."""
    start = model.layers[:3]
    kinds = [layers.InputLayer, layers.MelSpectrogram, layers.Reshape]
    return start[2] if [type(layer) for layer in start] == kinds and start[2].name == NAME else None
