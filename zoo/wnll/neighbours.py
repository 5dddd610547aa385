"""The nearest neighbours of each point of a set among the others."""

import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from zoo.extras import require

SEARCHES = ("auto", "exact", "approximate")
EXACT_UP_TO = 100_000  # points; an exact search takes time proportional to their square


def nearest(points: np.ndarray, count: int, search: str) -> tuple[np.ndarray, np.ndarray]:
    """Distances and indices of the nearest other points of each point, the nearest first.

    Args:
        points: `[n, d]`, n above `count`.
        count: k, neighbours of each point.
        search: `"exact"`, `"approximate"`, or `"auto"`: approximate for more than 100,000 points, where usearch is
            installed.

    Returns:
        Distances `[n, k]` and indices `[n, k]`.

    Raises:
        ImportError: an approximate search is asked for, and usearch is not installed.
    """
    if search == "auto":
        search = _search_for(len(points))
    if search == "approximate":
        return _approximate(points, count)
    return NearestNeighbors(n_neighbors=count).fit(points).kneighbors()


def _search_for(points):
    if points <= EXACT_UP_TO:
        return "exact"
    if find_spec("usearch"):
        return "approximate"
    warnings.warn(
        f"The neighbours of {points:,} points are searched exactly, which takes time proportional to the square of "
        "their number: pip install '.[neighbours]' brings an approximate search.",
        stacklevel=2,
    )
    return "exact"


def _approximate(points, count):
    """By usearch's HNSW graph, with one thread: with several each run would build another graph."""
    require("usearch")
    from usearch.index import Index

    points = np.ascontiguousarray(points, "float32")
    index = Index(ndim=points.shape[1], metric="l2sq", dtype="f32", expansion_search=128)
    index.add(np.arange(len(points)), points, threads=1)
    found: Any = index.search(points, count + 1, threads=1)  # of several points: usearch.index.BatchMatches
    keys, squares = found.keys.astype("int64"), np.asarray(found.distances)
    if (short := np.flatnonzero(found.counts <= count)).size:  # the graph's search ended before it found as many
        distances, keys[short] = NearestNeighbors(n_neighbors=count + 1).fit(points).kneighbors(points[short])
        squares[short] = distances**2
    own = keys == np.arange(len(points))[:, None]
    own[~own.any(axis=1), -1] = True  # among points that are equal to it, the point itself may be missing
    kept = ~own
    distances = np.sqrt(np.maximum(0, squares[kept], dtype="float64"))
    return distances.reshape(len(points), count), keys[kept].reshape(len(points), count)
