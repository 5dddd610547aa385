"""Arrays of exact rational numbers: NumPy arrays of `fractions.Fraction`."""

from fractions import Fraction
from typing import Any

import numpy as np


def exact(values: Any, name: str, ndim: int) -> np.ndarray:
    """An array of fractions, each equal to the number it is made of: a float is a fraction too.

    Args:
        values: nested lists or an array of integers, floats, fractions, or strings such as "1/3".
        name: of the argument, for the message.
        ndim: the number of axes that the array must have.

    Raises:
        ValueError: another number of axes, no values, or one that is not a finite number.
    """
    try:
        array = np.array(values, dtype=object)
        fractions = np.frompyfunc(_fraction, 1, 1)(array)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"`{name}` must hold finite numbers. Received: {name}={values!r} ({error})") from error
    if array.ndim != ndim or not array.size:
        raise ValueError(f"`{name}` must have {ndim} axes and hold values. Received: shape {array.shape}")
    return fractions


def _fraction(value: Any) -> Fraction:
    return Fraction(value.item() if isinstance(value, np.generic) else value)


def floats(fractions: np.ndarray) -> np.ndarray:
    """The nearest float64 to each fraction."""
    return np.asarray(fractions, dtype="float64")
