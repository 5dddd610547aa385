"""Functions that build a `keras.Model`; no data and no training in here.

Every architecture is a function `NAME(inputs, **arguments) -> features` in a module of its name: it takes the
standardised image tensor and gives features `[batch, d]`; the zoo puts the pixels' door before and the head behind it.
"""

from importlib import import_module
from importlib.util import find_spec

import keras

from zoo.layers import PixelScaling
from zoo.pixel_model import PixelModel


def build(architecture, arguments, input_shape, mean, std, num_classes, name=None):
    """Build a classifier: pixels → `PixelScaling` → architecture → one Dense layer of logits.

    Args:
        architecture: name of a module in `zoo.architectures`.
        arguments: dict of that function's keyword arguments.
        input_shape: `(height, width, channels)`.
        mean: mean of each channel, in grey levels.
        std: standard deviation of each channel, in grey levels.
        num_classes: number of logits; `None` leaves the head out, the output is then the features.
        name: name of the model.

    Raises:
        ValueError: unknown architecture, or arguments that it does not take.
    """
    module = f"zoo.architectures.{architecture}"
    if not str(architecture).isidentifier() or find_spec(module) is None:
        raise ValueError(f"Unknown architecture. Received: architecture={architecture!r}")
    inputs = keras.Input(input_shape, name="images")
    scaled = PixelScaling(mean, std, name="pixels")(inputs)
    try:
        features = getattr(import_module(module), architecture)(scaled, **arguments)
    except TypeError as error:
        raise ValueError(
            f"Architecture {architecture!r} refuses its arguments: {error}. Received: {arguments}"
        ) from error
    if num_classes is None:
        return PixelModel(inputs, features, name=name)
    # A small head starts at almost equal logits, whatever the scale of the features.
    initializer = keras.initializers.VarianceScaling(0.1, "fan_in", "truncated_normal", seed=0)
    logits = keras.layers.Dense(num_classes, kernel_initializer=initializer, dtype="float32", name="logits")(features)
    return PixelModel(inputs, logits, name=name)
