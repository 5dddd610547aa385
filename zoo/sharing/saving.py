"""`zoo.save`: a model of one's own becomes a folder that stands for it, as a name of the zoo does."""

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import keras

from zoo.architectures.parts.built_model import BuiltModel
from zoo.architectures.parts.generator_model import GeneratorModel
from zoo.card_entries import CARD_FORMAT, check_entries
from zoo.card_types import Card
from zoo.data.data_set import DataSet
from zoo.files import check_folder
from zoo.generation.generator_card import golden as golden_images
from zoo.publishing.classifier_card import golden, preprocessing, scores
from zoo.publishing.publish import ship_weights, structure, weights_record, write_card
from zoo.sharing.rebuilding import built_again, label_size
from zoo.sharing.save_arguments import checked_names, checked_pair
from zoo.tasks import AUDIO_CLASSIFICATION, CLASSIFICATION, GENERATION, TASKS

NAME = r"[A-Za-z_][A-Za-z0-9_]*"


def save(
    model: keras.Model,
    folder: str | Path,
    *,
    name: str | None = None,
    description: str = "",
    class_names: Sequence[str] | None = None,
    dataset: str | dict | DataSet | None = None,
    validation: tuple | None = None,
    test: tuple | None = None,
    license: str | None = None,
    note: str = "",
    overwrite: bool = False,
) -> Card:
    """Save a model with its card, so that its folder can be given wherever the name of a model can.

    Written are `cards/NAME.json` and `weights/NAME.weights.h5`, whose numbers are rounded to float16. The card holds
    what the model tells of itself (architecture, input, mean and standard deviation), tier, degree, multiplicative
    depth and size as `certify` finds them, golden outputs, and whatever else is given here. `model` keeps its own
    weights.

    Args:
        model: a model that `zoo.load` gave, fine-tuned or not, or one that was built by `zoo.architectures`; of a
            classifier with its head.
        folder: is made if it is not there.
        name: of the model; default the name of the folder.
        description: one sentence.
        class_names: names of the classes in the order of the logits; default those of the `DataSet`, or `"0"`, `"1"`…
        dataset: what the model was trained on: the `DataSet` that `zoo.open_data` gave, or a name, or a dict of `name`
            and `sha256`.
        validation: examples and labels that the model was not trained on. The temperature that calibrates its
            probabilities is fitted on them; without them it is 1.
        test: examples and labels that no choice was made on. Accuracy and calibration error are measured on them.
        license: an SPDX expression, such as `"Apache-2.0"`.
        note: what a reader should know besides.
        overwrite: replace a model of this name in the folder.

    Returns:
        The card.

    Raises:
        ValueError: the model was not built by an architecture of the zoo, was changed since, or lacks its head; an
            argument does not fit the model; a weight is beyond float16; the folder holds this or another model.

    Example:
        >>> model = zoo.load("pinet_digits", num_classes=2)  # and model.fit(...)
        >>> card = zoo.save(model, "models/even_or_odd", class_names=["even", "odd"])
        >>> card["tier_name"], card["degree"]
        ('low-depth', 4)
        >>> zoo.load("models/even_or_odd").output_shape
        (None, 2)
    """
    folder = Path(folder)
    name = re.sub(r"\W", "_", folder.absolute().name, flags=re.ASCII) if name is None else name
    if not re.fullmatch(NAME, name):
        raise ValueError(
            "The name of a model is made of letters, digits and _, and does not begin with a digit; give one with "
            f"`name`. Received: name={name!r}"
        )
    _check_model(model)
    if isinstance(dataset, DataSet):
        class_names = dataset.class_names if class_names is None else class_names
        dataset = {"name": dataset.name, "sha256": dataset.sha256}
    class_names = checked_names(model, class_names)
    pairs = [checked_pair(pair, model, key) for key, pair in (("validation", validation), ("test", test))]
    known = {"name": None, "sha256": None, **(dataset if isinstance(dataset, dict) else {"name": dataset})}
    card = {
        "card_format": CARD_FORMAT,
        "name": name,
        "description": description,
        "dataset": known,
        "architecture": model.origin.architecture,
        "architecture_arguments": model.origin.arguments,
        **({"note": note} if note else {}),
        "class_names": class_names,
    }
    _check_free(folder, name, overwrite)
    again = built_again(model, name)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".save-") as place:  # an error below leaves what was there
        weights = ship_weights(again, name, Path(place))
        card |= structure(again) | _entries(again, class_names, known["name"], *pairs)
        card |= {"weights": weights_record(weights), "license": license}
        card = _checked_card(card)
        (folder / "weights").mkdir(exist_ok=True)
        weights.replace(folder / "weights" / weights.name)
    write_card(card, folder)
    return cast(Card, card)


def _checked_card(card):
    """The card as JSON gives it back, tuples as lists; what was given by the caller may not fit."""
    try:
        card = json.loads(json.dumps(card, allow_nan=False, default=lambda value: value.item()))  # NumPy's numbers
        check_entries(card, TASKS[card["task"]].card == "generator")
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"A card cannot hold what was given: {error}. Received: {card['name']}") from error
    return card


def _check_model(model):
    if not isinstance(model, BuiltModel) or model.origin is None:
        raise ValueError(
            "Only models that `zoo.load` gave or `zoo.architectures` built can be saved with a card, from which they "
            "are built again; `model.save('FILE.keras')` saves any other, and `pinet certify FILE.keras` proves its "
            f"degree. Received: {model.name if isinstance(model, keras.Model) else model!r}"
        )
    if not isinstance(model, GeneratorModel) and model.layers[-1].name != "logits":
        raise ValueError(
            "A classifier is saved with its head; `zoo.load(NAME, num_classes=N)` gives it one. "
            f"Received: {model.name}, whose last layer is {model.layers[-1].name!r}"
        )


def _check_free(folder, name, overwrite):
    """Refuse a folder that is taken: a run that is trained again, or another model, would be lost or mixed up."""
    check_folder(folder)
    cards = sorted((folder / "cards").glob("*.json"))
    others = [card.stem for card in cards if card.stem != name]
    if others or (folder / "run.json").is_file():
        found = f"the model {others[0]}" if others else "a training run"
        raise ValueError(f"The folder holds {found} already; name another one. Received: {str(folder)!r}")
    if cards and not overwrite:
        raise ValueError(
            f"The folder holds the model {name} already; overwrite=True replaces it. Received: {str(folder)!r}"
        )


def _entries(model, class_names, dataset, validation, test):
    """The entries that depend on the task."""
    if isinstance(model, GeneratorModel):
        return {
            "task": GENERATION,
            "latent_size": model.latent_size,
            "label_size": label_size(model),
            "input_shape": [model.latent_size],
            "output_shape": list(model.output_shape[1:]),
            "golden": golden_images(model),
        }
    return {
        "task": CLASSIFICATION if len(model.input_shape) == 4 else AUDIO_CLASSIFICATION,
        "input_shape": list(model.input_shape[1:]),
        "preprocessing": preprocessing(model),
        **scores(model, class_names, validation, test),
        **golden(model, dataset),
    }
