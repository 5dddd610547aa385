"""Searches for the degree, rank, width and depth of polynomial networks under a budget.

`search` runs one, `PinetHyperModel` is the search space for any Keras Tuner, `read_space` reads a search file.
Importing this package imports neither Keras nor Keras Tuner; the first use does.
"""

from typing import TYPE_CHECKING

from tuning.space import Space, list_searches, read_space

if TYPE_CHECKING:
    from tuning.hyper_model import PinetHyperModel
    from tuning.searching import search


def __getattr__(name):
    if name == "search":
        from tuning.searching import search

        return search
    if name == "PinetHyperModel":
        from tuning.hyper_model import PinetHyperModel

        return PinetHyperModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["PinetHyperModel", "Space", "list_searches", "read_space", "search"]
