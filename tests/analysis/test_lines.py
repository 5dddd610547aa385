"""Polynomials along lines, and the points where the decision changes, against dense scans."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from pinet_keras.analysis import Evaluator, crossings, margin, restrict
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
    """The owners of the pieces between crossings are the classes found by scanning, also close to each crossing."""
    evaluator = Evaluator(_polynet())
    rng, points, expected, changes = np.random.default_rng(2), [], [], 0
    for _ in range(25):
        x, d = rng.normal(size=(2, 8, 8, 1))
        found = crossings(evaluator, x, d)
        edges = np.array([crossing.t for crossing in found])
        start = [found[0].before] if found else evaluator([x[None]]).argmax(axis=1)
        owners = np.array([*start, *(crossing.after for crossing in found)])
        ts = np.concatenate([np.linspace(-1, 1, 200), edges - 1e-9, edges + 1e-9])
        points.append(x + ts.reshape(-1, 1, 1, 1) * d)
        expected.append(owners[np.searchsorted(edges, ts)])
        changes += len(found)
    classes = evaluator([np.concatenate(points)]).argmax(axis=1)
    assert (classes == np.concatenate(expected)).all()
    assert changes > 25


def _powers(*exponents):
    """One logit for each power of a single input."""
    x = keras.Input((1,))
    return keras.Model(x, layers.Concatenate()([ops.power(x, n) for n in exponents]))


def test_crossings_are_found_where_the_logits_are_tiny_compared_with_those_elsewhere_on_the_line():
    """Up to t = 100 the logits reach 1e96; the decision changes where they are 1, far below rounding of the largest."""
    x = keras.Input((1,))
    model = keras.Model(x, layers.Concatenate()([x**48, x**47, 0.0 * x + 0.25]))
    found = crossings(model, np.zeros(1), np.ones(1), domain=(0, 100))
    assert [(c.before, c.after) for c in found] == [(2, 1), (1, 0)]
    np.testing.assert_allclose([c.t for c in found], [0.25 ** (1 / 47), 1], rtol=1e-12)
    assert margin(model, np.zeros(1), np.ones(1), domain=(-0.5, 100)) == pytest.approx(0.25 ** (1 / 47), rel=1e-12)


def test_a_restriction_that_rounding_swamps_is_refused():
    model = _powers(48, 47)
    with pytest.raises(ValueError, match="On t = 0..6.25 .*shorter"):
        restrict(model, np.zeros(1), np.ones(1), domain=(0, 100))
    values = [p(1.8) for p in restrict(model, np.zeros(1), np.ones(1), domain=(1.7, 2))]
    np.testing.assert_allclose(values, [1.8**48, 1.8**47], rtol=1e-7)


def test_each_crossing_is_as_exact_as_the_model_near_it():
    """x¹⁰ passes 2⁻³⁰ at 1/8, where the polynomial of the whole line is known to 1e-14 only, five digits."""
    x = keras.Input((1,))
    model = keras.Model(x, layers.Concatenate()([x**10, 0.0 * x + 2.0**-30]))
    (found,) = crossings(model, np.zeros(1), np.ones(1), domain=(0.01, 1))
    assert found.t == pytest.approx(0.125, rel=1e-14, abs=0)


def test_ties_touches_and_boundaries_at_an_end_are_refused():
    x = keras.Input((1,))
    with pytest.raises(ValueError, match="From t = -1 to 1 .* classes 0 and 1"):
        crossings(keras.Model(x, layers.Concatenate()([x, x])), np.zeros(1), np.ones(1))
    with pytest.raises(ValueError, match="classes . and . differ by less than float64"):
        crossings(_powers(3, 5), np.zeros(1), np.ones(1), domain=(-0.5, 0.5))
    with pytest.raises(ValueError, match="Near t = 0 classes . and . "):
        crossings(_powers(1, 0), np.ones(1), np.ones(1), domain=(0, 1))


def test_overflow_is_refused():
    with pytest.raises(ValueError, match="overflows near t = "):
        crossings(_powers(64, 1), np.zeros(1), np.array([1e6]), domain=(0.5, 1))


def test_no_change_means_an_infinite_margin():
    x = keras.Input((2,))
    model = keras.Model(x, layers.Dense(2, kernel_initializer="zeros", name="constant")(x))
    model.layers[-1].bias.assign([1.0, 2.0])
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
    with pytest.raises(ValueError, match="finite"):
        crossings(model, np.zeros(2), np.ones(2), domain=(0, np.inf))
    with pytest.raises(ValueError, match="contain 0"):
        margin(model, np.zeros(2), np.ones(2), domain=(1, 2))
    with pytest.raises(ValueError, match="two logits"):
        crossings(keras.Model(x, layers.Dense(1)(x)), np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="relu"):
        restrict(keras.Model(x, keras.ops.relu(x)), np.zeros(2), np.ones(2))


def test_rounding_inside_the_model_leaves_a_small_lead_undecided():
    """The first logit is 0.1 in exact arithmetic: the difference of two numbers of 1e8, known to 1e-8 in float64."""
    inputs = keras.Input((1,))
    hidden, logits = layers.Dense(3), layers.Dense(2)
    model = keras.Model(inputs, logits(hidden(inputs)))
    logits.set_weights([np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]), np.zeros(2)])
    for slope, is_known in ((1e-4, True), (1e-9, False)):
        hidden.set_weights([np.array([[1e8, 1e8, slope]]), np.array([0.1, 0.0, 0.1])])
        if is_known:
            (crossing,) = crossings(model, np.array([0.37]), np.array([1.0]), domain=(-0.9, 0.5))
            assert crossing.t == pytest.approx(-0.37, abs=1e-3)
        else:
            with pytest.raises(ValueError, match="differ by less than float64 can resolve"):
                crossings(model, np.array([0.37]), np.array([1.0]), domain=(-0.9, 0.5))
