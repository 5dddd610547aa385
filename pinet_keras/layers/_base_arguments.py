"""The arguments that the layers take from `keras.layers.Layer`."""

import inspect

import keras

BASE_ARGUMENTS = ("name", "dtype", "trainable")


def base_arguments(layer: keras.layers.Layer, arguments: dict) -> dict:
    """`arguments`, or a ValueError that names those which the layer does not have, and all that it has."""
    unknown = [name for name in arguments if name not in BASE_ARGUMENTS]
    if unknown:
        own = [name for name in inspect.signature(type(layer)).parameters if name != "kwargs"]
        received = ", ".join(f"{name}={arguments[name]!r}" for name in unknown)
        raise ValueError(
            f"{type(layer).__name__} has no argument {', '.join(f'`{name}`' for name in unknown)}; it has "
            f"{', '.join([*own, *BASE_ARGUMENTS])}. Received: {received}"
        )
    return arguments
