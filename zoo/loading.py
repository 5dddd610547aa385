"""Loading models of the zoo."""

import contextlib
import os
from pathlib import Path

import keras

from pinet_keras import normalized_adjacency
from pinet_keras.arguments import positive_integer
from zoo import weights_file
from zoo.architectures import build, build_generator, build_node_classifier
from zoo.architectures.parts.weight_limit import at_most
from zoo.card_types import Card
from zoo.data.planetoid import SOURCE, CitationGraph, open_for
from zoo.keras_file import brief
from zoo.keyword_hints import keyword_hints
from zoo.pretrained import checked_weights
from zoo.registry import card as read_card
from zoo.registry import card_path, list_models
from zoo.tasks import task_function

NEW_HEAD = 100_000_000  # the most weights of a head for other classes than the card's
# What makes two models the same function of the same weights.
SAME = ("architecture", "architecture_arguments", "input_shape", "latent_size", "label_size", "output_shape")


# What the functions of `keras.applications` are called with.
@keyword_hints(
    classes="did you mean `num_classes`?",
    classifier_activation="the models give logits; `zoo.predict` gives probabilities, and so does softmax with "
    "calibrated=True.",
    input_shape="the images have the size that the model's card names; `zoo.preprocess` makes them so.",
    input_tensor="call the loaded model on your tensor.",
    pooling="include_top=False gives the features [batch, d].",
)
def load(
    name: str | Path,
    weights: str | os.PathLike[str] | None = "pretrained",
    num_classes: int | None = None,
    include_top: bool = True,
    calibrated: bool = False,
) -> keras.Model:
    """Load a model of the zoo: pixels in, logits out; or, for a generator, noise in, pixels out.

    Preprocessing is a part of the model: give it pixels 0..255 as they are, and do not divide them.

    To predict with the model as it is, `zoo.predictor` is faster, for single images several times: its network is
    folded and compiled. docs/performance.md compares it with `predict_on_batch`, for batches too.
    `zoo.predictor(model)` does the same for a model that you changed. Exported SavedModels are folded already.

    Args:
        name: name of a shipped model, one of `zoo.list_models()`; or folder that `pinet train` or `zoo.save` wrote,
            such as `"runs/NAME"`, or path of the card (`.json`) in it; or address on the Hugging Face Hub,
            `"hf://user/model"` or `"hf://user/model@revision"`.
        weights: `"pretrained"`; `None` for freshly initialised ones; or the path of a `.weights.h5` file of this model,
            fine-tuned ones included.
        num_classes: number of classes of a new, untrained head; `None` keeps the trained one. With the path of a
            weights file, the number of classes of the head in that file.
        include_top: `False` leaves the head out; the output is then the features.
        calibrated: `True` divides the head's weights by the card's temperature, so that softmax(logits) are calibrated
            probabilities; the predicted class stays the same.

    Returns:
        An uncompiled `keras.Model` that takes `[batch, height, width, channels]` pixels, uint8 or float in 0..255, and
        gives logits `[batch, classes]`, or features `[batch, d]`. An audio model takes `[batch, samples]`, 16-bit
        samples. A model for nodes takes the features of all nodes of its graph, `[batch, nodes, features]`, and gives
        logits of each. A generator, `GeneratorModel`, takes noise
        `[batch, d]` in −1..1 and labels `[batch]`, and gives pixels.

    Raises:
        ValueError: unknown name, a run that is not finished, a card whose architecture cannot be built, a damaged
            weights file or one of another model, the name of a data set as `weights`, a `num_classes` that is not a
            positive integer, `calibrated` without the trained head, or one of these for a generator, which has no head.
        FileNotFoundError: the weights file is missing, or the graph of a model for nodes.

    Example:
        >>> model = zoo.load("pinet_digits")
        >>> images = np.zeros((2, 8, 8, 1), "uint8")  # `zoo.preprocess` makes such batches of image files
        >>> model.predict(images, verbose=0).shape
        (2, 10)
        >>> zoo.load("pinet_digits", num_classes=3).output_shape  # with a new head, for classes of your own
        (None, 3)
    """
    card = read_card(name)
    _check_weights_argument(weights, card)
    return task_function(card["task"], "load")(name, card, weights, num_classes, include_top, calibrated)


