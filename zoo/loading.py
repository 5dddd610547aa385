"""Loading models of the zoo."""

from pathlib import Path

import keras

from zoo import weights_file
from zoo.architectures import build, build_generator
from zoo.data import SETS
from zoo.paths import WEIGHTS
from zoo.registry import GENERATION
from zoo.registry import card as read_card


def load(name, weights="pretrained", num_classes=None, include_top=True, calibrated=False) -> keras.Model:
    """Load a model of the zoo: pixels in, logits out; or, for a generator, noise in, pixels out.

    Args:
        name: name of a shipped model, or path of a card (`.json`) that `pinet train` wrote.
        weights: `"pretrained"`; `None` for freshly initialised ones; or the path of a `.weights.h5` file of this model.
        num_classes: number of classes of a new, untrained head; `None` keeps the trained one.
        include_top: `False` leaves the head out; the output is then the features.
        calibrated: `True` divides the head's weights by the card's temperature, so that softmax(logits) are calibrated
            probabilities; the decision stays.

    Returns:
        An uncompiled `keras.Model` that takes `[batch, height, width, channels]` pixels, uint8 or float in 0..255, and
        gives logits `[batch, classes]`, or features `[batch, d]`. A generator, `GeneratorModel`, takes noise
        `[batch, d]` in −1..1 and labels `[batch]`, and gives pixels.

    Raises:
        ValueError: unknown name, a damaged or foreign weights file, an impossible `num_classes`, `calibrated`
            without the trained head, or one of these for a generator, which has no head.
        FileNotFoundError: the weights file is missing.
    """
    card = read_card(name)
    if card["task"] == GENERATION:
        return _load_generator(name, card, weights, num_classes is None and include_top is True and not calibrated)
    if num_classes is not None and (
        isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 1
    ):
        raise ValueError(
            f"`num_classes` must be a whole number above 0, or None. Received: num_classes={num_classes!r}"
        )
    if num_classes is not None and not include_top:
        raise ValueError(f"`num_classes` has no meaning with include_top=False. Received: num_classes={num_classes!r}")
    if calibrated and (weights != "pretrained" or num_classes is not None or not include_top):
        raise ValueError(
            "`calibrated` needs the trained weights and their head. "
            f"Received: weights={weights!r}, num_classes={num_classes!r}, include_top={include_top!r}"
        )
    model = _build(card, len(card["class_names"]))
    _give_weights(model, name, card, weights)
    if calibrated:
        head = model.get_layer("logits")
        head.set_weights([weight / card["calibration"]["temperature"] for weight in head.get_weights()])
    if include_top and num_classes is None:
        return model
    other = _build(card, num_classes if include_top else None)
    _copy_body(model, other)
    return other


def _load_generator(name, card, weights, plain):
    if not plain:
        raise ValueError(
            "`num_classes`, `include_top` and `calibrated` are for classifiers; a generator has no head. "
            f"Received: name={name!r}"
        )
    model = build_generator(
        card["architecture"],
        card["architecture_arguments"],
        card["latent_size"],
        card["output_shape"],
        len(card["class_names"]) or None,
        card["label_size"],
        name=card["name"],
    )
    _give_weights(model, name, card, weights)
    return model


def _give_weights(model, name, card, weights):
    if weights == "pretrained":
        path = card_weights(name, card)
        weights_file.check(path, card["weights"]["sha256"])
        _load_weights(model, path)
    elif weights is not None:
        _load_weights(model, Path(weights))


def card_weights(name, card) -> Path:
    """The weights file of a card: in the zoo, or in the folder `weights` beside the folder of a card on disk."""
    folder = Path(name).parent.parent / "weights" if str(name).endswith(".json") else WEIGHTS
    return folder / card["weights"]["file"]


def _build(card, num_classes):
    scale = SETS[card["dataset"]["name"]]
    return build(
        card["architecture"],
        card["architecture_arguments"],
        tuple(card["input_shape"]),
        scale["mean"],
        scale["std"],
        num_classes,
        name=card["name"],
    )


def _load_weights(model, path):
    if not path.is_file():
        raise FileNotFoundError(f"There is no weights file {path}.")
    try:
        model.load_weights(path)
    except Exception as error:  # h5py and Keras raise what they find: OSError, KeyError, ValueError
        raise ValueError(
            f"{path.name} does not hold the weights of {model.name}: it is no .weights.h5 file, is damaged, or belongs "
            f"to another model ({error})"
        ) from error


def _copy_body(source, target):
    """Copy every layer's weights but the head's."""
    for old, new in zip(source.layers, target.layers, strict=False):
        if old.name != "logits":
            new.set_weights(old.get_weights())
