"""Measuring a generator of the zoo against the test split."""

import numpy as np

from zoo.card_entries import qualities, quality_of
from zoo.card_types import Card
from zoo.data.opening import open_for
from zoo.generation.image_metrics import ImageMetrics
from zoo.generation.sampling import sample
from zoo.generation.sheets import neighbours
from zoo.inference.predictor import predictor
from zoo.registry import card_for, has_weights
from zoo.tasks import GENERATION

TOLERANCE = 1e-3  # relative: float32 sums differ in their last digits between machines


def measure(name, card: Card, data_set, engine="auto", progress=None) -> dict:
    """Measure a trained generator against a test split, for `zoo.measuring.evaluate`.

    Args:
        name: as for `zoo.load`.
        card: its card.
        data_set: the `DataSet`.
        engine: of the generator, as for `zoo.predictor`; the features of its images are computed by Keras.
        progress: not called: the metrics are of all images together.

    Returns:
        A dict of the metrics, and `card`, the same of the card; `second_evaluation`, another such dict, where a second
        classifier evaluates whose weights are here; `as_on_card` says whether every metric is the card's to a
        thousandth.
    """
    # A wheel leaves out the weights of baselines, and some are second classifiers.
    here = [quality for quality in qualities(card) if has_weights(quality["classifier"]) or quality is card["quality"]]
    first, *others = (_measured(name, quality, data_set, engine) for quality in here)
    as_on_card = all(_as_on_card(each) for each in (first, *others))
    second = {"second_evaluation": others[0]} if others else {}
    return {**first, **second, "as_on_card": as_on_card}


def _measured(name, quality, data_set, engine):
    image_metrics = ImageMetrics(quality["classifier"], data_set.x_test, data_set.y_test)
    metrics = image_metrics.of_generator(predictor(name, engine), quality["samples"], quality["seed"])
    return {
        "classifier": quality["classifier"],
        "samples": quality["samples"],
        "seed": quality["seed"],
        **metrics,
        "card": {key: value for key, value in quality.items() if key in metrics},
    }


def _as_on_card(measured):
    return all(np.isclose(measured[key], value, rtol=TOLERANCE, atol=1e-6) for key, value in measured["card"].items())


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
    quality, data_set = quality_of(card), open_for(card, data, data_dir)
    image_metrics = ImageMetrics(quality["classifier"], data_set.x_train, data_set.y_train)
    images, _ = sample(predictor(name), count, seed)
    return neighbours(images, image_metrics.features(images), data_set.x_train, image_metrics.real_features)
