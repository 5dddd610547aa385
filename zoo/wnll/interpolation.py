"""The graph of a weighted nonlocal Laplacian, and the linear system that interpolates over it."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import cg

from zoo.wnll.neighbours import nearest

UNDECIDED = 1e-3  # how far from 1 the probabilities of a point may sum up, before they are normalised
SHOWN = 5  # indices in a message


def graph_weights(points: np.ndarray, n_neighbors: int, scale_neighbor: int, search: str) -> sparse.csr_array:
    """Weights w(x, y) = exp(−‖x − y‖² / σ(x)²) between each point and its nearest others.

    σ(x) is the distance of x to the `scale_neighbor`-th of them. Where that is 0, because so many points are equal to
    x, it is the smallest positive distance to one of its neighbours; where all of them are equal to x, the weights
    are 1.

    Args:
        points: `[n, d]`, n above `n_neighbors`.
        n_neighbors: neighbours of each point.
        scale_neighbor: which of them gives σ, from 1.
        search: as for `zoo.wnll.neighbours.nearest`.

    Returns:
        Sparse `[n, n]`, row x holds w(x, ·); not symmetric.
    """
    distances, neighbours = nearest(points, n_neighbors, search)
    positive = np.where(distances > 0, distances, np.inf).min(axis=1)
    scale = np.where(distances[:, scale_neighbor - 1] > 0, distances[:, scale_neighbor - 1], positive)
    weights = np.exp(-((distances / scale[:, None]) ** 2))
    rows = np.repeat(np.arange(len(points)), n_neighbors)
    shape = (len(points), len(points))
    matrix = sparse.csr_array((weights.ravel(), (rows, neighbours.ravel())), shape=shape)
    matrix.eliminate_zeros()  # weights too small for float64 connect nothing
    return matrix


def interpolate(weights: sparse.csr_array, targets: np.ndarray, tolerance: float) -> np.ndarray:
    """Extend values from the first points of a graph to the others.

    The values u of the other points minimise, with μ = |X| / |S| for all points X and the labelled points S,

        Σ_{x ∉ S} Σ_y w(x, y) (u(x) − u(y))² + μ Σ_{x ∈ S} Σ_y w(x, y) (u(x) − u(y))²

    which is a symmetric, positive definite system: (D − K) u = B g, with the weights K = W + Wᵀ among the other points,
    the weights B = W + μ Wᵀ to the labelled ones with their values g, and D the sums of the rows of both. Scaled to a
    diagonal of 1, it is solved by conjugate gradients, one column at a time.

    Args:
        weights: `[n, n]`, from `graph_weights`.
        targets: `[s, c]`, the values g of the first s points; each row sums up to 1.
        tolerance: of the residual, relative to the right side.

    Returns:
        `[n − s, c]`; as an average of the targets, each row is not negative and sums up to 1.

    Raises:
        ValueError: points without a path to a labelled one, or with weights on it so small that float64 cannot solve
            for them; or the residual stays above the tolerance.
    """
    known, ratio = len(targets), weights.shape[0] / len(targets)
    others = weights[known:]
    to_known = others[:, :known] + ratio * weights[:known, known:].T
    among = others[:, known:] + others[:, known:].T
    _check_reached(among, to_known)
    scaling = 1 / np.sqrt(among.sum(axis=1) + to_known.sum(axis=1))
    scaled = sparse.diags_array(scaling) @ among @ sparse.diags_array(scaling)
    system = sparse.eye_array(len(scaling), format="csr") - scaled
    right = scaling[:, None] * (to_known @ targets)
    columns = [_solve(system, column, tolerance) for column in right.T]
    values = np.maximum(0, scaling[:, None] * np.stack(columns, axis=1))
    sums = values.sum(axis=1)
    if (lost := np.flatnonzero(np.abs(sums - 1) > UNDECIDED)).size:
        raise ValueError(
            f"The templates have too little weight for {_named(lost)}: the weights on every path to them are nearly 0, "
            f"and no tolerance={tolerance!r} can tell the class. {ADVICE}"
        )
    return values / sums[:, None]


ADVICE = "Take more templates or a larger n_neighbors, or leave these points out."


def _check_reached(among, to_known):
    """Refuse connected components of the other points that no weight connects with a labelled point."""
    _, component = connected_components(among, directed=False)
    reached = np.bincount(component, weights=to_known.sum(axis=1)) > 0
    if (lost := np.flatnonzero(~reached[component])).size:
        raise ValueError(
            f"No path leads from a template to {_named(lost)}: they are no neighbours of the others, and their class "
            f"is undefined. {ADVICE}"
        )


def _named(points):
    shown = ", ".join(map(str, points[:SHOWN])) + (", …" if len(points) > SHOWN else "")
    return f"{len(points)} of the points to classify (indices {shown})"


def _solve(system, right, tolerance):
    solution, failed = cg(system, right, rtol=tolerance, atol=0.0)  # at most ten steps a point
    if failed:
        raise ValueError(f"Conjugate gradients do not reach the tolerance. Received: tolerance={tolerance!r}")
    return solution
