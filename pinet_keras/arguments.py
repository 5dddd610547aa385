"""Checks of arguments that layers, architectures and the zoo share. Imports no backend."""

from collections.abc import Iterable
from numbers import Integral
from typing import Literal, TypeVar, overload

Value = TypeVar("Value")


def one_of(name: str, value: Value, allowed: Iterable) -> Value:
    """A value that must be among those allowed.

    Args:
        name: of the argument.
        value: what was given for it.
        allowed: what may be given.

    Raises:
        ValueError: it is anything else.
    """
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, allowed))}. Received: {name}={value!r}")
    return value


@overload
def positive_integer(name: str, value: object, or_none: Literal[False] = False) -> int: ...


@overload
def positive_integer(name: str, value: object, or_none: Literal[True]) -> int | None: ...


def positive_integer(name: str, value: object, or_none: bool = False) -> int | None:
    """An integer of at least 1, NumPy's among them, as Python's `int`: neither JSON nor Keras takes NumPy's.

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
        raise ValueError(f"`{name}` must be an integer of at least 1{also}. Received: {name}={value!r}")
    return int(value)
