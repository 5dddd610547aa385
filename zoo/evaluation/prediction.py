"""From files to labels in one call, and its first and last steps: `preprocess` and `decode_predictions`."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np
from PIL import Image

from zoo.arguments import check_count
from zoo.card_types import Card
from zoo.data.audio import fit_length, read_example
from zoo.data.inputs import doubts
from zoo.evaluation.probabilities import likeliest, softmax_or_nan
from zoo.inference.predictor import predictor
from zoo.registry import card_for
from zoo.tasks import CLASSIFIERS

Source: TypeAlias = str | os.PathLike[str] | bytes | Image.Image | np.ndarray
Name: TypeAlias = str | Path
Labels: TypeAlias = list[tuple[str, float]]


@overload  # a string is a sequence of strings as well, and the first that fits counts
def predict(  # type: ignore[overload-overlap]
    name: Name, inputs: str | os.PathLike[str] | bytes | Image.Image, top: int = 5
) -> Labels: ...


@overload
def predict(name: Name, inputs: Sequence[Source], top: int = 5) -> list[Labels]: ...


@overload
def predict(name: Name, inputs: np.ndarray, top: int = 5) -> Labels | list[Labels]: ...


def predict(name: Name, inputs: Source | Sequence[Source], top: int = 5) -> Labels | list[Labels]:
    """Classify images or audio clips: labels and calibrated probabilities in one call.

    Loads the model, which takes longer than an image: give many inputs as one list, or make a `zoo.predictor` once.

    Args:
        name: of a classifier: name, folder or address, as for `zoo.load`.
        inputs: as for `preprocess`.
        top: how many classes.

    Returns:
        Pairs (class name, probability), the likeliest first; of a list or a batch, a list of such lists. A list is
        empty where an input is so far from what the model was trained on that its logits are beyond float32.

    Raises:
        ValueError: unknown name, no classifier, `top` below 1, or an input that `preprocess` refuses.
        FileNotFoundError: there is no such file.

    Example:
        >>> from zoo.paths import SAMPLES  # a folder of images
        >>> labels = zoo.predict("pinet_cifar10", SAMPLES / "cifar10_cat_0.png")
        >>> label, probability = labels[0]
        >>> label
        'cat'
    """
    card = _classifier_card(name)
    check_count("top", top)
    sources, single = _sources(inputs, card["input_shape"])
    examples, notes = _examples(sources, card)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    rows = predictor(name).probabilities(examples)
    answers = [likeliest(row, card["class_names"], top) for row in rows]
    return answers[0] if single else answers


def preprocess(name: Name, inputs: Source | Sequence[Source]) -> np.ndarray:
    """Make the batch that a classifier takes: any images, as uint8 pixels of the model's size.

    Images are cropped to the middle and resized, transparent parts are laid on white, colours become grey where the
    model takes grey; audio clips are resampled, and cut or padded with silence. A warning names each such change, and
    signs that an input is not what the model was trained on.

    Args:
        name: of a classifier: name, folder or address, as for `zoo.load`.
        inputs: an image: path or bytes of a file, Pillow image, or uint8 array `[height, width, channels]` or
            `[height, width]`. For an audio model: path or bytes of a WAV file, or int16 array `[samples]` at 8 kHz. Or
            a list of these, or a batch of arrays with one more axis in front.

    Returns:
        uint8 `[batch, height, width, channels]`, or int16 `[batch, samples]`; the batch is 1 for a single input.

    Raises:
        ValueError: unknown name, no classifier, or an input that is no such thing.
        FileNotFoundError: there is no such file.

    Example:
        >>> from zoo.paths import SAMPLES  # a folder of images
        >>> batch = zoo.preprocess("pinet_digits", [SAMPLES / "digits_5_0.png", SAMPLES / "digits_7_0.png"])
        >>> batch.shape, batch.dtype
        ((2, 8, 8, 1), dtype('uint8'))
        >>> zoo.load("pinet_digits").predict(batch, verbose=0).argmax(axis=1)
        array([5, 7])
    """
    card = _classifier_card(name)
    examples, notes = _examples(_sources(inputs, card["input_shape"])[0], card)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    return examples


def decode_predictions(name: Name, predictions: np.ndarray, top: int = 5, calibrated: bool = False) -> list[Labels]:
    """Turn a classifier's logits into labels and calibrated probabilities.

    Args:
        name: of the classifier, as for `zoo.load`.
        predictions: its logits `[batch, classes]`.
        top: how many classes.
        calibrated: whether the model was loaded with `calibrated=True`, so that its logits are divided by the card's
            temperature already.

    Returns:
        For each row, pairs (class name, probability), the likeliest first; no pairs where a logit is beyond float32.

    Raises:
        ValueError: unknown name, no classifier, `top` below 1, another shape, or probabilities in place of logits.

    Example:
        >>> from zoo.paths import SAMPLES  # a folder of images
        >>> batch = zoo.preprocess("pinet_digits", SAMPLES / "digits_5_0.png")
        >>> logits = zoo.load("pinet_digits").predict(batch, verbose=0)
        >>> [[(label, probability)]] = zoo.decode_predictions("pinet_digits", logits, top=1)
        >>> label
        '5'
    """
    card = _classifier_card(name)
    check_count("top", top)
    logits, names = np.asarray(predictions), card["class_names"]
    if logits.ndim != 2 or logits.shape[1] != len(names):
        raise ValueError(
            f"The logits of {name} have the shape [batch, {len(names)}]. Received: predictions of shape {logits.shape}"
        )
    if len(logits) and (logits >= 0).all() and np.allclose(logits.sum(axis=1), 1, atol=1e-4):
        raise ValueError(
            f"These are probabilities, and `predictions` must be the logits that the model gives. Received: {logits[0]}"
        )
    rows = softmax_or_nan(logits, 1.0 if calibrated else card["calibration"]["temperature"])
    return [likeliest(row, names, top) for row in rows]


def _classifier_card(name: Name) -> Card:
    return card_for(name, *CLASSIFIERS)


def _sources(inputs: Any, shape: Sequence[int]) -> tuple[list, bool]:
    """The inputs one by one, and whether it is a single one."""
    batch = isinstance(inputs, list | tuple) or (isinstance(inputs, np.ndarray) and inputs.ndim == len(shape) + 1)
    sources = list(inputs) if batch else [inputs]
    if not sources:
        raise ValueError(f"There is no input to work on. Received: {inputs!r}")
    return sources, not batch


def _examples(sources: list, card) -> tuple[np.ndarray, list[str]]:
    """The batch, and a sentence for each change that a person should know of."""
    examples, notes = [], []
    for index, source in enumerate(sources):
        found: list[str] = []
        example = _example(source, card["input_shape"], found)
        found += doubts(example, card["dataset"]["name"])
        name = os.fspath(source) if isinstance(source, str | os.PathLike) else f"input {index}"
        notes += [f"{name}: {note}" for note in found]
        examples.append(example)
    return np.stack(examples), notes


def _example(source: object, shape: Sequence[int], notes: list[str]) -> np.ndarray:
    if isinstance(source, np.ndarray):
        return _of_audio_array(source, shape) if len(shape) == 1 else read_example(_image(source), shape, notes)
    if not isinstance(source, str | os.PathLike | bytes | Image.Image) or (
        len(shape) == 1 and isinstance(source, Image.Image)
    ):
        kinds = "path, bytes of a WAV file" if len(shape) == 1 else "path, bytes of an image file, Pillow image"
        raise ValueError(f"An input must be one of: {kinds}, NumPy array. Received: {source!r}")
    return read_example(source, shape, notes)


def _image(array: np.ndarray) -> Image.Image:
    """A Pillow image of an array of pixels."""
    if array.dtype != np.uint8:
        hint = "; multiply values in 0..1 by 255 first" if array.dtype.kind == "f" else ""
        raise ValueError(f"An array of pixels must be uint8, 0..255{hint}. Received: dtype={array.dtype}")
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))) or not array.size:
        raise ValueError(
            "An array must be an image [height, width, channels] or [height, width], with 1, 3 or 4 channels, or a "
            f"batch [batch, height, width, channels]. Received: shape={array.shape}"
        )
    return Image.fromarray(array[..., 0] if array.shape[2:] == (1,) else array)


def _of_audio_array(array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    if array.dtype != np.int16 or array.ndim != 1 or not array.size:
        raise ValueError(
            "An array of an audio clip must be int16 [samples], 8,000 a second, or a batch [batch, samples]. "
            f"Received: dtype={array.dtype}, shape={array.shape}"
        )
    return fit_length(array, shape[0])
