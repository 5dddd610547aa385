"""The drawn boundary lies where the logits are equal."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from pinet_keras.analysis import crossings, plane
from pinet_keras.analysis.planes import PlanePolynomial
from pinet_keras.analysis.replay import Evaluator


def _circle():
    """Class 0 inside the circle of radius one half, class 1 outside."""
    x = keras.Input((2,))
    radius = ops.sum(ops.square(x), axis=-1, keepdims=True)
    return keras.Model(x, layers.Concatenate()([radius * 0.0 + 0.25, radius]))


def _boundary(figure):
    paths = [path for c in figure.axes[0].collections for path in c.get_paths() if not c.get_facecolor().size]
    return np.concatenate([path.vertices for path in paths])


def test_the_boundary_of_a_circle_is_a_circle():
    figure = plane(_circle(), np.zeros(2), np.array([1.0, 0]), np.array([0, 1.0]))
    radii = np.linalg.norm(_boundary(figure), axis=1)
    assert len(radii) > 100
    np.testing.assert_allclose(radii, 0.5, atol=1e-4)


@pytest.mark.parametrize("triangle", [False, True])
def test_the_polynomial_is_the_model_in_the_plane(triangle):
    keras.utils.set_random_seed(0)
    x = keras.Input((5,))
    y = layers.Multiply()([layers.Dense(4)(x), layers.Dense(4)(x)])
    model = keras.Model(x, layers.Dense(3)(layers.Multiply()([y, layers.Dense(4)(x)])))
    origin, d1, d2 = np.random.default_rng(0).normal(size=(3, 5))
    polynomial = PlanePolynomial(model, origin, d1, d2, triangle)
    s, t = np.random.default_rng(1).uniform(0, 0.5, (2, 20))
    expected = Evaluator(model)([origin + s[:, None] * d1 + t[:, None] * d2])
    np.testing.assert_allclose(polynomial(s, t).T, expected, atol=1e-10)


def test_the_boundary_meets_the_crossings_of_a_line():
    figure = plane(_circle(), np.full(2, 0.1), np.array([1.0, 0]), np.array([0, 1.0]), triangle=True)
    (crossing,) = crossings(_circle(), np.full(2, 0.1), np.array([1.0, 0]), domain=(0, 1))
    vertices = _boundary(figure)
    assert np.abs(vertices - [crossing.t, 0]).sum(axis=1).min() < 5e-3


def test_the_picture_names_its_classes_and_corners(tmp_path):
    figure = plane(
        _circle(), np.zeros(2), np.ones(2), np.array([1.0, -1.0]), True, ["inside", "outside"], ["a", "b", "c"]
    )
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["inside", "outside", "exact boundary"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["a", "b", "c"]
    figure.savefig(tmp_path / "plane.png")
    assert (tmp_path / "plane.png").read_bytes().startswith(b"\x89PNG")


def test_bad_arguments():
    x = keras.Input((2,))
    with pytest.raises(ValueError, match="two logits"):
        plane(keras.Model(x, layers.Dense(1)(x)), np.zeros(2), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="degree 200"):
        plane(keras.Model(x, x**200), np.zeros(2), np.ones(2), np.ones(2))