def load_classifier(
    name: str | Path, card: Card, weights, num_classes: int | None, include_top: bool, calibrated: bool
) -> keras.Model:
    """`load` for a classifier, with all arguments given, and its card."""
    num_classes = positive_integer("num_classes", num_classes, or_none=True)
    if num_classes is not None and not include_top:
        raise ValueError(f"`num_classes` has no meaning with include_top=False. Received: num_classes={num_classes!r}")
    if calibrated and (weights != "pretrained" or num_classes is not None or not include_top):
        raise ValueError(
            "`calibrated` needs the trained weights and their head. "
            f"Received: weights={weights!r}, num_classes={num_classes!r}, include_top={include_top!r}"
        )
    own = None if weights is None or weights == "pretrained" else Path(weights)
    classes = _classes_in_file(own, card, num_classes, include_top) if own else len(card["class_names"])
    model = _build(name, card, classes)
    _give_weights(model, name, card, weights)
    if calibrated:
        head = model.get_layer("logits")
        head.set_weights([weight / card["calibration"]["temperature"] for weight in head.get_weights()])
    if classes is None or (include_top and (own or num_classes is None)):
        return model
    other = _build(name, card, num_classes if include_top else None)
    _copy_body(model, other)
    return other


def _check_weights_argument(weights, card):
    """Refuse what is neither a path nor one of the two words, such as the "imagenet" of `keras.applications`."""
    if weights is None or isinstance(weights, os.PathLike) or weights == "pretrained":
        return
    if not isinstance(weights, str) or not (weights.endswith(".h5") or Path(weights).is_file()):
        data = card["dataset"]["name"] or "its data"
        raise ValueError(
            f'`weights` must be "pretrained" (the default: trained on {data}), None (untrained), or '
            f"the path of a .weights.h5 file. Received: weights={weights!r}"
        )


def _classes_in_file(path, card, num_classes, include_top):
    """The number of classes of the head in a weights file, which must be what is asked for; None if it has no head."""
    layers = _described(path, card)[1]
    wanted = num_classes or len(card["class_names"])
    found = layers.get("logits") if layers else wanted  # an older Keras wrote no names; loading will tell
    if include_top and found != wanted:
        head = "no head" if found is None else f"a head of {found} classes"
        hint = "include_top=False" if found is None else f"num_classes={found}"
        raise ValueError(
            f"{path.name} holds {head}: load it with {hint}. A new head goes on top of the features, which "
            f"include_top=False gives. Received: num_classes={num_classes!r}, {wanted} classes in all"
        )
    return found


def load_generator(
    name: str | Path, card: Card, weights, num_classes: int | None, include_top: bool, calibrated: bool
) -> keras.Model:
    """`load` for a generator, with all arguments given, and its card."""
    if num_classes is not None or include_top is not True or calibrated:
        raise ValueError(
            "`num_classes`, `include_top` and `calibrated` are for classifiers; a generator has no head. "
            f"Received: name={name!r}"
        )
    with _naming_card(name), at_most(card["parameters"]):
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


def load_node_classifier(
    name: str | Path, card: Card, weights, num_classes: int | None, include_top: bool, calibrated: bool
) -> keras.Model:
    """`load` for a model for nodes, on the graph of its card, with all arguments given, and its card."""
    if num_classes is not None or include_top is not True or calibrated:
        raise ValueError(
            "`num_classes`, `include_top` and `calibrated` are for classifiers of images and audio. "
            f"Received: name={name!r}"
        )
    graph = open_for(card)
    if graph.sha256 != card["dataset"]["sha256"]:
        raise ValueError(
            f"{card['name']} is a function of the graph it was trained on, and the files are of another one: copy "
            f"those of {graph.name} again from {SOURCE}. Received: name={name!r}"
        )
    return load_on_graph(name, card, graph, weights)


