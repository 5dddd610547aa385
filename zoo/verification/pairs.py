"""Pairs of images, of one person or of two."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from zoo.arguments import check_count


@dataclass(frozen=True)
class Pairs:
    """Pairs of images.

    Args:
        first: `[n]` index of the first image of each pair.
        second: `[n]` index of the second.
        same: `[n]` whether both show the same person.
        folds: `[n]` the fold of each pair; no person is in two folds. All 0 where there are no folds.

    Example:
        >>> from zoo.verification import all_pairs
        >>> pairs = all_pairs([0, 0, 1])
        >>> pairs.first, pairs.second, pairs.same
        (array([0, 0, 1]), array([1, 2, 2]), array([ True, False, False]))
    """

    first: np.ndarray
    second: np.ndarray
    same: np.ndarray
    folds: np.ndarray


def all_pairs(labels: ArrayLike) -> Pairs:
    """Every pair of two images.

    Args:
        labels: `[n]` the person on each image.

    Returns:
        n (n − 1) / 2 `Pairs`.

    Raises:
        ValueError: no person has two images, or all images show one person.

    Example:
        >>> from zoo.verification import all_pairs
        >>> pairs = all_pairs(np.repeat(np.arange(20), 10))  # 20 people with 10 images each
        >>> len(pairs.same), int(pairs.same.sum())
        (19900, 900)
    """
    labels = _checked(labels)
    first, second = np.triu_indices(len(labels), 1)
    same = labels[first] == labels[second]
    _check_kinds(same, "The images")
    return Pairs(first, second, same, np.zeros(len(same), int))


def fold_pairs(labels: ArrayLike, folds: int = 10, seed: int = 0, pairs_per_fold: int | None = None) -> Pairs:
    """Pairs in the form of the LFW protocol: folds without common people, half of each fold's pairs of one person.

    The people are distributed over the folds at random, and the pairs of a fold are drawn among all of its people's.

    Args:
        labels: `[n]` the person on each image.
        folds: number of folds.
        seed: of both draws.
        pairs_per_fold: how many pairs of one person, and as many of two, a fold gets; `None` takes as many as the fold
            with the fewest has. LFW's has 300.

    Returns:
        The `Pairs`, fold by fold.

    Raises:
        ValueError: there are fewer than two people for a fold, a fold has no pair of one person, or has fewer pairs
            than asked for.

    Reference:
        Huang et al., Labeled Faces in the Wild: A Database for Studying Face Recognition in Unconstrained Environments,
        University of Massachusetts, Amherst, Technical Report 07-49, 2007.

    Example:
        >>> from zoo.verification import fold_pairs
        >>> pairs = fold_pairs(np.repeat(np.arange(20), 10))  # two people a fold: 90 pairs of one, 100 of two
        >>> np.bincount(pairs.folds)
        array([180, 180, 180, 180, 180, 180, 180, 180, 180, 180])
        >>> float(pairs.same.mean())
        0.5
    """
    labels = _checked(labels)
    check_count("folds", folds)
    check_count("pairs_per_fold", pairs_per_fold, or_none=True)
    generator, people = np.random.default_rng(seed), np.unique(labels)
    if folds < 2 or len(people) < 2 * folds:
        raise ValueError(
            f"There must be two folds or more, and two people for each of them. "
            f"Received: folds={folds}, {len(people)} people"
        )
    found = []
    for group in np.array_split(generator.permutation(people), folds):
        images = np.flatnonzero(np.isin(labels, group))
        pairs = all_pairs(labels[images])
        found.append((images[pairs.first], images[pairs.second], pairs.same))
    fewest = min(min(int(same.sum()), int((~same).sum())) for _, _, same in found)
    if pairs_per_fold is not None and pairs_per_fold > fewest:
        raise ValueError(
            f"A fold has only {fewest} pairs of one person, or of two. Received: pairs_per_fold={pairs_per_fold}"
        )
    count, parts = pairs_per_fold or fewest, []
    for fold, (first, second, same) in enumerate(found):
        for kind in (True, False):
            chosen = np.sort(generator.choice(np.flatnonzero(same == kind), count, replace=False))
            parts.append((first[chosen], second[chosen], same[chosen], np.full(count, fold)))
    return Pairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _checked(labels: ArrayLike) -> np.ndarray:
    found = np.asarray(labels)
    if found.ndim != 1 or len(found) < 2:
        raise ValueError(f"`labels` must hold the person on each of two images or more. Received: shape={found.shape}")
    return found


def _check_kinds(same: np.ndarray, what: str) -> None:
    if same.all() or not same.any():
        raise ValueError(
            f"{what} must make pairs of one person and pairs of two: give two people or more, one of them with two "
            f"images. Received: {int(same.sum())} pairs of one person, {int((~same).sum())} of two"
        )
