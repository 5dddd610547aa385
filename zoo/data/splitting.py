"""Splits of a data set that comes without them: stratified by class, and the same on every machine."""

import hashlib
from collections.abc import Sequence

import numpy as np

FRACTION = 0.15  # of each class, for the test split and for the validation split


def stratified_split(labels: np.ndarray, names: Sequence[str], parts: int) -> list[np.ndarray]:
    """Divide examples into a large part and one or two small ones, each class in the same proportion.

    Examples of a class are ordered by a hash of their names, so the split depends on nothing but names and labels,
    and another file moves few others. Each small part gets 15 % of a class, and one example at least.

    Args:
        labels: integers `[n]`.
        names: a name for each example, such as its path relative to the data set's folder.
        parts: 2 or 3.

    Returns:
        The indices of each part, the large one first, ordered so that every piece of a part has the classes in the
        proportions of the whole.

    Raises:
        ValueError: a class has fewer examples than there are parts.
    """
    places = np.empty(len(labels))  # 0..1: the place of an example in its class
    assigned = np.zeros(len(labels), "int64")
    hashes = np.array([_hash(name) for name in names], "uint64")
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) < parts:
            raise ValueError(f"A class of {len(members)} examples cannot be divided into {parts} parts.")
        members = members[np.argsort(hashes[members], kind="stable")]
        small = max(1, round(FRACTION * len(members)))
        for part in range(1, parts):
            assigned[members[(part - 1) * small : part * small]] = part
        places[members] = (np.arange(len(members)) + 0.5) / len(members)
    order = np.lexsort((hashes, places))
    return [order[assigned[order] == part] for part in range(parts)]


def _hash(name):
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big")
