import numpy as np
import pytest
from scipy.special import softmax
from sklearn.calibration import calibration_curve

from zoo.evaluation.scores import (
    accuracy_by_class,
    accuracy_interval,
    adaptive_calibration_error,
    expected_calibration_error,
    fit_temperature,
    reliability,
)


def test_accuracy_and_wilson_interval_of_a_hand_computed_case():
    logits = np.eye(2)[[0] * 90 + [1] * 10]
    accuracy, (low, high) = accuracy_interval(logits, np.zeros(100, int))
    z = 1.959963984540054
    centre, half = (0.9 + z**2 / 200) / (1 + z**2 / 100), z * np.sqrt(0.9 * 0.1 / 100 + z**2 / 40000) / (1 + z**2 / 100)
    assert accuracy == 0.9
    assert (low, high) == pytest.approx((centre - half, centre + half))


def test_calibration_error_of_a_hand_computed_case():
    # Ten answers at confidence 0.8 of which six are right, ten at 0.6 of which all are right: (0.2 + 0.4) / 2
    logits = np.log([[0.8, 0.2]] * 10 + [[0.6, 0.4]] * 10)
    labels = np.array([0] * 6 + [1] * 4 + [0] * 10)
    assert expected_calibration_error(logits, labels) == pytest.approx(0.3)


def test_the_bins_of_a_hand_computed_case():
    """Fifths of 0..1, of which two are empty; a confidence of 1 belongs to the last one."""
    logits = np.array([[0.0, 0.0]] * 4 + [[0.0, np.log(0.7 / 0.3)]] * 2 + [[1000.0, 0.0]] + [[np.log(9), 0.0]])
    labels = np.array([0, 0, 0, 1, 1, 0, 0, 1])
    found = reliability(logits, labels, bins=5)
    assert found["examples"] == [0, 0, 4, 2, 2]
    assert found["confidence"] == [None, None, pytest.approx(0.5), pytest.approx(0.7), pytest.approx(0.95)]
    assert found["accuracy"] == [None, None, 0.75, 0.5, 0.5]
    assert reliability(logits[-1:], labels[-1:], 2, bins=5)["confidence"][3] == pytest.approx(0.75)  # √9 to 1


def test_the_adaptive_calibration_error_is_that_of_scikit_learns_quantiles():
    """Three of five are right at every confidence, so some bins are underconfident and others overconfident."""
    generator = np.random.default_rng(0)
    logits = 3 * generator.normal(size=(3000, 4))
    labels = np.where(generator.random(3000) < 0.6, logits.argmax(axis=1), logits.argmin(axis=1))
    for temperature in (1.0, 2.5):
        probabilities = softmax(logits / temperature, axis=1)
        confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
        accuracies, confidences = calibration_curve(right, confidence, n_bins=15, strategy="quantile")
        assert (accuracies < confidences).any() and (accuracies > confidences).any()
        expected = np.abs(accuracies - confidences).mean()  # of bins of 200 each
        assert adaptive_calibration_error(logits, labels, temperature) == pytest.approx(expected, rel=1e-9)


def test_the_adaptive_calibration_error_of_a_hand_computed_case():
    """Five examples in two bins by confidence: 0.6 0.6 0.7, all right, and 0.9 0.9, both wrong."""
    logits = np.log([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.1, 0.9], [0.6, 0.4]])
    labels = np.array([1, 0, 0, 0, 0])
    expected = (abs(3 - 1.9) + abs(0 - 1.8)) / 5
    assert adaptive_calibration_error(logits, labels, bins=2) == pytest.approx(expected)


def test_the_temperature_undoes_a_known_overconfidence():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(20000, 5))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = (probabilities.cumsum(1) > generator.random((20000, 1))).argmax(1)
    assert fit_temperature(3 * logits, labels) == pytest.approx(3, rel=0.05)
    assert expected_calibration_error(3 * logits, labels) > 0.15
    assert expected_calibration_error(3 * logits, labels, temperature=3) < 0.02


def test_one_exploded_logit_does_not_set_the_temperature():
    generator = np.random.default_rng(0)
    logits = 3 * generator.normal(size=(1000, 5))
    labels = logits.argmax(1)
    labels[500:550] = 0  # some are classified wrong
    expected = fit_temperature(logits, labels)
    logits[0, (labels[0] + 1) % 5] = 1e5  # one in a thousand, and certain of a wrong class
    assert fit_temperature(logits, labels) == pytest.approx(expected, rel=0.3)


def test_a_split_without_an_error_gets_the_confidence_of_the_rule_of_succession():
    logits = np.random.default_rng(0).normal(size=(20, 5))
    labels = logits.argmax(1)
    found = np.exp(logits / fit_temperature(logits, labels))
    assert (found.max(1) / found.sum(1)).mean() == pytest.approx(21 / 22)
    assert fit_temperature(np.zeros((20, 5)), np.zeros(20, int)) == 1.0  # equal logits are so at any temperature


def test_accuracy_by_class_of_a_hand_computed_case():
    logits = np.eye(3)[[0, 0, 1, 1, 2, 0]]
    labels = np.array([0, 0, 1, 2, 2, 2])
    assert accuracy_by_class(logits, labels, ["a", "b", "c"]) == {"a": 1, "b": 1, "c": pytest.approx(1 / 3)}


def test_a_class_without_examples_has_no_accuracy():
    assert accuracy_by_class(np.eye(3)[[0, 2]], np.array([0, 0]), ["a", "b", "c"]) == {"a": 0.5, "b": None, "c": None}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    "score",
    [
        accuracy_interval,
        lambda *pair: accuracy_by_class(*pair, "abc"),
        reliability,
        adaptive_calibration_error,
        fit_temperature,
    ],
)
def test_a_network_that_overflows_has_no_score(score, bad):
    logits = np.zeros((1200, 3))
    logits[7, 2] = bad
    with pytest.raises(ValueError, match="logits of 1 of 1,200 examples are NaN or infinite"):
        score(logits, np.zeros(1200, int))
