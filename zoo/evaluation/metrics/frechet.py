"""Fréchet distance between Gaussians fitted to two sets of features."""

import numpy as np

from zoo.evaluation.metrics.checks import two_sets


def frechet_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """|μ_r − μ_g|² + tr(Σ_r + Σ_g − 2 (Σ_r Σ_g)^½): with Inception features this is the FID.

    The trace of the root is the sum of the square roots of the eigenvalues of A Σ_g A, where A is the symmetric root of
    Σ_r: symmetric matrices have real, stable eigenvalues, and singular covariances need no special case.

    Args:
        real: `[n, d]` features of real images, n at least 2.
        generated: `[m, d]` features of generated images, m at least 2.

    Returns:
        The distance, 0 or more, in squared units of the features.

    Raises:
        ValueError: the sets are not two matrices of the same width, or hold NaN or infinity.

    Reference:
        Heusel et al., GANs Trained by a Two Time-Scale Update Rule, arXiv 1706.08500, eq. 6.

    Example:
        >>> from zoo.evaluation.metrics import frechet_distance
        >>> real = np.random.default_rng(0).normal(size=(200, 4))
        >>> round(frechet_distance(real, real + 1), 6)  # 1² in each of four directions
        4.0
    """
    real, generated = two_sets(real, generated)
    shift = real.mean(axis=0) - generated.mean(axis=0)
    covariance_real, covariance_generated = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (real, generated))
    values, vectors = np.linalg.eigh(covariance_real)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    crossed = np.linalg.eigvalsh(root @ covariance_generated @ root).clip(min=0)  # rounding leaves tiny negative ones
    distance = shift @ shift + np.trace(covariance_real) + np.trace(covariance_generated) - 2 * np.sqrt(crossed).sum()
    return max(0.0, float(distance))
