"""Pairs of images against a count of all of them in plain Python."""

from itertools import combinations

import numpy as np
import pytest

from zoo.verification.pairs import all_pairs, fold_pairs

LABELS = [3, 1, 3, 2, 1, 3]


def rows(pairs):
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), pairs.same.tolist(), strict=True))


def test_all_pairs_are_those_of_two_different_images():
    expected = [(i, j, LABELS[i] == LABELS[j]) for i, j in combinations(range(6), 2)]
    assert sorted(rows(all_pairs(LABELS))) == expected
    assert not all_pairs(LABELS).folds.any()


@pytest.mark.parametrize("pairs_per_fold", [None, 4])
def test_no_person_is_in_two_folds_and_half_of_each_fold_is_of_one_person(pairs_per_fold):
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(23), 5))
    pairs = fold_pairs(labels, folds=6, seed=3, pairs_per_fold=pairs_per_fold)
    people = []
    for fold in range(6):
        chosen = pairs.folds == fold
        people.append(set(labels[pairs.first[chosen]]) | set(labels[pairs.second[chosen]]))
        assert pairs.same[chosen].sum() * 2 == chosen.sum() == 2 * (pairs_per_fold or 30)
    assert not any(one & other for one, other in combinations(people, 2))
    assert np.array_equal(pairs.same, labels[pairs.first] == labels[pairs.second])
    assert len(set(rows(pairs))) == len(pairs.same) and (pairs.first != pairs.second).all()


def test_the_draw_depends_on_the_seed_alone():
    labels = np.repeat(np.arange(8), 4)
    assert rows(fold_pairs(labels, 4, seed=1)) == rows(fold_pairs(labels, 4, seed=1))
    assert rows(fold_pairs(labels, 4, seed=1)) != rows(fold_pairs(labels, 4, seed=2))


@pytest.mark.parametrize(
    "call, words",
    [
        (
            lambda: all_pairs([1, 2, 3]),
            "make pairs of one person and pairs of two.*Received: 0 pairs of one person, 3 of",
        ),
        (lambda: all_pairs([1, 1, 1]), "Received: 3 pairs of one person, 0 of two"),
        (lambda: all_pairs([[1, 2]]), r"`labels` must hold the person on each.*Received: shape=\(1, 2\)"),
        (lambda: fold_pairs(np.repeat(np.arange(7), 3), 4), "two people for each of them. Received: folds=4, 7 people"),
        (lambda: fold_pairs(np.repeat(np.arange(7), 3), 1), "There must be two folds or more.*folds=1"),
        (
            lambda: fold_pairs(np.repeat(np.arange(8), 3), 0),
            "`folds` must be an integer of at least 1. Received: folds=0",
        ),
        (lambda: fold_pairs([0, 0, 1, 2, 3, 4], 2), "pairs of one person"),
        (
            lambda: fold_pairs(np.repeat(np.arange(8), 3), 4, pairs_per_fold=7),
            "A fold has only 6 pairs of one person, or of two. Received: pairs_per_fold=7",
        ),
    ],
)
def test_what_makes_no_pairs_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
