"""The entries of a classifier's card."""

import numpy as np

from zoo.data.samples import sample_inputs, samples
from zoo.evaluation.classifiers import predict_logits
from zoo.evaluation.scores import accuracy_by_class, accuracy_interval, calibration_scores, fit_temperature
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
        **scores(
            model,
            data_set.class_names,
            (data_set.x_train[-recipe.validation :], data_set.y_train[-recipe.validation :]),
            (data_set.x_test, data_set.y_test),
        ),
        **golden(model, data_set.name),
    }


def preprocessing(model) -> dict:
    """Mean and standard deviation of each channel, by which the model standardises pixels, or decibels."""
    scaling = model.get_layer("pixels")
    return {"mean": scaling.mean, "std": scaling.std}


def golden(model, dataset) -> dict:
    """The entry `golden`: bundled samples of a data set, or the seed of patterns, and the model's logits for them.

    Every backend must give these logits. There is no entry where one of them is not finite, on a pattern that is far
    from what the model was trained on.
    """
    paths, shape = [path.name for path, _ in samples(dataset)], model.input_shape[1:]
    inputs = {("audio" if len(shape) == 1 else "images"): paths} if paths else {"seed": 0}
    examples = sample_inputs({"dataset": {"name": dataset}, "input_shape": shape})
    logits = np.asarray(model.predict_on_batch(examples))
    return {"golden": {**inputs, "logits": logits.round(5).tolist()}} if np.isfinite(logits).all() else {}


def scores(model, class_names, validation=None, test=None) -> dict:
    """Accuracy and calibration, as far as there are data for them.

    Args:
        model: the classifier, with the weights that are shipped.
        class_names: names of the classes.
        validation: examples and labels; the temperature is fitted on them. Without them it is 1.
        test: examples and labels; accuracy and calibration error are measured on them. Without them the card has none.
    """
    pairs = (pair and (predict_logits(model, pair[0]), pair[1]) for pair in (validation, test))
    return scores_of_logits(class_names, *pairs)


def scores_of_logits(class_names, validation=None, test=None) -> dict:
    """The same from logits and labels.

    Args:
        class_names: names of the classes.
        validation: logits and labels, or `None`.
        test: likewise.
    """
    accuracy: dict = {}
    calibration = {"temperature": 1.0}
    if validation is not None:
        calibration["temperature"] = fit_temperature(*validation)
        accuracy["validation"] = accuracy_interval(*validation)[0]
    if test is None:
        return {"calibration": calibration}
    logits, labels = test
    found, interval = accuracy_interval(logits, labels)
    return {
        "accuracy": {
            "test": found,
            "interval_95": interval,
            "test_examples": len(logits),
            "by_class": accuracy_by_class(logits, labels, class_names),
            **accuracy,
        },
        "calibration": {**calibration, **calibration_scores(logits, labels, calibration["temperature"])},
    }