def load_on_graph(name: str | Path, card: Card, graph: CitationGraph, weights="pretrained") -> keras.Model:
    """A model for nodes on a graph that need not be its card's.

    Args:
        name: as for `load`.
        card: its card.
        graph: the graph, of as many features and classes as the card's.
        weights: as for `load`.
    """
    adjacency = normalized_adjacency(graph.edges, len(graph.labels))
    with _naming_card(name), at_most(card["parameters"]):
        model = build_node_classifier(
            card["architecture"],
            card["architecture_arguments"],
            card["input_shape"][-1],
            adjacency,
            len(card["class_names"]),
            name=card["name"],
        )
    _give_weights(model, name, card, weights)
    return model


def _give_weights(model, name, card, weights):
    if weights == "pretrained":
        _load_weights(model, checked_weights(name, card), card)
    elif weights is not None:
        _load_weights(model, Path(weights), card)


def _build(name, card, num_classes):
    new_head = NEW_HEAD if num_classes != len(card["class_names"]) else 0
    with _naming_card(name), at_most(card["parameters"] + new_head):
        return build(
            card["architecture"],
            card["architecture_arguments"],
            tuple(card["input_shape"]),
            card["preprocessing"]["mean"],
            card["preprocessing"]["std"],
            num_classes,
            name=card["name"],
        )


@contextlib.contextmanager
def _naming_card(name):
    """A context in which errors about what a card says of the architecture name the card's file."""
    try:
        yield
    except Exception as error:  # architectures and Keras raise what they find: ValueError, TypeError, AttributeError
        raise ValueError(f"{card_path(name)} describes no model that can be built: {brief(error)}") from error


def _load_weights(model, path, card):
    owner, layers = _described(path, card)
    _check_owner(owner, path, card)
    missing = set(_layer_names(model)) ^ set(layers) if layers else ()
    if missing:
        raise ValueError(_foreign(path, card, f"the layers {', '.join(sorted(missing)[:5])} are in one of them only"))
    try:
        model.load_weights(path)
    except Exception as error:  # h5py and Keras raise what they find: OSError, KeyError, ValueError
        raise ValueError(_foreign(path, card, brief(error))) from error


def _layer_names(model):
    for layer in model.layers:
        yield layer.name
        if isinstance(layer, keras.Model):  # the body of a mirrored network
            yield from _layer_names(layer)


def _described(path, card):
    """Name of the model and layers in a weights file."""
    if not path.is_file():
        raise FileNotFoundError(f"There is no weights file {path}.")
    try:
        weights_file.check_contents(path)
        return weights_file.description(path)
    except Exception as error:  # h5py raises what it finds: OSError, KeyError, RuntimeError
        raise ValueError(_foreign(path, card, brief(error))) from error


def _check_owner(owner, path, card):
    """Refuse the weights of a model whose layers have the same weights and compute something else with them."""
    if owner is None or owner == card["name"]:
        return
    if owner in list_models():
        theirs = read_card(owner)
        same_data = theirs["dataset"]["name"] == card["dataset"]["name"]  # whose mean and deviation scale the pixels
        if same_data and all(theirs.get(key) == card.get(key) for key in SAME):
            return
    raise ValueError(_foreign(path, card, f"it was saved from a model named {owner!r}"))


def _foreign(path, card, why):
    return (
        f"{path.name} does not hold the weights of {card['name']}: it is no .weights.h5 file, is damaged, or belongs "
        f"to another model ({why})"
    )


def _copy_body(source, target):
    """Copy every layer's weights but the head's."""
    for old, new in zip(source.layers, target.layers, strict=False):
        if old.name != "logits":
            new.set_weights(old.get_weights())
