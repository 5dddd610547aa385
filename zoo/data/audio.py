"""Reading of WAV files, and validation of arrays of waveforms."""

import io
import os
import warnings

import numpy as np

from zoo.data.images import read_image

RATE = 8000  # samples a second
STREAM = 2**31 - 1  # bytes; a program that writes to a pipe declares more, as it does not know the length


def read_audio(source, length, notes: list[str] | None = None) -> np.ndarray:
    """Decode one WAV file into the waveform that a model takes: mono, 8 kHz, 16 bits.

    Channels are averaged, another rate is resampled, and the length is fitted as by `fit_length`.

    Args:
        source: path of a file, or the bytes of one.
        length: samples.
        notes: a list that receives a sentence for each change that a person should know of.

    Returns:
        int16 `[length]`.

    Raises:
        ValueError: not a WAV file, an empty or damaged one, or samples of an unknown scale.
        FileNotFoundError: no file of that name.
    """
    from scipy.io import wavfile
    from scipy.signal import resample_poly

    notes = [] if notes is None else notes
    name = "the bytes given" if isinstance(source, bytes) else os.fspath(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # chunks without audio, such as comments
            rate, samples = wavfile.read(io.BytesIO(source) if isinstance(source, bytes) else source)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"There is no such file. Received: {name}") from error
    except Exception as error:  # damaged headers surface as many kinds of error
        raise ValueError(f"This is no WAV file that can be read ({error}). Received: {name}") from error
    if not samples.size:
        raise ValueError(f"The file holds no samples. Received: {name}")
    notes += _cut_off(source)
    waveform = _full_scale(samples, name)
    if np.abs(waveform).max() > 32768:  # floats on another scale than -1..1, or too loud
        notes.append("cut the peaks of samples beyond full scale")
    if waveform.ndim == 2:
        notes.append(f"averaged {waveform.shape[1]} channels")
        waveform = waveform.mean(axis=1)
    if rate != RATE:
        notes.append(f"resampled from {rate} to {RATE} samples a second")
        waveform = resample_poly(waveform, RATE, rate)
    if len(waveform) > length:
        notes.append(f"kept the middle {length / RATE:.2f} of {len(waveform) / RATE:.2f} seconds")
    if len(waveform) < length:
        notes.append(f"laid {len(waveform) / RATE:.2f} seconds in the middle of {length / RATE:.2f}, the rest silence")
    return fit_length(np.clip(np.round(waveform), -32768, 32767).astype("int16"), length)


def _cut_off(source):
    """A sentence if the file is shorter than its header declares, as an interrupted download is."""
    if isinstance(source, bytes):
        head, there = source[:8], len(source)
    else:
        with open(source, "rb") as file:
            head, there = file.read(8), os.path.getsize(source)
    promised = 8 + int.from_bytes(head[4:], "big" if head[:4] == b"RIFX" else "little")
    if there >= promised or promised > STREAM:
        return []
    return [f"the file is cut off: {there:,} of the {promised:,} bytes that its header declares are there"]


def read_example(source, shape, notes: list[str] | None = None) -> np.ndarray:
    """A file as a model of this input shape takes it: `read_audio` where it is `(samples,)`, else `read_image`."""
    return read_audio(source, shape[0], notes) if len(shape) == 1 else read_image(source, shape, notes)


def fit_length(waveform, length) -> np.ndarray:
    """The middle of a waveform, or the waveform in the middle of silence.

    Args:
        waveform: `[n]`.
        length: samples.

    Returns:
        `[length]`, of the same type.
    """
    if len(waveform) >= length:
        start = (len(waveform) - length) // 2
        return waveform[start : start + length]
    before = (length - len(waveform)) // 2
    return np.pad(waveform, (before, length - len(waveform) - before))


def check_audio(clips, shape) -> None:
    """Raise an error unless an array is a batch of 16-bit waveforms of this length.

    Args:
        clips: array `[batch, samples]`, integers or floats in −32768..32767.
        shape: `(samples,)`.

    Raises:
        ValueError: wrong rank, length or dtype, an empty batch, NaN or infinity, a value outside the range of 16 bits.
    """
    if clips.dtype.kind not in "uif":
        raise ValueError(f"Audio clips must be integers or floats in -32768..32767. Received: dtype={clips.dtype}")
    if clips.ndim != 2 or clips.shape[1:] != tuple(shape) or len(clips) == 0:
        raise ValueError(
            f"Audio clips must have the shape [batch, {shape[0]}], {shape[0] / RATE:.3f} s at {RATE // 1000} kHz; "
            f"use zoo.data.audio.fit_length. Received: shape={clips.shape}"
        )
    low, high = float(clips.min()), float(clips.max())  # NaN comes through min and max
    if not (low >= -32768 and high <= 32767):
        raise ValueError(f"Samples must lie in -32768..32767. Received: values from {low:g} to {high:g}")


def scale_warning(clips) -> str:
    """A warning if the values of a valid batch suggest another scale than 16 bits; empty if they do not.

    Args:
        clips: array `[batch, samples]`, integers or floats.
    """
    if clips.dtype.kind in "ui" or not 0 < float(np.abs(clips).max()) <= 1:  # silence is zeros on every scale
        return ""
    return (
        "No sample is beyond -1..1, and the model takes 16-bit samples, -32768..32767: to it the clips are silent. "
        "Multiply them by 32767."
    )


def _full_scale(samples, name):
    """Samples of any WAV type, on the scale of 16 bits."""
    if samples.dtype == np.uint8:
        return (samples.astype("float64") - 128) * 256
    if samples.dtype == np.int32:  # 24 bits come as 32
        return samples / 65536
    if samples.dtype.kind == "f" and np.isfinite(samples).all():
        return samples.astype("float64") * 32767
    if samples.dtype == np.int16:
        return samples.astype("float64")
    raise ValueError(f"Samples of this kind have no known scale. Received: {name} with {samples.dtype}")
