"""Measuring a model of the zoo on the test split."""

import time

import keras
import numpy as np

from zoo.card_types import Card
from zoo.data.fixed_batches import streamed
from zoo.evaluation.scores import accuracy_interval, calibration_scores
from zoo.inference.predictor import predictor as make_predictor

BATCH = 500


def predict_logits(model, examples, batch_size=500, progress=None) -> np.ndarray:
    """Logits of many images or audio clips, batch by batch.

    Args:
        model: a classifier of the zoo.
        examples: images uint8 `[n, height, width, channels]`, or audio clips int16 `[n, samples]`.
        batch_size: examples at a time.
        progress: called with the number of examples done after each batch.

    Returns:
        float32 `[n, classes]`.
    """
    callbacks = []
    if progress:

        def report(batch, logs):
            progress(min((batch + 1) * batch_size, len(examples)))

        callbacks.append(keras.callbacks.LambdaCallback(on_predict_batch_end=report))
    inputs = streamed(examples, None, batch_size)
    sizes = {"batch_size": batch_size} if inputs is examples else {}
    return model.predict(inputs, **sizes, verbose=0, callbacks=callbacks)


def measure(name, card: Card, data_set, engine="auto", progress=None) -> dict:
    """Measure a trained classifier on a test split, for `zoo.measuring.evaluate`.

    Args:
        name: as for `zoo.load`.
        card: its card.
        data_set: the `DataSet`.
        engine: as for `zoo.predictor`.
        progress: called with (done, all) examples.

    Returns:
        A dict of the metrics; `as_on_card` says whether the accuracy is the card's to four digits, `None` where the
        card holds none.
    """
    predictor = make_predictor(name, engine)
    total, parts = len(data_set.x_test), []
    started = time.perf_counter()
    for start in range(0, total, BATCH):
        parts.append(predictor.predict(data_set.x_test[start : start + BATCH]))
        if progress:
            progress(min(start + BATCH, total), total)
    seconds, logits = time.perf_counter() - started, np.concatenate(parts)
    return result(card, logits, data_set.y_test, predictor.engine, seconds)


def result(card: Card, logits: np.ndarray, labels: np.ndarray, engine: str, seconds: float) -> dict:
    """The metrics of a classifier from its logits, as `measure` gives them.

    Args:
        card: its card.
        logits: `[n, classes]`, of the test split.
        labels: `[n]`.
        engine: what it ran on.
        seconds: how long.
    """
    accuracy, interval = accuracy_interval(logits, labels)
    on_card = card["accuracy"]["test"] if "accuracy" in card else None
    return {
        "engine": engine,
        "examples": len(labels),
        "accuracy": accuracy,
        "interval_95": interval,
        "card_accuracy": on_card,
        **calibration_scores(logits, labels, card["calibration"]["temperature"]),
        "seconds": seconds,
        "images_per_second": len(labels) / seconds,
        "as_on_card": None if on_card is None else round(accuracy, 4) == round(on_card, 4),
    }
