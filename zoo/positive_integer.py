"""Whole numbers as arguments, NumPy's among them, which neither JSON nor Keras takes. Imports no backend."""

from numbers import Integral
from typing import Literal, overload


@overload
def positive_integer(name: str, value: object, or_none: Literal[False] = False) -> int: ...


@overload
def positive_integer(name: str, value: object, or_none: Literal[True]) -> int | None: ...


def positive_integer(name: str, value: object, or_none: bool = False) -> int | None:
    """A whole number above 0 as Python's `int`.

    Args:
        name: of the argument.
        value: what was given for it.
        or_none: whether `None` is allowed as well.

    Raises:
        ValueError: it is anything else.
    """
    if or_none and value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        also = ", or None" if or_none else ""
        raise ValueError(f"`{name}` must be a whole number above 0{also}. Received: {name}={value!r}")
    return int(value)
