"""Functions that build a `keras.Model`; no data and no training in here.

Every architecture is a function in a module of its name. That of a classifier, `NAME(inputs, **arguments)`, takes the
standardised image tensor and gives features `[batch, d]`; that of a generator, `NAME(noise, image_shape, **arguments)`,
takes noise `[batch, d]` and gives images in −1..1. `build` adds input scaling and the head. One for the nodes of a
graph, `NAME(features, adjacency, num_classes, **arguments)`, gives logits.
"""

import inspect
from importlib import import_module

import keras

from pinet_keras.arguments import positive_integer
from zoo.architectures.parts.audio_model import AudioModel
from zoo.architectures.parts.built_model import Origin
from zoo.architectures.parts.generator_model import GeneratorModel
from zoo.architectures.parts.label_embedding import LabelEmbedding
from zoo.architectures.parts.latent_scaling import LatentScaling
from zoo.architectures.parts.mirrored import mirrored
from zoo.architectures.parts.pixel_model import PixelModel
from zoo.architectures.parts.pixel_scaling import PixelScaling
from zoo.architectures.parts.spectrogram import spectrogram
from zoo.paths import ARCHITECTURES


def build(architecture, arguments, input_shape, mean, std, num_classes, name=None):
    """Build a classifier: pixels → `PixelScaling` → architecture → one Dense layer of logits.

    Waveforms are turned into spectrograms first, by `zoo.architectures.parts.spectrogram.spectrogram`.

    Args:
        architecture: name of a module in `zoo.architectures`.
        arguments: dict of that function's keyword arguments; `mirrored`: if true, the logits are the mean of those of
            the image and of its mirror image; and `standardized`: if true, batch normalisation follows the features, so
            that angles between them are measured about their mean.
        input_shape: `(height, width, channels)` of images, `(samples,)` of audio clips.
        mean: mean of each channel, in grey levels or decibels.
        std: standard deviation of each channel, likewise.
        num_classes: number of logits; `None` leaves the head out, the output is then the features.
        name: name of the model.

    Raises:
        ValueError: unknown architecture, arguments that it does not take, or `num_classes` is not a positive integer.
    """
    num_classes = positive_integer("num_classes", num_classes, or_none=True)
    if len(input_shape) == 1:
        inputs, kind = keras.Input(input_shape, name="audio"), AudioModel
        pixels = spectrogram(inputs)
    else:
        pixels, kind = keras.Input(input_shape, name="images"), PixelModel
        inputs = pixels
    scaled = PixelScaling(mean, std, name="pixels")(pixels)
    origin = Origin(architecture, dict(arguments))
    arguments = dict(arguments)
    standardized = arguments.pop("standardized", False)
    if arguments.pop("mirrored", False):
        features = mirrored(lambda one: _apply(architecture, arguments, one), scaled)
    else:
        features = _apply(architecture, arguments, scaled)
    if standardized:
        norm = keras.layers.BatchNormalization(momentum=0.9, center=False, scale=False, name="standardized")
        features = norm(features)
    if num_classes is None:
        return _with_origin(kind(inputs, features, name=name), origin)
    # A small head starts at almost equal logits, whatever the scale of the features.
    initializer = keras.initializers.VarianceScaling(0.1, "fan_in", "truncated_normal", seed=0)
    logits = keras.layers.Dense(num_classes, kernel_initializer=initializer, dtype="float32", name="logits")(features)
    return _with_origin(kind(inputs, logits, name=name), origin)


def build_generator(architecture, arguments, latent_size, image_shape, num_classes=None, label_size=16, name=None):
    """Build a generator: noise, concatenated with the label's embedding → architecture → pixels 0..255.

    Args:
        architecture: name of a module in `zoo.architectures`.
        arguments: dict of that function's keyword arguments.
        latent_size: length of the noise.
        image_shape: `(height, width, channels)`.
        num_classes: number of labels; `None` for an unconditional generator, which takes the noise alone.
        label_size: length of the label's vector.
        name: name of the model.

    Raises:
        ValueError: unknown architecture, or arguments that it does not take.
    """
    latent = keras.Input((latent_size,), name="latent")
    inputs, noise = latent, LatentScaling(name="noise")(latent)
    if num_classes is not None:
        label = keras.Input((), dtype="int32", name="label")
        embedding = LabelEmbedding(num_classes, label_size, name="label_embedding")(label)
        inputs, noise = [latent, label], keras.layers.Concatenate(name="noise_and_label")([noise, embedding])
    image = _apply(architecture, arguments, noise, tuple(image_shape))
    model = GeneratorModel(inputs, 127.5 * image + 127.5, name=name)
    return _with_origin(model, Origin(architecture, dict(arguments)))


def build_node_classifier(architecture, arguments, features, adjacency, num_classes, name=None, nodes=None):
    """Build a model for the nodes of a graph: their features → architecture → logits of each.

    Args:
        architecture: name of a module in `zoo.architectures`.
        arguments: dict of that function's keyword arguments.
        features: number of features of a node.
        adjacency: SciPy sparse matrix `[nodes, nodes]`, a constant of the model.
        num_classes: number of logits.
        name: name of the model.
        nodes: the nodes whose logits are asked for, for a training; `None` stands for all.

    Raises:
        ValueError: unknown architecture, or arguments that it does not take.
    """
    inputs = keras.Input((adjacency.shape[0], features), name="features")
    if nodes is not None:
        arguments = {**arguments, "nodes": nodes}
    return keras.Model(inputs, _apply(architecture, arguments, inputs, adjacency, num_classes), name=name)


def _with_origin(model, origin):
    model.origin = origin
    return model


def _apply(architecture, arguments, *inputs):
    """Call an architecture; whatever it says of its arguments, which a card may bring, is a ValueError."""
    function = _function(architecture)
    try:
        inspect.signature(function).bind(*inputs, **arguments)
        return function(*inputs, **arguments)
    except Exception as error:  # wrong types and sizes surface in Keras as many kinds of error
        if isinstance(error, ValueError) and "Received" in str(error):
            raise
        raise ValueError(
            f"Architecture {architecture!r} refuses its arguments: {error}. Received: {arguments}"
        ) from error


def _function(architecture):
    known = sorted(path.stem for path in ARCHITECTURES.glob("[!_]*.py"))
    if architecture not in known:
        raise ValueError(f"Unknown architecture; known are {', '.join(known)}. Received: architecture={architecture!r}")
    return getattr(import_module(f"zoo.architectures.{architecture}"), architecture)
