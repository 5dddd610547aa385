"""Measuring a generator of the zoo against the test split."""

import numpy as np

from zoo.data.loading import load_set
from zoo.generation.image_metrics import ImageMetrics
from zoo.generation.sampling import sample
from zoo.generation.sheets import neighbours
from zoo.loading import load
from zoo.registry import GENERATION, card_for

TOLERANCE = 1e-3  # relative: float32 sums differ in their last digits between machines


def evaluate(name, *, data=None, data_dir=None, seed=None) -> dict:
    """Measure a trained generator against its test split and compare with its card.

    Args:
        name: name of a shipped model, or folder of a run.
        data: path of a uint8 `.npz` to read instead of TFDS.
        data_dir: where TFDS keeps its data sets.
        seed: of the noise; `None` takes the card's.

    Returns:
        A dict of the metrics, those of the card, and `reproduces_card`: same data, same seed, and every metric equal to
        the card's to a thousandth.

    Raises:
        ValueError: unknown model, not a generator, or data of another kind than its data set.
        FileNotFoundError: the data set is not there.
    """
    card = card_for(name, GENERATION)
    quality, data_set = card["quality"], load_set(card["dataset"]["name"], data, data_dir)
    seed = quality["seed"] if seed is None else seed
    image_metrics = ImageMetrics(quality["classifier"], data_set.x_test, data_set.y_test)
    metrics = image_metrics.of_generator(load(name), quality["samples"], seed)
    on_card: dict = {key: value for key, value in quality.items() if key in metrics}
    same_data = data_set.sha256 == card["dataset"]["sha256"]
    same_metrics = all(np.isclose(metrics[key], on_card[key], rtol=TOLERANCE, atol=1e-6) for key in metrics)
    return {
        "model": card["name"],
        "dataset": card["dataset"]["name"],
        "same_data_as_card": same_data,
        "split": "test",
        "classifier": quality["classifier"],
        "samples": quality["samples"],
        "seed": seed,
        **metrics,
        "card": on_card,
        "reproduces_card": same_data and seed == quality["seed"] and same_metrics,
    }


def nearest_training_images(name, *, count=10, seed=0, data=None, data_dir=None) -> np.ndarray:
    """Images of a generator, each followed by the seven nearest training images: has it memorised them?

    Distances are Euclidean, in the features of the card's evaluation classifier.

    Args:
        name: name of a shipped generator, or folder of a run.
        count: images.
        seed: of the noise.
        data: path of a uint8 `.npz` to read instead of TFDS.
        data_dir: where TFDS keeps its data sets.

    Returns:
        uint8 `[8 · count, height, width, channels]`, to be shown in rows of 8.
    """
    card = card_for(name, GENERATION)
    data_set = load_set(card["dataset"]["name"], data, data_dir)
    image_metrics = ImageMetrics(card["quality"]["classifier"], data_set.x_train, data_set.y_train)
    images, _ = sample(load(name), count, seed)
    return neighbours(images, image_metrics.features(images), data_set.x_train, image_metrics.real_features)
