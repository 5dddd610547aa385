"""The spectrogram of audio models as sums and products: ONNX has no transform that Keras' one is converted to."""

import keras
import numpy as np
from keras import layers, ops

from zoo.architectures.parts.spectrogram import certified_part


def without_fourier_transform(model) -> keras.Model:
    """An audio model whose Fourier transforms are one convolution with sines and cosines.

    Args:
        model: `keras.Model`.

    Returns:
        A model of the same function; the very same model where it has no spectrogram.
    """
    rest = certified_part(model)
    if rest is model:
        return model
    waveform = keras.Input(model.input_shape[1:], name=model.inputs[0].name)
    return keras.Model(waveform, rest(_decibels(waveform, model.layers[1])), name=model.name)


def _decibels(waveform, mel: layers.MelSpectrogram):
    """What the layer computes, of the settings that `zoo.architectures.parts.spectrogram` gives it: `top_db` is so
    large there that it changes nothing."""
    size, bins = mel.fft_length, mel.fft_length // 2 + 1
    padded = ops.pad(waveform, [[0, 0], [size // 2, size // 2]], mode="reflect")
    transform = layers.Conv1D(2 * bins, size, strides=mel.sequence_stride, use_bias=False, name="fourier_transform")
    real, imaginary = ops.split(transform(padded[..., None]), 2, axis=-1)
    transform.set_weights([_waves(size)[:, None, :]])
    filters = mel.linear_to_mel_weight_matrix(mel.num_mel_bins, bins, mel.sampling_rate, mel.min_freq, mel.max_freq)
    energy = ops.matmul(real * real + imaginary * imaginary, ops.convert_to_numpy(filters))
    reference = float(10 * np.log10(max(mel.ref_power, mel.min_power)))  # NumPy's float64 would make all of it float64
    loudness = 10 * ops.log10(ops.maximum(energy, mel.min_power)) - reference
    return ops.transpose(loudness, (0, 2, 1))[..., None]


def _waves(size):
    """Cosines, then sines, of all frequencies, in a Hann window: `[size, 2 · (size // 2 + 1)]`."""
    time = np.arange(size)[:, None]
    angles = 2 * np.pi * time * np.arange(size // 2 + 1) / size
    window = 0.5 - 0.5 * np.cos(2 * np.pi * time / size)
    return np.concatenate([window * np.cos(angles), window * np.sin(angles)], axis=1).astype("float32")
