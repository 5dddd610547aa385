"""ROC, TAR at FAR and accuracy over folds, against scikit-learn and a search over all thresholds."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score, roc_curve

from zoo.verification.scores import best_threshold, fold_accuracy, roc, tar_at_far

RANDOM = np.random.default_rng(0)
SAME = RANDOM.random(600) < 0.4
SIMILARITY = np.round(RANDOM.normal(0.8 * SAME, 0.5), 2)  # rounded: some are equal
FOLDS = np.arange(600) % 7


def test_the_curve_is_that_of_scikit_learn():
    far, tar, thresholds = roc(SIMILARITY, SAME)
    assert np.trapezoid(tar, far) == pytest.approx(roc_auc_score(SAME, SIMILARITY))
    for rates, expected in zip(
        (far, tar, thresholds), roc_curve(SAME, SIMILARITY, drop_intermediate=False), strict=True
    ):
        np.testing.assert_array_equal(rates, expected)


@pytest.mark.parametrize("far", [0.003, 0.01, 0.1, 0.5])
def test_the_rate_is_the_best_of_all_thresholds_with_so_few_false_acceptances(far):
    tar, threshold = tar_at_far(SIMILARITY, SAME, far)
    found = [np.mean(SIMILARITY[SAME] >= each) for each in SIMILARITY if np.mean(SIMILARITY[~SAME] >= each) <= far]
    assert tar == max(found)
    assert np.mean(SIMILARITY[SAME] >= threshold) == tar and np.mean(SIMILARITY[~SAME] >= threshold) <= far


def test_a_rate_that_is_met_exactly_is_not_missed_by_rounding():
    """Three of ten: 0.3 in floating point may be a little more or less than 3 / 10."""
    similarity, same = np.arange(20.0)[::-1], np.repeat([False, True], 10)
    assert tar_at_far(similarity, same, 0.3) == (0.0, 17.0)
    assert tar_at_far(similarity, same, 0.1 + 0.2)[1] == 17.0


def brute_force(similarity, same):
    """The fewest errors of any threshold."""
    values = np.unique(similarity)
    candidates = [values[0] - 1, *((values[1:] + values[:-1]) / 2), values[-1] + 1, *values]
    return max(accuracy_score(same, similarity >= each) for each in candidates)


@pytest.mark.parametrize("seed", range(20))
def test_no_threshold_has_fewer_errors(seed):
    generator = np.random.default_rng(seed)
    same = generator.random(15) < 0.5
    same[:2] = True, False
    similarity = generator.integers(0, 6, 15) / 6 + 0.2 * same
    found = accuracy_score(same, similarity >= best_threshold(similarity, same))
    assert found == pytest.approx(brute_force(similarity, same))


def test_no_pair_is_accepted_where_that_has_the_fewest_errors():
    assert best_threshold(np.array([3.0, 2.0, 1.0]), np.array([False, False, True])) > 3


def test_each_fold_is_measured_with_the_threshold_of_the_others():
    mean, error, accuracies, thresholds = fold_accuracy(SIMILARITY, SAME, FOLDS)
    for fold in range(7):
        others = fold != FOLDS
        assert accuracy_score(SAME[others], SIMILARITY[others] >= thresholds[fold]) == pytest.approx(
            brute_force(SIMILARITY[others], SAME[others])
        )
        assert accuracies[fold] == accuracy_score(SAME[~others], SIMILARITY[~others] >= thresholds[fold])
    assert mean == pytest.approx(accuracies.mean())
    assert error == pytest.approx(np.std(accuracies, ddof=1) / 7**0.5)


def test_a_fold_does_not_choose_its_own_threshold():
    """All of the first fold is 10 higher: the second fold's threshold accepts every pair of it."""
    same = np.tile([True, False], 10)
    folds = np.repeat([0, 1], 10)
    similarity = np.where(same, 1.0, 0.0) + 10 * (folds == 0)
    _, _, accuracies, thresholds = fold_accuracy(similarity, same, folds)
    assert thresholds.tolist() == [0.5, 10.5] and accuracies.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: roc([0.1, np.nan], [True, False]), "Similarities must be numbers. Received: 1 NaN or infinite"),
        (
            lambda: roc([0.1, 0.2], [True, True]),
            "pairs of one person and pairs of two. Received: 2 pairs of one person",
        ),
        (lambda: roc([0.1, 0.2, 0.3], [True, False]), "a number and a truth value for each pair"),
        (lambda: roc([0.1, 0.2], [2, 0]), "a number and a truth value for each pair"),
        (lambda: tar_at_far(SIMILARITY, SAME, 0.0), "`far` must be above 0 and below 1. Received: far=0.0"),
        (lambda: tar_at_far(SIMILARITY, SAME, 1e-4), "of 0.0001 is measured on 10,000 pairs of two people or more"),
        (lambda: fold_accuracy(SIMILARITY, SAME, np.zeros(600)), "two folds or more. Received: .* 1 folds"),
        (lambda: fold_accuracy(SIMILARITY, SAME, FOLDS[:9]), "the fold of each of 600 pairs"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
