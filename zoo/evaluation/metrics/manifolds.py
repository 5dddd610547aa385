"""Precision, recall, density and coverage: how two sets of features overlap."""

import numpy as np
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

from zoo.evaluation.metrics.checks import two_sets


def precision_recall(real: np.ndarray, generated: np.ndarray, neighbours: int = 3) -> tuple[float, float]:
    """Improved precision and recall: how much of each set lies in the other's manifold.

    A set's manifold is the union of the balls around its points that reach to the k-th nearest other point of the set.
    Precision is the fraction of generated points in the real manifold, recall that of real points in the generated one.

    Args:
        real: `[n, d]` features of real images, n above `neighbours`.
        generated: `[m, d]` features of generated images, m above `neighbours`.
        neighbours: k.

    Returns:
        Precision and recall, each in 0..1.

    Raises:
        ValueError: the sets are not two matrices of the same width, or have too few rows for k neighbours.

    Reference:
        Kynkäänniemi et al., Improved Precision and Recall Metric for Assessing Generative Models, arXiv 1904.06991.

    Example:
        >>> from zoo.evaluation.metrics import precision_recall
        >>> real = np.random.default_rng(0).normal(size=(200, 4))
        >>> precision_recall(real, real[:20] * 0.01)  # plausible, without variety
        (1.0, 0.0)
    """
    real, generated = two_sets(real, generated, least=neighbours + 1)
    precision, recall = (
        float(_inside(rows, centres, neighbours).any(axis=1).mean())
        for rows, centres in ((generated, real), (real, generated))
    )
    return precision, recall


def density_coverage(real: np.ndarray, generated: np.ndarray, neighbours: int = 5) -> tuple[float, float]:
    """Density and coverage: like precision and recall, but less sensitive to outliers.

    With balls around the real points that reach to their k-th nearest real point: density is the mean number of balls
    that a generated point lies in, divided by k; coverage is the fraction of balls with a generated point in them.

    Args:
        real: `[n, d]` features of real images, n above `neighbours`.
        generated: `[m, d]` features of generated images.
        neighbours: k.

    Returns:
        Density, 0 or more and about 1 for equal distributions, and coverage in 0..1.

    Raises:
        ValueError: the sets are not two matrices of the same width, or have too few rows for k neighbours.

    Reference:
        Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, arXiv 2002.09797.

    Example:
        >>> from zoo.evaluation.metrics import density_coverage
        >>> real = np.random.default_rng(0).normal(size=(200, 4))
        >>> density_coverage(real, real + 100)  # nowhere near
        (0.0, 0.0)
    """
    real, generated = two_sets(real, generated, least=neighbours + 1)
    inside = _inside(generated, real, neighbours)
    return float(inside.sum(axis=1).mean() / neighbours), float(inside.any(axis=0).mean())


def _inside(rows: np.ndarray, centres: np.ndarray, neighbours: int) -> np.ndarray:
    """Whether each row lies in the ball of each centre, `[rows, centres]`."""
    radii = NearestNeighbors(n_neighbors=neighbours).fit(centres).kneighbors()[0][:, -1]
    return np.concatenate(
        list(pairwise_distances_chunked(rows, centres, reduce_func=lambda distances, start: distances <= radii))
    )
