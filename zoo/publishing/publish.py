"""Weights and card of a trained model."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import keras

from pinet_keras.analysis import certify, count_macs
from zoo import pretrained, weights_file
from zoo.architectures.parts.spectrogram import certified_part
from zoo.card_entries import CARD_FORMAT
from zoo.card_types import Card
from zoo.files import write_json
from zoo.publishing.training_record import training_record


def publish(model: keras.Model, recipe, data_set, checkpoint, out_dir: Path, describe: Callable[..., dict]) -> Card:
    """Write the weights as float16, measure the model with these weights, and write the card.

    Args:
        model: the trained model, not compiled; its weights become the rounded ones.
        recipe: the recipe it was trained by.
        data_set: the `DataSet` it was trained on.
        checkpoint: the run's `Checkpoint`: its epochs, and where they were trained.
        out_dir: gets `weights/NAME.weights.h5` and `cards/NAME.json`.
        describe: `classifier_entries` or `generator_entries`: a function of model, recipe and data set that measures
            the model, and gives the entries of the card that depend on its task.

    Returns:
        The card.
    """
    weights = ship_weights(model, recipe.name, out_dir)
    card = {
        "card_format": CARD_FORMAT,
        "name": recipe.name,
        "description": recipe.description,
        "dataset": {"name": data_set.name, "sha256": data_set.sha256},
        "architecture": recipe.architecture,
        "architecture_arguments": recipe.architecture_arguments,
        **({"note": recipe.note} if recipe.note else {}),
        **structure(model),
        **describe(model, recipe, data_set),
        "training": training_record(recipe, checkpoint),
        "weights": weights_record(weights),
        "license": "Apache-2.0",
    }
    write_card(card, out_dir)
    return cast(Card, card)


def ship_weights(model: keras.Model, name: str, out_dir: Path) -> Path:
    """Write a model's weights as float16 to `weights/NAME.weights.h5`; the model gets the rounded ones."""
    path = out_dir / "weights" / f"{name}.weights.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    weights_file.save_float16(model, path)
    model.load_weights(path)
    return path


def write_card(card: Mapping[str, Any], out_dir: Path) -> None:
    """Write `cards/NAME.json` in one step."""
    write_json(out_dir / "cards" / f"{card['name']}.json", card)


def weights_record(path: Path) -> dict:
    """What a card says of its weights file."""
    return {"file": path.name, "sha256": pretrained.sha256(path), "bytes": path.stat().st_size, "dtype": "float16"}


def structure(model: keras.Model) -> dict:
    """Properties of the graph: tier, degree, multiplicative depth, parameters, MACs of one example.

    Those of an audio model, except the parameters, are for the layers after the spectrogram.
    """
    certified = certified_part(model)
    certificate = certify(certified)
    return {
        "tier": certificate.tier,
        "tier_name": certificate.tier_name,
        "degree": certificate.degree,
        "multiplicative_depth": certificate.multiplicative_depth,
        "parameters": model.count_params(),
        "macs": count_macs(certified),
    }
