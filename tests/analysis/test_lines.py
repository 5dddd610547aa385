"""Polynomials along lines, and the exact points where the decision changes, against dense scans."""

import keras
import numpy as np
import pytest
from keras import layers
from numpy.polynomial import Chebyshev

from pinet_keras.analysis import Evaluator, crossings, margin, restrict
from pinet_keras.analysis.lines import envelope
from pinet_keras.layers import PolyDense


def _polynet(classes=10, blocks=5):
    """A narrow network of the zoo's form: products of two convolutions, degree 2 to the number of blocks."""
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((8, 8, 1))
    for _ in range(blocks):
        a, b = (layers.Conv2D(4, 2)(x) for _ in range(2))
        x = layers.Multiply()([a, layers.Rescaling(0.5, offset=1.0)(b)])
    return keras.Model(inputs, layers.Dense(classes)(layers.Flatten()(x)))


def test_a_quadratic_by_hand():
    x = keras.Input((2,))
    model = keras.Model(x, layers.Multiply()([x, x]))
    p, q = restrict(model, np.array([1.0, 0.0]), np.array([2.0, 3.0]), domain=(-2, 2))
    np.testing.assert_allclose(p.convert(kind=np.polynomial.Polynomial).coef, [1, 4, 4], atol=1e-12)
    np.testing.assert_allclose(q.convert(kind=np.polynomial.Polynomial).coef, [0, 0, 9], atol=1e-12)
    # (1 + 2t)² against 9t²: equal at t = 1 and t = −1/5
    found = crossings(model, np.array([1.0, 0.0]), np.array([2.0, 3.0]), domain=(-2, 2))
    assert [(c.before, c.after) for c in found] == [(1, 0), (0, 1)]
    np.testing.assert_allclose([c.t for c in found], [-0.2, 1.0], atol=1e-12)
    assert margin(model, np.array([1.0, 0.0]), np.array([2.0, 3.0]), domain=(-2, 2)) == pytest.approx(0.2)


def test_the_restriction_is_the_model_on_the_line():
    model = _polynet()
    rng = np.random.default_rng(1)
    x, d = rng.normal(size=(2, 8, 8, 1))
    polynomials = restrict(model, x, d, domain=(0, 2))
    assert {p.degree() for p in polynomials} == {32}
    ts = np.linspace(0, 2, 50)
    values = Evaluator(model)([x + ts.reshape(-1, 1, 1, 1) * d])
    fitted = np.stack([p(ts) for p in polynomials], axis=1)
    np.testing.assert_allclose(fitted, values, atol=1e-11 * np.abs(values).max())


def test_no_crossing_is_missed_and_none_invented_on_random_lines():
    """The owners of the pieces between crossings are the classes found by scanning, also right beside each crossing."""
    evaluator = Evaluator(_polynet())
    rng, points, expected, changes = np.random.default_rng(2), [], [], 0
    for _ in range(50):
        x, d = rng.normal(size=(2, 8, 8, 1))
        polynomials = restrict(evaluator, x, d)
        found = envelope(polynomials)
        edges = np.array([crossing.t for crossing in found])
        first = found[0].before if found else int(np.argmax([p(0.0) for p in polynomials]))
        owners = np.array([first, *(crossing.after for crossing in found)])
        ts = np.concatenate([np.linspace(-1, 1, 200), edges - 1e-7, edges + 1e-7])
        points.append(x + ts.reshape(-1, 1, 1, 1) * d)
        expected.append(owners[np.searchsorted(edges, ts)])
        changes += len(found)
    classes = evaluator([np.concatenate(points)]).argmax(axis=1)
    assert (classes == np.concatenate(expected)).all()
    assert changes > 50


def test_several_crossings_inside_one_step_of_a_scan_are_found():
    # T_40 against 0: forty roots, with many more of them near the ends than a uniform scan can see.
    wave, zero = Chebyshev.basis(40), Chebyshev([0.0])
    found = envelope([wave, zero])
    np.testing.assert_allclose([c.t for c in found], np.sort(np.cos(np.pi * (np.arange(40) + 0.5) / 40)), atol=1e-12)


def test_a_tangent_is_no_crossing():
    touching = Chebyshev([0.5, 0, 0.5])  # t²
    assert envelope([touching, Chebyshev([0.0])]) == []
    assert envelope([Chebyshev([0.0]), -touching]) == []


def test_a_third_class_takes_over():
    # −t, t and a hump in between
    found = envelope([Chebyshev([0, -1.0]), Chebyshev([0, 1.0]), Chebyshev([0.5])])
    assert [(c.before, c.after, round(c.t, 12)) for c in found] == [(0, 2, -0.5), (2, 1, 0.5)]


def test_no_change_means_an_infinite_margin():
    x = keras.Input((2,))
    model = keras.Model(x, layers.Dense(2, kernel_initializer="zeros", bias_initializer="ones")(x))
    assert margin(model, np.zeros(2), np.ones(2)) == np.inf


def test_a_clip_on_the_line_is_noticed():
    class Clip(layers.Layer):
        def call(self, inputs):
            return keras.ops.clip(inputs, 0, 255)

        def degree_rule(self, degrees):
            return degrees[0]

    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(2)(PolyDense(3)(Clip()(x))))
    inside, direction = np.full(4, 100.0), np.full(4, 10.0)
    assert len(restrict(model, inside, direction, domain=(0, 10))) == 2
    with pytest.raises(ValueError, match="valid inputs"):
        restrict(model, inside, direction, domain=(0, 20))


def test_bad_arguments():
    x = keras.Input((2,))
    model = keras.Model(x, layers.Dense(2)(x))
    with pytest.raises(ValueError, match="shape"):
        restrict(model, np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="low < high"):
        restrict(model, np.zeros(2), np.ones(2), domain=(1, 0))
    with pytest.raises(ValueError, match="contain 0"):
        margin(model, np.zeros(2), np.ones(2), domain=(1, 2))
    with pytest.raises(ValueError, match="two logits"):
        crossings(keras.Model(x, layers.Dense(1)(x)), np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="relu"):
        restrict(keras.Model(x, keras.ops.relu(x)), np.zeros(2), np.ones(2))
