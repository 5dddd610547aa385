"""From a trained model to the weights and the card that stand in the zoo."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from pinet_keras.analysis import certify, count_macs
from zoo import weights_file
from zoo.demo import samples
from zoo.environment import completed
from zoo.evaluation import predict_logits
from zoo.files import write_json
from zoo.front_end import behind_front_end
from zoo.registry import CLASSIFICATION, SOUND_CLASSIFICATION
from zoo.scores import accuracy_by_class, accuracy_interval, expected_calibration_error, fit_temperature
from zoo.sounds import read_example
from zoo.teacher import teacher_record


def publish(model, recipe, data_set, checkpoint, out_dir: Path) -> dict:
    """Write the weights as float16, read the test split once with just those weights, and write the card.

    Args:
        model: the trained model, not compiled; its weights become the rounded ones.
        recipe: the `Recipe` it was trained by.
        data_set: the `DataSet` it was trained on.
        checkpoint: the run's `Checkpoint`: its epochs, and where they were trained.
        out_dir: gets `weights/NAME.weights.h5` and `cards/NAME.json`.

    Returns:
        The card.
    """
    weights = ship_weights(model, recipe.name, out_dir)
    card = {
        "name": recipe.name,
        "description": recipe.description,
        "task": CLASSIFICATION if len(model.input_shape) == 4 else SOUND_CLASSIFICATION,
        "dataset": {"name": data_set.name, "sha256": data_set.sha256},
        "architecture": recipe.architecture,
        "architecture_arguments": recipe.architecture_arguments,
        "input_shape": list(model.input_shape[1:]),
        "class_names": list(data_set.class_names),
        **({"note": recipe.note} if recipe.note else {}),
        **structure(model),
        **_figures(model, recipe, data_set),
        "training": training_record(recipe, checkpoint),
        "weights": weights_record(weights),
        "golden": golden(model, data_set.name),
        "license": "Apache-2.0",
    }
    write_card(card, out_dir)
    return card


def ship_weights(model, name, out_dir) -> Path:
    """Write a model's weights as float16 to `weights/NAME.weights.h5`; the model gets the rounded ones."""
    path = out_dir / "weights" / f"{name}.weights.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    weights_file.save_float16(model, path)
    model.load_weights(path)
    return path


def write_card(card, out_dir) -> None:
    """Write `cards/NAME.json` in one step."""
    write_json(out_dir / "cards" / f"{card['name']}.json", card)


def weights_record(path) -> dict:
    """What a card says of its weights file."""
    return {"file": path.name, "sha256": weights_file.sha256(path), "bytes": path.stat().st_size, "dtype": "float16"}


def structure(model) -> dict:
    """What the graph alone tells: tier, degree, levels, parameters, multiply-accumulates of one example.

    Of a sound model, all but the parameters are those of what follows the spectrogram.
    """
    behind = behind_front_end(model)
    certificate = certify(behind)
    return {
        "tier": certificate.tier,
        "tier_name": certificate.tier_name,
        "degree": certificate.degree,
        "levels": certificate.levels,
        "parameters": model.count_params(),
        "macs": count_macs(behind),
    }


def golden(model, dataset) -> dict:
    """The bundled samples of a data set and the model's logits for them, which every backend must give."""
    paths, shape = [path for path, _ in samples(dataset)], model.input_shape[1:]
    examples = np.stack([read_example(path, shape) for path in paths])
    kind = "sounds" if len(shape) == 1 else "images"
    logits = np.asarray(model.predict_on_batch(examples))
    return {kind: [path.name for path in paths], "logits": logits.round(5).tolist()}


def _figures(model, recipe, data_set):
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


def training_record(recipe, checkpoint) -> dict:
    """What a card says of its training: the recipe, how long it ran, and where.

    Of a run that was resumed on another machine, or with other versions, the place of its last epoch is told; what an
    older checkpoint did not record is `None`.
    """
    return {
        "recipe": asdict(recipe),
        **teacher_record(recipe),
        "seed": recipe.seed,
        "epochs": len(checkpoint.history),
        "seconds": round(sum(row["seconds"] for row in checkpoint.history), 1),
        **completed(checkpoint.environment),
    }
