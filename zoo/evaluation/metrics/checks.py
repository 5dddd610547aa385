"""Validation of two sets of features."""

import numpy as np
from numpy.typing import ArrayLike


def two_sets(real: ArrayLike, generated: ArrayLike, least: int = 2) -> list[np.ndarray]:
    """Both sets as float64 `[n, d]` and `[m, d]`.

    Args:
        real: features of real images.
        generated: features of generated images.
        least: the fewest rows that each set may have.

    Raises:
        ValueError: not matrices, different widths, too few rows, NaN or infinity.
    """
    sets = [np.asarray(rows, "float64") for rows in (real, generated)]
    shapes = f"Received: real.shape={sets[0].shape}, generated.shape={sets[1].shape}"
    if any(rows.ndim != 2 for rows in sets) or sets[0].shape[1] != sets[1].shape[1]:
        raise ValueError(f"Features must be two matrices [n, d] and [m, d] of the same width d. {shapes}")
    if min(map(len, sets)) < least:
        raise ValueError(f"Each set needs at least {least} rows. {shapes}")
    for name, rows in zip(("real", "generated"), sets, strict=True):
        if not np.isfinite(rows).all():
            count = int((~np.isfinite(rows)).any(axis=1).sum())
            raise ValueError(f"Features must be numbers. Received: NaN or infinity in {count} rows of `{name}`")
    return sets
