"""A bound on the weights of a model while it is built: a card may ask for more than the machine has memory."""

import contextlib
import math
import threading
from collections.abc import Iterator

import keras

_LOCK = threading.RLock()


@contextlib.contextmanager
def at_most(parameters: int) -> Iterator[None]:
    """A context in which the layers of this thread make at most so many weights; nothing is allocated beyond.

    Keras has no such bound, so `Layer.add_weight` is replaced meanwhile.

    Args:
        parameters: how many numbers, in all weights together.

    Raises:
        ValueError: a layer asks for more.
    """
    layer_class, thread, made = keras.layers.Layer, threading.get_ident(), 0

    def add_weight(self, shape=None, *args, **kwargs):
        nonlocal made
        if threading.get_ident() == thread:
            made += math.prod(shape or ())
            if made > parameters:
                raise ValueError(
                    f"The model has more than the allowed weights. Received: over {parameters:,} parameters"
                )
        return original(self, shape, *args, **kwargs)

    with _LOCK:
        original = layer_class.add_weight
        setattr(layer_class, "add_weight", add_weight)  # noqa: B010 mypy refuses the assignment
        try:
            yield
        finally:
            setattr(layer_class, "add_weight", original)  # noqa: B010
