"""Keyword arguments that a function does not take, and those that were meant. Imports no backend."""

import functools
import inspect
from collections.abc import Callable
from difflib import get_close_matches
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def keyword_hints(**hints: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: the TypeError for an unknown keyword argument says what was meant. Signature and help stay.

    Args:
        **hints: for names that other libraries use, what to give here, as half a sentence. For other names the nearest
            of the function's own is suggested.
    """

    def decorate(function):
        known = list(inspect.signature(function).parameters)

        @functools.wraps(function)
        def checked(*args, **kwargs):
            for name in kwargs:
                if name not in known:
                    near = get_close_matches(name, known, n=1, cutoff=0.5)
                    hint = hints.get(name) or (f"did you mean `{near[0]}`?" if near else f"it takes {', '.join(known)}")
                    raise TypeError(
                        f"{function.__name__}() takes no argument `{name}`: {hint} Received: {name}={kwargs[name]!r}"
                    )
            return function(*args, **kwargs)

        return checked

    return decorate
