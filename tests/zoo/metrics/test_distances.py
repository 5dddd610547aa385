"""The distances between sets of features, against cases that can be counted or computed by hand."""

import numpy as np
import pytest

from zoo.evaluation.metrics import density_coverage, frechet_distance, kernel_distance, precision_recall

DISTANCES = [
    frechet_distance,
    lambda real, generated: kernel_distance(real, generated, subset_size=4),
    precision_recall,
    density_coverage,
]


def with_moments(mean, root, count=500, seed=0):
    """Rows whose mean and covariance are exactly `mean` and root·rootᵀ."""
    rows = np.random.default_rng(seed).normal(size=(count, len(mean)))
    rows = np.linalg.qr(rows - rows.mean(axis=0))[0] * np.sqrt(count - 1)
    return rows @ np.asarray(root, "float64").T + mean


def test_frechet_distance_in_one_dimension():
    # (μ₁ − μ₂)² + (σ₁ − σ₂)²
    real, generated = with_moments([1.0], [[2.0]]), with_moments([4.0], [[5.0]], seed=1)
    assert frechet_distance(real, generated) == pytest.approx(9 + 9)


def test_frechet_distance_of_diagonal_gaussians():
    real = with_moments([0, 0, 0], np.diag([1, 2, 3]))
    generated = with_moments([1, 0, 2], np.diag([3, 2, 1]), count=300, seed=1)
    assert frechet_distance(real, generated) == pytest.approx(1 + 4 + 4 + 4)


def test_frechet_distance_of_covariances_that_do_not_commute():
    # For 2×2 matrices the trace of the root has a closed form: tr √M = √(tr M + 2 √det M).
    roots = [np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.7], [0.0, 3.0]])]
    first, second = (root @ root.T for root in roots)
    product = first @ second
    assert not np.allclose(product, product.T)
    cross = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    expected = np.trace(first) + np.trace(second) - 2 * cross
    real, generated = (with_moments([0, 0], root, seed=seed) for seed, root in enumerate(roots))
    assert frechet_distance(real, generated) == pytest.approx(expected)
    assert frechet_distance(generated, real) == pytest.approx(expected)


def test_frechet_distance_of_singular_covariances():
    """More dimensions than rows, and features that never change: the root has no inverse."""
    rng = np.random.default_rng(0)
    real = rng.normal(size=(20, 50))
    real[:, 7] = 3.0
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(real, real + 2.0) == pytest.approx(50 * 4)


def test_kernel_distance_of_four_points_by_hand():
    """d = 1, x = {0, 1}, y = {1, 2}: k(0, 1) = 1, k(1, 2) = 27; across 1, 1, 8, 27."""
    distance, error = kernel_distance([[0.0], [1.0]], [[1.0], [2.0]], subsets=3, subset_size=2)
    assert distance == pytest.approx(1 + 27 - 2 * (1 + 1 + 8 + 27) / 4)
    assert error == pytest.approx(0)


def test_kernel_distance_is_unbiased_and_its_error_is_honest():
    rng = np.random.default_rng(0)
    real, same, other = (rng.normal(shift, size=(2000, 8)) for shift in (0, 0, 0.3))
    distance, error = kernel_distance(real, same, subset_size=200)
    assert 0 < error < 0.05 and abs(distance) < 4 * error
    distance, error = kernel_distance(real, other, subset_size=200)
    assert distance > 10 * error
    assert kernel_distance(real, other, subset_size=200) == (distance, error)
    assert kernel_distance(real, other, subset_size=200, seed=1) != (distance, error)


def test_precision_and_recall_counted_by_hand():
    """On a line, k = 1. Real: balls of radius 1 around 0 and 1, and of radius 9 around 10. Generated: balls of radius 2
    around 1.5 and 3.5, and of radius 96.5 around 100."""
    real, generated = [[0.0], [1.0], [10.0]], [[1.5], [3.5], [100.0]]
    # 1.5 lies in the ball of 1, 3.5 in that of 10, 100 in none. 0 and 1 lie in the ball of 1.5, 10 in that of 100.
    assert precision_recall(real, generated, neighbours=1) == (2 / 3, 1.0)
    # Turned round, the shares change places.
    assert precision_recall(generated, real, neighbours=1) == (1.0, 2 / 3)


def test_density_and_coverage_counted_by_hand():
    """The same points: 1.5 lies in the balls of 1 and 10, 3.5 in that of 10, 100 in none; 0's ball stays empty."""
    density, coverage = density_coverage([[0.0], [1.0], [10.0]], [[1.5], [3.5], [100.0]], neighbours=1)
    assert density == pytest.approx(3 / 3)
    assert coverage == pytest.approx(2 / 3)


def test_equal_sets_agree_and_a_collapsed_one_lacks_recall():
    rng = np.random.default_rng(0)
    real, same = rng.normal(size=(2, 1000, 4))
    collapsed = real[:1] + 1e-3 * rng.normal(size=(1000, 4))
    assert min(precision_recall(real, same)) > 0.8
    density, coverage = density_coverage(real, same)
    assert 0.9 < density < 1.1 and coverage > 0.9
    precision, recall = precision_recall(real, collapsed)
    assert precision == 1.0 and recall < 0.01
    assert density_coverage(real, collapsed)[1] < 0.05


@pytest.mark.parametrize("distance", DISTANCES)
def test_what_is_no_pair_of_sets_is_refused(distance):
    rows = np.random.default_rng(0).normal(size=(10, 3))
    with pytest.raises(ValueError, match=r"same width d. Received: real.shape=\(10, 3\), generated.shape=\(10, 2\)"):
        distance(rows, rows[:, :2])
    with pytest.raises(ValueError, match=r"two matrices.*generated.shape=\(10,\)"):
        distance(rows, rows[:, 0])
    with pytest.raises(ValueError, match="at least .* rows"):
        distance(rows[:1], rows[:1])
    broken = rows.copy()
    broken[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity in 1 rows of `generated`"):
        distance(rows, broken)


def test_subsets_that_are_none_are_refused():
    with pytest.raises(ValueError, match="Received: subsets=1, subset_size=5"):
        kernel_distance(np.zeros((9, 2)), np.zeros((9, 2)), subsets=1, subset_size=5)
