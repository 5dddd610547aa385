"""The sample images and audio clips that are bundled with the zoo."""

from pathlib import Path

import numpy as np

from zoo.data.audio import read_example
from zoo.paths import SAMPLES


def samples(dataset) -> list[tuple[Path, str]]:
    """The bundled images or audio clips of a data set, each with its true class (`DATASET_CLASS_INDEX.png`)."""
    return [
        (path, path.stem.removeprefix(f"{dataset}_").split("_")[0]) for path in sorted(SAMPLES.glob(f"{dataset}_*"))
    ]


def sample_inputs(card) -> np.ndarray:
    """The bundled images, uint8 `[n, height, width, channels]`, or audio clips, int16 `[n, samples]`, for a card."""
    return np.stack([read_example(path, card["input_shape"]) for path, _ in samples(card["dataset"]["name"])])
