"""The entries of a classifier's card."""

import numpy as np

from zoo.data.audio import read_example
from zoo.data.samples import samples
from zoo.evaluation.classifiers import predict_logits
from zoo.evaluation.scores import accuracy_by_class, accuracy_interval, expected_calibration_error, fit_temperature
from zoo.tasks import AUDIO_CLASSIFICATION, CLASSIFICATION


def classifier_entries(model, recipe, data_set) -> dict:
    """The entries of a classifier's card that other cards do not have. Reads the test split once.

    Args:
        model: the trained classifier, with the weights that are shipped.
        recipe: the `Recipe` it was trained by.
        data_set: the `DataSet` it was trained on.
    """
    return {
        "task": CLASSIFICATION if len(model.input_shape) == 4 else AUDIO_CLASSIFICATION,
        "input_shape": list(model.input_shape[1:]),
        "class_names": list(data_set.class_names),
        "preprocessing": preprocessing(model),
        **_scores(model, recipe, data_set),
        "golden": golden(model, data_set.name),
    }


def preprocessing(model) -> dict:
    """Mean and standard deviation of each channel, by which the model standardises pixels, or decibels."""
    scaling = model.get_layer("pixels")
    return {"mean": scaling.mean, "std": scaling.std}


def golden(model, dataset) -> dict:
    """The bundled samples of a data set and the model's logits for them, which every backend must give."""
    paths, shape = [path for path, _ in samples(dataset)], model.input_shape[1:]
    examples = np.stack([read_example(path, shape) for path in paths])
    kind = "audio" if len(shape) == 1 else "images"
    logits = np.asarray(model.predict_on_batch(examples))
    return {kind: [path.name for path in paths], "logits": logits.round(5).tolist()}


def _scores(model, recipe, data_set):
    validation = predict_logits(model, data_set.x_train[-recipe.validation :])
    validation_labels = data_set.y_train[-recipe.validation :]
    temperature = fit_temperature(validation, validation_labels)
    test = predict_logits(model, data_set.x_test)
    accuracy, interval = accuracy_interval(test, data_set.y_test)
    return {
        "accuracy": {
            "test": accuracy,
            "interval_95": interval,
            "test_examples": len(test),
            "by_class": accuracy_by_class(test, data_set.y_test, data_set.class_names),
            "validation": accuracy_interval(validation, validation_labels)[0],
        },
        "calibration": {
            "temperature": temperature,
            "ece": expected_calibration_error(test, data_set.y_test),
            "ece_calibrated": expected_calibration_error(test, data_set.y_test, temperature),
        },
    }
