"""What networks take, checked as the models of `zoo.load` check it. Imports no backend."""

import numpy as np

from zoo.data import audio, images
from zoo.data.noise import check_label, check_latent


def image_arrays(inputs, card) -> tuple[list[np.ndarray], str]:
    """A batch of images as the arrays of a network, and a warning if their scale looks like a mistake.

    Args:
        inputs: `[batch, height, width, channels]`, grey levels 0..255.
        card: of the network, for its input shape.

    Raises:
        ValueError: as of `zoo.data.images.check_images`.
    """
    array = np.asarray(inputs)
    images.check_images(array, card["input_shape"])
    return [array], images.scale_warning(array)


def audio_arrays(inputs, card) -> tuple[list[np.ndarray], str]:
    """The same for a batch of audio clips, `[batch, samples]` of 16 bits."""
    array = np.asarray(inputs)
    audio.check_audio(array, card["input_shape"])
    return [array], audio.scale_warning(array)


def noise_arrays(inputs, card) -> tuple[list[np.ndarray], str]:
    """The same for noise `[batch, d]`, or the pair of it and labels `[batch]` where the card has classes.

    Raises:
        ValueError: no pair where one is needed, wrong shapes, a latent outside −1..1, a label that is no class.
    """
    classes = len(card["class_names"])
    if classes and (not isinstance(inputs, list | tuple) or len(inputs) != 2):
        raise ValueError(f"{card['name']} takes [latent, label]. Received: {type(inputs).__name__}")
    arrays = [np.asarray(each) for each in (inputs if classes else [inputs])]
    check_latent(arrays[0], card["latent_size"])
    if classes:
        check_label(arrays[1], len(arrays[0]), classes)
    return arrays, ""
