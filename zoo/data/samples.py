"""The sample images and audio clips that are bundled with the zoo, and patterns where there are none."""

from pathlib import Path

import numpy as np

from zoo.data.audio import read_example
from zoo.data.catalog import SETS
from zoo.paths import SAMPLES


def samples(dataset) -> list[tuple[Path, str]]:
    """The bundled images or audio clips of a data set, each with its true class (`DATASET_CLASS_INDEX.png`).

    There are none of other data sets than the shipped models'.
    """
    if dataset not in SETS:
        return []
    return [
        (path, path.stem.removeprefix(f"{dataset}_").split("_")[0]) for path in sorted(SAMPLES.glob(f"{dataset}_*"))
    ]


def sample_inputs(card) -> np.ndarray:
    """Inputs that a card's model takes: bundled images, or audio clips, of its data set; else `patterns`.

    Returns:
        uint8 `[n, height, width, channels]`, or int16 `[n, samples]`.
    """
    files = samples(card["dataset"]["name"])
    shape = card["input_shape"]
    return np.stack([read_example(path, shape) for path, _ in files]) if files else patterns(shape)


def patterns(shape, count=10, seed=0) -> np.ndarray:
    """Random inputs, the same on every machine: images of 4×4 grey or coloured fields, or noise as audio clips.

    The fields have little contrast, as a polynomial of high degree may overflow on pixels far from any photograph.

    Args:
        shape: `(height, width, channels)`, or `(samples,)`.
        count: how many.
        seed: of the random numbers.

    Returns:
        uint8 `[count, height, width, channels]`, or int16 `[count, samples]`.
    """
    generator = np.random.default_rng(seed)
    if len(shape) == 1:
        return generator.integers(-3000, 3001, (count, *shape), dtype="int16")
    height, width, channels = shape
    fields = generator.integers(64, 192, (count, 4, 4, channels), dtype="uint8")
    return fields[:, np.arange(height) * 4 // height][:, :, np.arange(width) * 4 // width]
