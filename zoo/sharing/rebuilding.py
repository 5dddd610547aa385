"""A model built again from what its card will say of it."""

import keras
import numpy as np

from zoo.architectures import build, build_generator
from zoo.architectures.parts.generator_model import GeneratorModel
from zoo.data.samples import patterns
from zoo.generation.latents import draw_latents
from zoo.publishing.classifier_card import preprocessing

TOLERANCE = 1e-3  # of the largest output


def built_again(model, name) -> keras.Model:
    """Another model with the same architecture and weights, which must compute the same.

    Args:
        model: with an `origin`.
        name: of the new model.

    Raises:
        ValueError: the model was changed after it was built, such as a layer's activation function.
    """
    build_one, inputs = (_generator if isinstance(model, GeneratorModel) else _classifier)(model)
    again = build_one(name)
    same = [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    if same:
        again.set_weights(model.get_weights())
        old, new = (keras.ops.convert_to_numpy(each(inputs, training=False)) for each in (model, again))
        largest = np.abs(old[np.isfinite(old)]).max(initial=0)
        same = np.allclose(old, new, rtol=0, atol=TOLERANCE * largest, equal_nan=True)
    if not same:
        raise ValueError(
            f"{model.name} is not the network that {model.origin.architecture!r} builds with {model.origin.arguments}: "
            "it was changed since, and would not come back from its card."
        )
    return again


def label_size(model) -> int:
    """Length of a label's vector in a generator; 0 in one without labels."""
    return 0 if model.num_classes is None else model.get_layer("label_embedding").size


def _generator(model):
    latents = draw_latents(4, model.latent_size, seed=0)
    inputs = latents if model.num_classes is None else [latents, np.arange(4) % model.num_classes]
    shape = (model.latent_size, model.output_shape[1:], model.num_classes, label_size(model))
    return lambda name: build_generator(model.origin.architecture, model.origin.arguments, *shape, name=name), inputs


def _classifier(model):
    shape, scaling = model.input_shape[1:], preprocessing(model)
    rest = (shape, scaling["mean"], scaling["std"], model.output_shape[1])
    return lambda name: build(model.origin.architecture, model.origin.arguments, *rest, name=name), patterns(shape, 4)
