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


def test_the_drawing_names_its_classes_and_corners_and_nothing_is_cut(tmp_path):
    corners = ["a long name of a corner", "b", "c"]
    title = "a model, degree 2"
    figure = plane(_circle(), np.zeros(2), np.ones(2), np.array([1.0, -1.0]), True, ["in", "out"], corners, title)
    (axes,) = figure.axes  # no thumbnails of what is no image
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["in", "out", "exact boundary"]
    assert [text.get_text() for text in axes.texts] == corners
    assert axes.get_title() == title and not axes.axison
    assert "lead of the winning logit" in figure.get_supxlabel()
    figure.savefig(tmp_path / "plane.png")
    assert (tmp_path / "plane.png").read_bytes().startswith(b"\x89PNG")
    page = figure.bbox
    for text in [*axes.texts, *axes.get_legend().get_texts(), axes.title]:
        box = text.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, text


def test_the_whole_triangle_is_coloured_and_nothing_else():
    figure = plane(_circle(), np.zeros(2), np.array([1.0, 0]), np.array([0, 1.0]), triangle=True)
    vertices = np.concatenate(
        [p.vertices for c in figure.axes[0].collections for p in c.get_paths() if len(p.vertices)]
    )
    x, y = vertices.T
    t = y / (3**0.5 / 2)
    s = x - t / 2
    assert min(s.min(), t.min(), (1 - s - t).min()) > -1e-9
    for corner in ((0, 0), (1, 0), (0, 1)):
        assert np.abs(np.stack([s, t], axis=1) - corner).sum(axis=1).min() < 1e-9


@pytest.mark.parametrize("channels", [1, 3])
def test_images_stand_at_the_corners_of_a_triangle(channels):
    inputs = keras.Input((4, 4, channels))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs)))
    images = np.random.default_rng(0).uniform(0, 255, (3, 4, 4, channels))
    figure = plane(model, images[0], images[1] - images[0], images[2] - images[0], triangle=True)
    axes, *insets = [figure.axes[0], *figure.axes[0].child_axes]
    figure.draw_without_rendering()
    shown = np.stack([inset.images[0].get_array().reshape(4, 4, channels) for inset in insets])
    np.testing.assert_allclose(shown, (images - images.min()) / np.ptp(images))
    boxes = [inset.get_window_extent().bounds[:2] for inset in insets]
    corners = axes.transData.transform([(0, 0), (1, 0), (0.5, 3**0.5 / 2)])
    distances = np.linalg.norm(corners[:, None] - np.array(boxes)[None], axis=2)
    assert distances.argmin(axis=1).tolist() == [0, 1, 2]


def test_a_drawing_that_rounding_decides_is_refused():
    """At the corners the logits reach 1e96: what is drawn near the origin would be their rounding error."""
    x = keras.Input((2,))
    model = keras.Model(x, layers.Concatenate()([x**48, 0.0 * x + 0.25]))
    d1, d2 = np.array([100.0, 0]), np.array([0, 100.0])
    with pytest.raises(ValueError, match="of the plane the leading logit leads by less than rounding"):
        plane(model, np.zeros(2), d1, d2)
    with pytest.raises(ValueError, match="overflows"):
        plane(model, np.zeros(2), 1e6 * d1, d2)
    polynomial = PlanePolynomial(model, np.full(2, 2.0), d1 / 100, d2 / 100)
    s, t = np.random.default_rng(0).uniform(-1, 1, (2, 50))
    points = 2.0 + s[:, None] * [1, 0] + t[:, None] * [0, 1]
    missed = np.abs(polynomial(s, t).T - Evaluator(model)([points])).max()
    assert missed <= polynomial.error < 1e-9 * 3.0**48


def test_a_clip_on_the_plane_is_noticed():
    class Clip(layers.Layer):
        def call(self, inputs):
            return ops.clip(inputs, 0, 255)

        def degree_rule(self, degrees):
            return degrees[0]

    x = keras.Input((2,))
    model = keras.Model(x, layers.Dense(2)(Clip()(x)))
    plane(model, np.full(2, 100.0), np.array([100.0, 0]), np.array([0, 100.0]))
    with pytest.raises(ValueError, match="valid inputs"):
        plane(model, np.full(2, 100.0), np.array([200.0, 0]), np.array([0, 200.0]))


def test_bad_arguments():
    x = keras.Input((2,))
    with pytest.raises(ValueError, match="two logits"):
        plane(keras.Model(x, layers.Dense(1)(x)), np.zeros(2), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="degree 200"):
        plane(keras.Model(x, x**200), np.zeros(2), np.ones(2), np.ones(2))
