"""Measuring a model of the zoo on the test split."""

import time

import keras
import numpy as np

from zoo.data.loading import load_set
from zoo.evaluation.scores import accuracy_interval, expected_calibration_error
from zoo.loading import load
from zoo.registry import AUDIO_CLASSIFICATION, CLASSIFICATION, card_for


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
    return model.predict(examples, batch_size=batch_size, verbose=0, callbacks=callbacks)


def evaluate(name, *, data=None, data_dir=None, batch_size=500, progress=None) -> dict:
    """Measure a trained classifier on its test split and compare with its card.

    Args:
        name: name of a shipped model, or folder of a run.
        data: path of an `.npz` to read instead of TFDS.
        data_dir: where TFDS keeps its data sets.
        batch_size: examples at a time.
        progress: called with (done, all) examples.

    Returns:
        A dict of the metrics; `reproduces_card` says whether the accuracy is the card's to four digits and the data set
        the card's by checksum.

    Raises:
        ValueError: unknown model, or data that are not its data set's kind.
        FileNotFoundError: the data set is not there.
    """
    card = card_for(name, CLASSIFICATION, AUDIO_CLASSIFICATION)
    data_set = load_set(card["dataset"]["name"], data, data_dir)
    model = load(name)
    started = time.perf_counter()
    total = len(data_set.x_test)
    report = (lambda done: progress(done, total)) if progress else None
    logits = predict_logits(model, data_set.x_test, batch_size, report)
    seconds = time.perf_counter() - started
    accuracy, interval = accuracy_interval(logits, data_set.y_test)
    same_data = data_set.sha256 == card["dataset"]["sha256"]
    return {
        "model": card["name"],
        "dataset": card["dataset"]["name"],
        "same_data_as_card": same_data,
        "split": "test",
        "examples": total,
        "accuracy": accuracy,
        "interval_95": interval,
        "card_accuracy": card["accuracy"]["test"],
        "ece": expected_calibration_error(logits, data_set.y_test),
        "seconds": seconds,
        "images_per_second": total / seconds,
        "reproduces_card": same_data and round(accuracy, 4) == round(card["accuracy"]["test"], 4),
    }
