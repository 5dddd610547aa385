"""Metrics of a classifier from its logits: accuracy with an interval, calibration."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.metrics import recall_score

from zoo.files import finite_or_none

POWERS = (-4, 4)  # e to these are the bounds of the temperature


def accuracy_interval(logits: np.ndarray, labels: np.ndarray) -> tuple[float, list[float]]:
    """Top-1 accuracy and its 95 % Wilson interval.

    Args:
        logits: `[n, classes]`.
        labels: `[n]` integers.

    Returns:
        Accuracy in 0..1 and `[low, high]`.

    Raises:
        ValueError: a logit is NaN or infinite.
    """
    _check(logits)
    right = int(np.sum(np.argmax(logits, axis=1) == labels))
    interval = binomtest(right, len(labels)).proportion_ci(confidence_level=0.95, method="wilson")
    return right / len(labels), [float(interval.low), float(interval.high)]


def accuracy_by_class(logits: np.ndarray, labels: np.ndarray, class_names: Sequence[str]) -> dict[str, float | None]:
    """Recall of each class, by the class's name.

    Args:
        logits: `[n, classes]`.
        labels: `[n]` integers.
        class_names: names of the classes, in order.

    Returns:
        A fraction in 0..1 for each class; `None` for a class without examples.

    Raises:
        ValueError: a logit is NaN or infinite.
    """
    _check(logits)
    every = range(len(class_names))
    recalls = recall_score(labels, np.argmax(logits, axis=1), labels=every, average=None, zero_division=np.nan)
    return {name: finite_or_none(recall) for name, recall in zip(class_names, recalls, strict=True)}


def reliability(logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0, bins: int = 15) -> dict[str, list]:
    """The bins of a reliability diagram: equal intervals of confidence, the probability of the class that is predicted.

    Args:
        logits: `[n, classes]`.
        labels: `[n]` integers.
        temperature: the logits are divided by it first.
        bins: number of equal bins of confidence over 0..1.

    Returns:
        Lists with an entry for each bin, in order: `examples`, how many there are; `confidence`, their mean confidence;
        `accuracy`, the fraction that is classified right. The last two are `None` for a bin without examples.

    Raises:
        ValueError: a logit is NaN or infinite.

    Reference:
        Guo et al., On Calibration of Modern Neural Networks, arXiv 1706.04599, eq. 1 and 2.
    """
    confidence, right = _confidence(logits, labels, temperature)
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    examples = np.bincount(index, minlength=bins).tolist()

    def means(values):
        sums = np.bincount(index, values, bins).tolist()
        return [total / count if count else None for total, count in zip(sums, examples, strict=True)]

    return {"examples": examples, "confidence": means(confidence), "accuracy": means(right)}


def expected_calibration_error(
    logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0, bins: int = 15
) -> float:
    """Expected calibration error: Σ over bins of (fraction of examples) · |accuracy − mean confidence|.

    Args:
        logits, labels, temperature, bins: as for `reliability`, which gives the bins.

    Raises:
        ValueError: a logit is NaN or infinite.

    Reference:
        Guo et al., arXiv 1706.04599, eq. 3.
    """
    return error_of_bins(reliability(logits, labels, temperature, bins))


def error_of_bins(found: Mapping[str, list]) -> float:
    """The expected calibration error of the bins that `reliability` gave."""
    rows = zip(found["examples"], found["confidence"], found["accuracy"], strict=True)
    return sum(count * abs(accuracy - confidence) for count, confidence, accuracy in rows if count) / sum(
        found["examples"]
    )


def adaptive_calibration_error(
    logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0, bins: int = 15
) -> float:
    """Expected calibration error over bins of equally many examples, in the order of their confidence.

    Most examples of a good classifier are in the last bins of `reliability`; here no bin has more than the others.

    Args:
        logits: `[n, classes]`.
        labels: `[n]` integers.
        temperature: the logits are divided by it first.
        bins: number of bins; their sizes differ by at most one.

    Raises:
        ValueError: a logit is NaN or infinite.

    Reference:
        Nguyen and O'Connor, Posterior calibration and exploratory analysis for natural language processing models,
        arXiv 1508.05154; Mukhoti et al., arXiv 2002.09437, section 5.
    """
    confidence, right = _confidence(logits, labels, temperature)
    parts = np.array_split(np.argsort(confidence, kind="stable"), bins)
    return float(sum(abs((right[part] - confidence[part]).sum()) for part in parts) / len(labels))


def calibration_scores(logits: np.ndarray, labels: np.ndarray, temperature: float) -> dict:
    """Calibration error and bins, before and after the temperature: the entries of a card's `calibration`.

    Args:
        logits: `[n, classes]`, of test examples.
        labels: `[n]` integers.
        temperature: that of the card, fitted on validation examples.

    Returns:
        `ece` and `reliability`, and the same with `_calibrated` behind the name.

    Raises:
        ValueError: a logit is NaN or infinite.
    """
    before, after = reliability(logits, labels), reliability(logits, labels, temperature)
    return {
        "ece": error_of_bins(before),
        "ece_calibrated": error_of_bins(after),
        "reliability": before,
        "reliability_calibrated": after,
    }


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature T > 0 that minimises the mean Brier score Σ_k (softmax(logits / T)_k − [k is the label])².

    Guo et al. minimise the negative log-likelihood, which has no bound: a polynomial can give a rare image logits of
    10⁵, and that image alone would then determine the temperature. The Brier score is proper as well, and at most 2.

    Where all n examples are classified right, the lowest score is at T → 0, and says nothing of how often others are
    classified wrong. T is then the one at which the mean confidence is (n + 1) / (n + 2), Laplace's rule of succession.

    Args:
        logits: `[n, classes]`, of validation examples.
        labels: `[n]` integers.

    Raises:
        ValueError: a logit is NaN or infinite.

    Reference:
        Guo et al., arXiv 1706.04599, section 4.2. Brier, Verification of forecasts expressed in terms of probability,
        Monthly Weather Review 78, 1950.
    """
    _check(logits)
    logits = np.asarray(logits, "float64")
    if (logits.argmax(axis=1) == labels).all():
        return _temperature_of_confidence(logits, (len(labels) + 1) / (len(labels) + 2))
    targets = np.eye(logits.shape[1])[labels]
    loss = lambda power: ((softmax(logits / np.exp(power), axis=1) - targets) ** 2).sum(axis=1).mean()  # noqa: E731
    return float(np.exp(minimize_scalar(loss, bounds=POWERS, method="bounded").x))


def _temperature_of_confidence(logits, confidence):
    excess = lambda power: softmax(logits / np.exp(power), axis=1).max(axis=1).mean() - confidence  # noqa: E731
    low, high = POWERS
    if excess(low) <= 0 or excess(high) >= 0:  # no temperature in between gives it
        return 1.0
    return float(np.exp(brentq(excess, low, high)))


def _confidence(logits, labels, temperature):
    """The probability of the class that is predicted, and whether that is the label, of each example."""
    _check(logits)
    probabilities = softmax(np.asarray(logits, "float64") / temperature, axis=1)
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels


def _check(logits: np.ndarray) -> None:
    """Raise an error for NaN, which argmax takes as the largest value."""
    finite = np.isfinite(logits).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"The logits of {np.sum(~finite):,} of {len(finite):,} examples are NaN or infinite: the network overflows "
            "there, and has neither accuracy nor calibration."
        )
