"""Images from a trained generator."""

import numpy as np

from zoo.generation.latents import draw_latents
from zoo.inference.predictor import Predictor


def generate(model, latents, labels=None, batch_size=250) -> np.ndarray:
    """Images of given noise.

    Args:
        model: a `GeneratorModel`, or the `Predictor` of one, which is faster.
        latents: `[n, d]` in −1..1.
        labels: `[n]`, or `None` for an unconditional model.
        batch_size: images at a time.

    Returns:
        uint8 `[n, height, width, channels]`: the model's pixels rounded, and clipped to 0..255.
    """
    noise = latents if labels is None else [latents, labels]
    options = {} if isinstance(model, Predictor) else {"verbose": 0}
    pixels = model.predict(noise, batch_size=batch_size, **options)
    return as_pixels(pixels)


def as_pixels(values) -> np.ndarray:
    """Floats near 0..255 rounded, and clipped to 0..255, as uint8."""
    return np.clip(np.round(values), 0, 255).astype("uint8")


def sample(model, count, seed=0, labels=None) -> tuple[np.ndarray, np.ndarray | None]:
    """Images of a seed.

    Args:
        model: a `GeneratorModel`, or the `Predictor` of one.
        count: how many.
        seed: of the noise; image i of a seed does not depend on how many are drawn.
        labels: `[count]`; `None` takes the classes in turn.

    Returns:
        uint8 `[count, height, width, channels]`, and the labels, `None` for an unconditional model.
    """
    if model.num_classes is None:
        labels = None
    elif labels is None:
        labels = np.arange(count) % model.num_classes
    return generate(model, draw_latents(count, model.latent_size, seed), labels), labels
