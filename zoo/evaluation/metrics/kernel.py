"""Kernel distance: the maximum mean discrepancy under a polynomial kernel."""

import numpy as np

from zoo.evaluation.metrics.checks import two_sets


def kernel_distance(
    real: np.ndarray, generated: np.ndarray, subsets: int = 50, subset_size: int | None = None, seed: int = 0
) -> tuple[float, float]:
    """Mean over random subsets of the unbiased MMD² with k(x, y) = (xᵀy / d + 1)³: with Inception features, the KID.

    Args:
        real: `[n, d]` features of real images.
        generated: `[m, d]` features of generated images.
        subsets: number of pairs of subsets.
        subset_size: rows of each subset, drawn without repetition; `None` takes 1,000, or as many as there are.
        seed: of the draw.

    Returns:
        The distance and its standard error, the spread of the subsets' values divided by √subsets. Unbiased, so around
        0 for equal distributions, on either side.

    Raises:
        ValueError: the sets are not two matrices of the same width, or too small for the subsets.

    Reference:
        Bińkowski et al., Demystifying MMD GANs, arXiv 1801.01401, section 4.

    Example:
        >>> from zoo.evaluation.metrics import kernel_distance
        >>> real = np.random.default_rng(0).normal(size=(200, 4))
        >>> distance, error = kernel_distance(real, real + 1, subset_size=100)
        >>> distance > 10 * error
        True
    """
    if subset_size is None:
        subset_size = max(2, min(1000, len(real), len(generated)))
    if subsets < 2 or subset_size < 2:
        raise ValueError(
            f"`subsets` and `subset_size` must be 2 or more. Received: subsets={subsets!r}, subset_size={subset_size!r}"
        )
    real, generated = two_sets(real, generated, least=subset_size)
    rng = np.random.default_rng(seed)
    values = [
        _mmd2(*(rows[rng.choice(len(rows), subset_size, replace=False)] for rows in (real, generated)))
        for _ in range(subsets)
    ]
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(subsets))


def _mmd2(x: np.ndarray, y: np.ndarray) -> float:
    count, width = x.shape
    kernel = lambda a, b: (a @ b.T / width + 1) ** 3  # noqa: E731
    # Without the diagonals, the pairs of an example with itself, the estimate is unbiased.
    inside = sum((k.sum() - np.trace(k)) / (count * (count - 1)) for k in (kernel(x, x), kernel(y, y)))
    return inside - 2 * kernel(x, y).mean()
