"""FocalCrossentropy against Keras' class, the formula in NumPy, and numerical derivatives."""

import keras
import numpy as np
import pytest
from scipy.special import softmax

import zoo  # noqa: F401 registers the class
from zoo.losses.focal_crossentropy import FocalCrossentropy

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(0, 2, (40, 5))
TARGETS = np.eye(5)[RANDOM.integers(0, 5, 40)]


def value(loss, targets=TARGETS, logits=LOGITS):
    return float(loss(targets.astype("float32"), logits.astype("float32")))


def by_hand(gamma_of):
    """FLSD as the paper writes it: of the true class alone."""
    p = softmax(LOGITS, axis=1)[TARGETS == 1]
    return np.mean(-((1 - p) ** gamma_of(p)) * np.log(p))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1, 2.0, 3.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_a_fixed_gamma_gives_the_values_of_keras(gamma, smoothing):
    theirs = keras.losses.CategoricalFocalCrossentropy(1.0, gamma, from_logits=True, label_smoothing=smoothing)
    assert value(FocalCrossentropy(gamma, smoothing)) == pytest.approx(value(theirs), rel=1e-5)


def test_flsd_53_takes_gamma_5_below_a_probability_of_a_fifth():
    p = softmax(LOGITS, axis=1)[TARGETS == 1]
    assert 5 < np.sum(p < 0.2) < 35
    found = value(FocalCrossentropy("flsd53"))
    assert found == pytest.approx(by_hand(lambda p: np.where(p < 0.2, 5, 3)), rel=1e-5)
    assert found != pytest.approx(by_hand(lambda p: 3), rel=1e-3)


def gradient(loss, targets, logits):
    """Of the loss of one example to its logits, on the backend that runs."""
    backend = keras.backend.backend()
    targets, logits = targets.astype("float32"), logits.astype("float32")
    if backend == "tensorflow":
        import tensorflow as tf

        inputs = tf.constant(logits)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss_value = loss(tf.constant(targets), inputs)
        return tape.gradient(loss_value, inputs).numpy()
    if backend == "jax":
        import jax

        return np.asarray(jax.grad(lambda inputs: loss(targets, inputs))(logits))
    import torch

    inputs = torch.tensor(logits, requires_grad=True)
    loss(torch.tensor(targets), inputs).backward()
    return inputs.grad.numpy()


@pytest.mark.parametrize("gamma", [0.5, 3.0, "flsd53"])
def test_the_gradient_is_that_of_finite_differences(gamma):
    loss, one = FocalCrossentropy(gamma, dtype="float64"), slice(0, 1)
    step, expected = 1e-5, np.zeros((1, 5))
    for index in range(5):
        moved = step * np.eye(5)[index]
        ends = [float(loss(TARGETS[one], LOGITS[one] + sign * moved)) for sign in (1, -1)]
        expected[0, index] = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(gradient(FocalCrossentropy(gamma), TARGETS[one], LOGITS[one]), expected, atol=1e-4)


@pytest.mark.parametrize("gamma", [0.5, 3.0, "flsd53"])
def test_an_example_that_is_far_wrong_has_a_gradient_and_one_that_is_surely_right_no_nan(gamma):
    """Logits 40 apart: e^-40 is below the 1e-7 where Keras' class clips."""
    logits, wrong, right = np.array([[0.0, 40.0]]), np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    np.testing.assert_allclose(gradient(FocalCrossentropy(gamma), wrong, logits), [[-1, 1]], rtol=1e-4)
    np.testing.assert_allclose(gradient(FocalCrossentropy(gamma), right, logits), 0, atol=1e-6)
    assert value(FocalCrossentropy(gamma), wrong, logits) == pytest.approx(40, rel=1e-4)


def test_it_comes_back_from_its_configuration():
    loss = FocalCrossentropy("flsd53", 0.1, name="mine")
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert (again.gamma, again.label_smoothing, again.name) == ("flsd53", 0.1, "mine")
    assert value(again) == value(loss)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"gamma": -1.0}, "`gamma` must be a number, 0 or more, or 'flsd53'. Received: gamma=-1.0"),
        ({"gamma": float("nan")}, "Received: gamma=nan"),
        ({"gamma": "flsd"}, "Received: gamma='flsd'"),
        ({"gamma": True}, "Received: gamma=True"),
        ({"label_smoothing": 1.0}, "`label_smoothing` must be at least 0 and below 1. Received: label_smoothing=1.0"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        FocalCrossentropy(**arguments)
