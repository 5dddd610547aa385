"""Images between two classes."""

import keras
import numpy as np

from zoo.generation.latents import interpolate
from zoo.generation.sampling import as_pixels


def morph(model, latents, start, end, steps) -> np.ndarray:
    """Images on the way from one class to another, the noise being the same: the vector of the label is interpolated.

    Args:
        model: a conditional `GeneratorModel`.
        latents: `[n, d]` in −1..1, one for each way.
        start: number of the first class.
        end: number of the last one.
        steps: images a way, both ends included.

    Returns:
        uint8 `[n · steps, height, width, channels]`, the steps of a way after one another.

    Raises:
        ValueError: the generator takes no label.
    """
    if model.num_classes is None:
        raise ValueError(f"`model` must take labels, to generate images between two. Received: {model.name}")
    table = keras.ops.convert_to_numpy(model.get_layer("label_embedding").table)
    vectors = interpolate(table[start], table[end], steps)
    noise = keras.ops.convert_to_numpy(model.get_layer("noise")(latents))
    joined = np.concatenate([np.repeat(noise, steps, axis=0), np.tile(vectors, (len(latents), 1))], axis=1)
    after = keras.Model(model.get_layer("noise_and_label").output, model.output)
    return as_pixels(after.predict(joined, verbose=0))
