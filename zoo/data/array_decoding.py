"""Examples that come as arrays or Pillow images: made of the shape and type that models take."""

from typing import Any

import numpy as np
from PIL import Image

from zoo.data.audio import RATE, check_audio, fit_length
from zoo.data.audio import scale_warning as audio_scale_warning
from zoo.data.images import check_images, read_image, scale_warning


def fit_image(image: Any, shape: tuple[int, ...]) -> np.ndarray:
    """One image as uint8 of this shape: `read_image` of an array `[height, width, channels]` or a Pillow image."""
    if isinstance(image, Image.Image):
        return read_image(image, shape)
    pixels = np.asarray(image)
    if pixels.dtype == np.uint16:
        pixels = np.round(pixels / 257.0).astype("uint8")
    if pixels.shape == shape and pixels.dtype == np.uint8:
        return pixels
    return read_image(Image.fromarray(pixels.squeeze(axis=2) if pixels.shape[-1] == 1 else pixels), shape)


def fit_clip(samples: np.ndarray, length: int, rate: int | None) -> np.ndarray:
    """One waveform of 16-bit values as int16 of this length, at 8 kHz."""
    from scipy.signal import resample_poly

    waveform = np.asarray(samples, "float64")
    if rate and rate != RATE:
        waveform = resample_poly(waveform, RATE, rate)
    return fit_length(np.clip(np.round(waveform), -32768, 32767).astype("int16"), length)


def as_examples(examples: Any, what: str) -> np.ndarray:
    """A batch as models take it: images uint8 `[n, height, width, channels]`, or audio clips int16 `[n, samples]`.

    Args:
        examples: images `[n, height, width]` or `[n, height, width, channels]`, grey levels 0..255, or clips
            `[n, samples]` of 16-bit values; integers or floats.
        what: name of the array, for errors.

    Raises:
        ValueError: another shape or type, NaN or infinity, or values of another scale.
    """
    found = np.asarray(examples)
    if found.dtype.kind not in "uif" or found.ndim not in (2, 3, 4):
        raise ValueError(
            f"{what} must hold images [n, height, width, channels] or audio clips [n, samples], integers or floats. "
            f"Received: dtype={found.dtype}, shape={found.shape}"
        )
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        rows = np.flatnonzero(~np.isfinite(found).reshape(len(found), -1).all(axis=1))
        raise ValueError(
            f"{what} holds NaN or infinity. Received: {len(rows):,} of {len(found):,} examples, the first is {rows[0]}"
        )
    try:
        return _clips(found) if found.ndim == 2 else _images(found[..., None] if found.ndim == 3 else found)
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from error


def _images(images):
    if images.shape[-1] not in (1, 3):
        raise ValueError(f"Images have 1 or 3 channels, the last axis. Received: shape={images.shape}")
    check_images(images, images.shape[1:])
    if doubt := scale_warning(images):
        raise ValueError(doubt)
    return images if images.dtype == np.uint8 else np.round(images).astype("uint8")


def _clips(clips):
    check_audio(clips, clips.shape[1:])
    if doubt := audio_scale_warning(clips):
        raise ValueError(doubt)
    return clips if clips.dtype == np.int16 else np.round(clips).astype("int16")


def label_names(labels: Any, what: str, class_names: tuple[str, ...]) -> list[str]:
    """The class name of each label.

    Args:
        labels: integers or texts `[n]` or `[n, 1]`, or one-hot rows `[n, classes]`.
        what: name of the array, for errors.
        class_names: the classes in their order; empty if integers stand for themselves.

    Raises:
        ValueError: labels of another kind, or outside of the classes.
    """
    found = np.asarray(labels)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if (
        found.ndim == 2
        and found.dtype.kind in "uifb"
        and ((found == 1).sum(1) == 1).all()
        and ((found != 0).sum(1) == 1).all()
    ):
        found = found.argmax(axis=1)
    if found.ndim != 1 or (found.dtype.kind not in "uiSUT" and found.dtype != object):
        raise ValueError(
            f"{what} must hold an integer or a text for each example, or one-hot rows. "
            f"Received: dtype={found.dtype}, shape={found.shape}"
        )
    if found.dtype.kind not in "ui":
        return [each.decode() if isinstance(each, bytes) else str(each) for each in found.tolist()]
    low, high = int(found.min(initial=0)), int(found.max(initial=0))
    if low < 0 or (class_names and high >= len(class_names)):
        raise ValueError(
            f"{what} must lie in 0..{len(class_names) - 1 if class_names else '…'}. Received: {low}..{high}"
        )
    return [class_names[label] if class_names else str(label) for label in found.tolist()]
