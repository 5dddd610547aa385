"""A training that starts from the weights of a trained classifier."""

import keras
import numpy as np

from zoo.loading import load
from zoo.recipes import Recipe
from zoo.registry import card
from zoo.training.batch_norm import recompute_statistics

HEAD = "logits"
EXAMPLES = 5000  # for the statistics of batch normalisation: 20 batches


def initial_scaling(recipe: Recipe) -> tuple[list[float], list[float]]:
    """Mean and standard deviation by which the initial model scales its inputs: its layers expect these."""
    preprocessing = card(recipe.initial)["preprocessing"]
    return preprocessing["mean"], preprocessing["std"]


def gets_new_head(recipe: Recipe, class_names) -> bool:
    """Whether the initial model was trained on other data, or for other classes, than the recipe's."""
    known = card(recipe.initial)
    return known["dataset"]["name"] != recipe.dataset or list(known["class_names"]) != list(class_names)


def give_initial_weights(model: keras.Model, recipe: Recipe, examples: np.ndarray, class_names) -> None:
    """Give each layer the weights of the layer of the same name in the recipe's initial model.

    For other data or classes the head keeps its own, new weights, and the moving statistics of batch normalisation are
    computed again, from the new examples. With those of the source, a scale that is off by a factor of 2 at one layer
    would be off by a factor of 4 behind its product, and so on from product to product.

    Args:
        model: the recipe's network, built.
        recipe: the `Recipe`.
        examples: those that it will be trained on, validation examples not among them.
        class_names: their classes.

    Raises:
        ValueError: the network has other layers, or layers of another size.
    """
    source = load(recipe.initial)
    theirs, own = _layers(source), _layers(model)
    new_head = gets_new_head(recipe, class_names)
    if new_head:
        del theirs[HEAD], own[HEAD]
    shapes = [{key: [w.shape for w in layer.weights] for key, layer in each.items()} for each in (theirs, own)]
    differing = sorted(key for key in theirs.keys() | own.keys() if shapes[0].get(key) != shapes[1].get(key))
    if differing:
        raise ValueError(
            f"The weights of {source.name} do not fit: layers {', '.join(differing[:5])} are in one network "
            f"only, or have other shapes. Received: initial={recipe.initial!r}"
        )
    for key, layer in own.items():
        layer.set_weights(theirs[key].get_weights())
    if new_head:  # of all classes in each batch, whatever the order of the examples
        rows = np.random.default_rng(recipe.seed).permutation(len(examples))[:EXAMPLES]
        recompute_statistics(model, np.asarray(examples[rows]))


def freeze_body(model: keras.Model) -> None:
    """Leave nothing trainable but the head. Batch normalisation then runs in inference mode, as Keras defines it."""
    for layer in model.layers:
        layer.trainable = layer.name == HEAD


def unfreeze(model: keras.Model, untrained: keras.Model) -> None:
    """Make everything trainable that is so in the untrained network; a layer may be fixed on purpose.

    Args:
        model: the recipe's network.
        untrained: the same, newly built.
    """
    for layer, fresh in zip(model._flatten_layers(), untrained._flatten_layers(), strict=True):
        layer.trainable = fresh.trainable


def _layers(model):
    """The layers with weights by name; those of the body of a mirrored network, which is a model in it, among them."""
    flat = [each for layer in model.layers for each in (layer.layers if isinstance(layer, keras.Model) else [layer])]
    return {layer.name: layer for layer in flat if layer.weights}
