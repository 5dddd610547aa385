"""The input stage of audio models: from a waveform to a mel spectrogram."""

import keras
import numpy as np
from keras import layers

from zoo.data.audio import RATE

NAME, BANDS = "front_end", 40


def spectrogram(waveform):
    """Mel spectrogram in decibels, 40 bands up to 4 kHz by 16 ms steps: `[batch, samples]` → `[batch, 40, steps, 1]`.

    Everything below 30 dB on the 16-bit scale is 0, and a full-scale tone is about 96: the values lie in 0..255, as
    pixels do. The logarithm is not a polynomial, so the certificate of an audio model covers the layers after it.
    """
    # `top_db` is relative to the loudest clip of the batch; it must be so large that clips do not affect each other.
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
    """The part of a model that its certificate covers: the layers after the spectrogram, or all if there is none."""
    layer = _spectrogram_layer(model)
    return model if layer is None else keras.Model(layer.output, model.output, name=model.name)


def certified_inputs(model, examples):
    """Examples as `certified_part(model)` takes them: spectrograms of audio clips, other inputs unchanged."""
    layer = _spectrogram_layer(model)
    return examples if layer is None else np.asarray(keras.Model(model.input, layer.output).predict_on_batch(examples))


def _spectrogram_layer(model):
    """The last layer of `spectrogram`; None unless the model begins with all of its layers, as the name alone may be a
    coincidence."""
    start = model.layers[:3]
    kinds = [layers.InputLayer, layers.MelSpectrogram, layers.Reshape]
    return start[2] if [type(layer) for layer in start] == kinds and start[2].name == NAME else None
