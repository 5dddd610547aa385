"""AdditiveAngularMargin and CosineDense against ArcFace in NumPy, by angles."""

import keras
import numpy as np
import pytest
from scipy.special import log_softmax

import zoo  # noqa: F401 registers the classes
from tests.zoo.test_focal_crossentropy import gradient
from zoo.architectures.parts.cosine_dense import CosineDense
from zoo.losses import AdditiveAngularMargin

RANDOM = np.random.default_rng(0)
COSINES = RANDOM.uniform(-0.8, 0.99, (30, 6))
LABELS = RANDOM.integers(0, 6, 30)
TARGETS = np.eye(6)[LABELS]


def by_angles(margin, scale, cosines=COSINES, labels=LABELS):
    """The paper's formula, for angles whose sum with the margin is below π."""
    logits, rows = scale * cosines, np.arange(len(labels))
    logits[rows, labels] = scale * np.cos(np.arccos(cosines[rows, labels]) + margin)
    return -log_softmax(logits, axis=1)[rows, labels].mean()


@pytest.mark.parametrize("margin, scale", [(0.0, 1.0), (0.3, 20.0), (0.5, 64.0)])
def test_the_margin_is_added_to_the_angle_of_the_true_class_alone(margin, scale):
    loss = AdditiveAngularMargin(margin, scale)(TARGETS.astype("float32"), COSINES.astype("float32"))
    assert float(loss) == pytest.approx(by_angles(margin, scale), rel=1e-4)


def test_the_loss_rises_with_the_angle_up_to_the_opposite_direction():
    """cos(θ + m) alone falls up to θ = π − m, and rises from there."""
    cosines = np.zeros((100, 2), "float32")
    cosines[:, 0] = np.cos(np.linspace(0, np.pi, 100))
    targets = np.tile(np.float32([1, 0]), (100, 1))
    losses = keras.ops.convert_to_numpy(AdditiveAngularMargin(0.8, 10.0, reduction=None)(targets, cosines))
    assert (np.diff(losses) > 0).all()


@pytest.mark.parametrize("cosine", [1.0, -1.0])
def test_the_gradient_is_finite_where_the_sine_is_0(cosine):
    found = gradient(AdditiveAngularMargin(0.5, 30.0), np.array([[1.0, 0.0]]), np.array([[cosine, 0.2]]))
    assert np.isfinite(found).all()


def test_the_head_gives_cosines_and_its_directions():
    head, vectors = CosineDense(3), RANDOM.normal(size=(8, 5)).astype("float32")
    found = keras.ops.convert_to_numpy(head(100 * vectors))
    kernel = keras.ops.convert_to_numpy(head.kernel)
    expected = vectors @ kernel / np.linalg.norm(vectors, axis=1, keepdims=True) / np.linalg.norm(kernel, axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    directions = keras.ops.convert_to_numpy(head.directions())
    assert np.array_equal((vectors @ directions).argmax(1), found.argmax(1))
    assert head.compute_output_shape((None, 5)) == (None, 3)
    assert CosineDense.from_config(head.get_config()).units == 3


def test_the_loss_comes_back_from_its_configuration():
    again = keras.losses.deserialize(keras.losses.serialize(AdditiveAngularMargin(0.2, 7.0)))
    assert (again.margin, again.scale) == (0.2, 7.0)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"margin": -0.1}, "`margin` must be an angle from 0 to π / 2. Received: margin=-0.1"),
        ({"margin": 28.6}, "Received: margin=28.6"),
        ({"margin": float("nan")}, "Received: margin=nan"),
        ({"scale": 0.0}, "`scale` must be a number above 0. Received: scale=0.0"),
        ({"scale": float("inf")}, "Received: scale=inf"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        AdditiveAngularMargin(**arguments)
    with pytest.raises(ValueError, match="`units` must be an integer of at least 1"):
        CosineDense(0)
