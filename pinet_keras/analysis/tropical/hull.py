"""Upper hulls: which monomials of a tropical polynomial others make needless. Qhull proposes, fractions decide."""

from fractions import Fraction

import numpy as np
from scipy.linalg import qr
from scipy.spatial import ConvexHull, QhullError

from pinet_keras.analysis.tropical.exact import floats

NEARLY = 1e-9  # how far outside of a simplex, relatively, float64 may see a point of it
BLOCK = 1000  # monomials at a time, for the memory


def needless(exponents: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Which monomials are proved never to be the largest alone: those below a mean of others, or on it.

    Args:
        exponents: `[monomials, d]`, fractions, all rows different.
        coefficients: `[monomials]`, fractions.

    Returns:
        booleans `[monomials]`.
    """
    result = np.zeros(len(coefficients), dtype=bool)
    if len(result) <= 2:
        return result
    columns = _independent_columns(floats(exponents))
    places = floats(exponents)[:, columns]
    simplices = _upper_simplices(places, floats(coefficients))
    corners = np.unique(simplices)
    others = np.setdiff1d(np.arange(len(result)), corners)
    if not len(simplices) or not len(others):
        return result
    for block in np.array_split(others, -(-len(others) // BLOCK)):
        inside = _barycentric(places, simplices, block).min(axis=2) > -NEARLY
        for position, i in enumerate(block):
            result[i] = any(
                _proves(exponents, coefficients, simplices[k], i, columns) for k in np.flatnonzero(inside[:, position])
            )
    return result


def _independent_columns(exponents: np.ndarray) -> np.ndarray:
    """Coordinates in which the points keep their affine dimension."""
    _, r, order = qr(exponents - exponents.mean(axis=0), mode="economic", pivoting=True)
    sizes = np.abs(np.diag(r))
    return np.sort(order[: len(sizes)][sizes > NEARLY * sizes.max(initial=0)])


def _upper_simplices(places: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """The simplices `[n, dimensions + 1]` of the upper hull; one point far below gives flat polytopes a volume."""
    spread = np.ptp(heights) or 1.0
    scaled = (places - places.mean(axis=0)) / np.abs(places - places.mean(axis=0)).max(axis=0)
    points = np.column_stack([scaled, (heights - heights.min()) / spread])
    low = np.append(np.zeros(places.shape[1]), -1.0)
    try:
        hull = ConvexHull(np.vstack([points, low]))
    except QhullError:  # too flat for float64
        return np.empty((0, places.shape[1] + 1), dtype=int)
    upper = (hull.equations[:, -2] > NEARLY) & (hull.simplices != len(points)).all(axis=1)
    return hull.simplices[upper]


def _barycentric(places: np.ndarray, simplices: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The weights `[simplices, others, dimensions + 1]` with which a simplex's corners have a point as their mean."""
    ones = np.ones((len(places), 1))
    rows = np.hstack([places, ones])
    corners = rows[simplices]
    good = np.linalg.cond(corners) < 1 / np.finfo(float).eps
    inverse = np.full_like(corners, np.nan)
    inverse[good] = np.linalg.inv(corners[good])
    return np.einsum("oj,sjk->sok", rows[others], inverse)


def _proves(exponents: np.ndarray, coefficients: np.ndarray, simplex: np.ndarray, i: int, columns: np.ndarray) -> bool:
    """Whether monomial i is needless by exact weights on a simplex's corners."""
    rows = np.column_stack([exponents[:, columns], np.full(len(exponents), Fraction(1))])
    weights = solve(rows[simplex].T, rows[i])
    return (
        weights is not None
        and bool((weights >= 0).all())
        and bool((weights @ exponents[simplex] == exponents[i]).all())
        and weights @ coefficients[simplex] >= coefficients[i]
    )


def solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray | None:
    """The exact solution of a square system of fractions by elimination, or None where the matrix is singular."""
    rows = np.column_stack([matrix, right])
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i, k] != 0), None)
        if pivot is None:
            return None
        rows[[k, pivot]] = rows[[pivot, k]]
        rows[k] = rows[k] / rows[k, k]
        for i in range(len(rows)):
            if i != k:
                rows[i] = rows[i] - rows[i, k] * rows[k]
    return rows[:, -1]
