"""How well a threshold of the similarity tells pairs of one person from pairs of two."""

import numpy as np
from numpy.typing import ArrayLike


def roc(similarity: ArrayLike, same: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The receiver operating characteristic, by scikit-learn.

    A pair is accepted as one person where its similarity is at least the threshold.

    Args:
        similarity: `[n]`, larger for pairs that are more alike.
        same: `[n]` whether a pair is of one person.

    Returns:
        False acceptance rates, true acceptance rates, and thresholds, which fall. The first threshold is infinite.

    Raises:
        ValueError: a similarity is NaN or infinite, the lengths differ, or all pairs are of one kind.

    Example:
        >>> from zoo.verification import roc
        >>> far, tar, thresholds = roc([0.9, 0.8, 0.7, 0.1], [True, False, True, False])
        >>> far.tolist(), tar.tolist()
        ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])
    """
    from sklearn.metrics import roc_curve  # of the extra `train`, which `verify` does without

    similarity, same = _checked(similarity, same)
    return roc_curve(same, similarity, drop_intermediate=False)


def tar_at_far(similarity: ArrayLike, same: ArrayLike, far: float) -> tuple[float, float]:
    """The true acceptance rate at a false acceptance rate: the largest with at most that rate of false acceptances.

    Args:
        similarity: `[n]`, larger for pairs that are more alike.
        same: `[n]` whether a pair is of one person.
        far: the false acceptance rate, above 0 and below 1.

    Returns:
        The rate, and the threshold from which on a pair is accepted.

    Raises:
        ValueError: `far` is out of its range, or smaller than one of the pairs of two people: such a rate cannot be
            measured on them. Or as for `roc`.

    Example:
        >>> from zoo.verification import tar_at_far
        >>> tar_at_far([0.9, 0.8, 0.7, 0.1], [True, False, True, False], far=0.5)
        (1.0, 0.7)
    """
    similarity, same = _checked(similarity, same)
    if not 0 < far < 1:
        raise ValueError(f"`far` must be above 0 and below 1. Received: far={far!r}")
    others = int((~same).sum())
    if far * others < 1:
        raise ValueError(
            f"A false acceptance rate of {far:g} is measured on {int(np.ceil(1 / far)):,} pairs of two people or more. "
            f"Received: {others:,}"
        )
    rates, found, thresholds = roc(similarity, same)
    place = int(np.flatnonzero(rates <= far * (1 + 1e-12))[-1])  # both rates rise along the curve
    return float(found[place]), float(thresholds[place])


def fold_accuracy(
    similarity: ArrayLike, same: ArrayLike, folds: ArrayLike
) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Accuracy on each fold, with the threshold that is best on the other folds, as in the LFW protocol.

    Args:
        similarity: `[n]`, larger for pairs that are more alike.
        same: `[n]` whether a pair is of one person.
        folds: `[n]` the fold of each pair.

    Returns:
        Mean of the folds' accuracies, its standard error (standard deviation of the folds / √folds), and the
        accuracy and the threshold of each fold.

    Raises:
        ValueError: there are fewer than two folds, or as for `roc`.

    Example:
        >>> from zoo.verification import fold_accuracy
        >>> similarity, same, folds = [0.9, 0.2, 0.6, 0.4], [True, False, True, False], [0, 0, 1, 1]
        >>> mean, error, accuracies, thresholds = fold_accuracy(similarity, same, folds)
        >>> accuracies.tolist(), np.round(thresholds, 2).tolist()
        ([1.0, 1.0], [0.5, 0.55])
    """
    similarity, same = _checked(similarity, same)
    folds = np.asarray(folds)
    names = np.unique(folds)
    if folds.shape != same.shape or len(names) < 2:
        raise ValueError(
            f"`folds` must name the fold of each of {len(same)} pairs, and two folds or more. "
            f"Received: shape={folds.shape}, {len(names)} folds"
        )
    thresholds = np.array([best_threshold(similarity[folds != name], same[folds != name]) for name in names])
    accuracies = np.array(
        [
            np.mean((similarity[folds == name] >= threshold) == same[folds == name])
            for name, threshold in zip(names, thresholds, strict=True)
        ]
    )
    return float(accuracies.mean()), float(accuracies.std(ddof=1) / np.sqrt(len(names))), accuracies, thresholds


def best_threshold(similarity: np.ndarray, same: np.ndarray) -> float:
    """The threshold with the fewest errors, half-way between two similarities; of several, the highest."""
    order = np.argsort(-similarity, kind="stable")
    ordered = similarity[order]
    right = np.cumsum(np.where(same[order], 1, -1))  # accepted pairs of one person minus accepted pairs of two
    last = np.append(ordered[1:] < ordered[:-1], True)  # equal similarities are accepted together
    place = int(np.flatnonzero(last)[np.argmax(right[last])])
    if right[place] < 0:  # fewer errors where none is accepted
        return float(np.nextafter(ordered[0], np.inf))
    below = ordered[place + 1] if place + 1 < len(ordered) else ordered[place]
    return float((ordered[place] + below) / 2)


def _checked(similarity: ArrayLike, same: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    scores, kinds = np.asarray(similarity, "float64"), np.asarray(same)
    if scores.ndim != 1 or kinds.shape != scores.shape or not np.isin(kinds, (0, 1)).all():
        raise ValueError(
            "`similarity` and `same` must be a number and a truth value for each pair. "
            f"Received: similarity.shape={scores.shape}, same.shape={kinds.shape}, same.dtype={kinds.dtype}"
        )
    if not np.isfinite(scores).all():
        raise ValueError(f"Similarities must be numbers. Received: {int((~np.isfinite(scores)).sum())} NaN or infinite")
    kinds = kinds.astype(bool)
    if kinds.all() or not kinds.any():
        raise ValueError(
            "There must be pairs of one person and pairs of two. "
            f"Received: {int(kinds.sum())} pairs of one person, {int((~kinds).sum())} of two"
        )
    return scores, kinds
