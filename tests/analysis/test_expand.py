"""Explicit polynomials against polynomials multiplied out independently, term by term."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from pinet_keras.analysis import certify, expand
from pinet_keras.analysis.expansion import monomials
from pinet_keras.layers import PolyDense

INPUTS = 2


class Poly:
    """A vector of polynomials as dictionaries {exponents: coefficient}, multiplied out by hand."""

    def __init__(self, terms):
        self.terms = terms

    @classmethod
    def inputs(cls):
        return cls([{tuple(int(i == j) for j in range(INPUTS)): 1.0} for i in range(INPUTS)])

    def affine(self, kernel, bias):
        columns = []
        for column, shift in zip(kernel.T, bias, strict=True):
            total = {(0,) * INPUTS: float(shift)}
            for weight, terms in zip(column, self.terms, strict=True):
                for exponents, value in terms.items():
                    total[exponents] = total.get(exponents, 0.0) + weight * value
            columns.append(total)
        return Poly(columns)

    def add(self, other):
        return Poly([_merge([*a.items(), *b.items()]) for a, b in zip(self.terms, other.terms, strict=True)])

    def multiply(self, other):
        return Poly(
            [
                _merge((tuple(map(sum, zip(e, f, strict=True))), u * v) for e, u in a.items() for f, v in b.items())
                for a, b in zip(self.terms, other.terms, strict=True)
            ]
        )

    def degree(self):
        return max((sum(e) for terms in self.terms for e, v in terms.items() if abs(v) > 1e-9), default=0)


def _merge(items):
    total: dict = {}
    for exponents, value in items:
        total[exponents] = total.get(exponents, 0.0) + value
    return total


@st.composite
def graphs(draw):
    """A random small graph: each step a dense layer, a sum, a product, a square or a cube of earlier tensors."""
    steps, degrees = [], [1]
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["dense", "add", "multiply", "square", "cube", "nested"]))
        a, b = (draw(st.integers(0, len(degrees) - 1)) for _ in range(2))
        degree = {
            "dense": degrees[a],
            "nested": 2 * degrees[a],
            "add": max(degrees[a], degrees[b]),
            "multiply": degrees[a] + degrees[b],
            "square": 2 * degrees[a],
            "cube": 3 * degrees[a],
        }[kind]
        if degree <= 8:
            steps.append((kind, a, b))
            degrees.append(degree)
    return steps, draw(st.integers(0, 2**16))


def _build(steps, seed):
    """The same graph twice: as a Keras model and multiplied out."""
    rng = np.random.default_rng(seed)
    nested_weights = _weights(rng)
    x, y = keras.Input((INPUTS,)), keras.Input((INPUTS,))
    inner = keras.Model(y, ops.square(_dense(nested_weights)(y)))
    tensors, polys = [x], [Poly.inputs()]
    for kind, a, b in steps:
        if kind == "dense":
            weights = _weights(rng)
            new = _dense(weights)(tensors[a]), polys[a].affine(*weights)
        elif kind == "nested":
            hidden = polys[a].affine(*nested_weights)
            new = inner(tensors[a]), hidden.multiply(hidden)
        elif kind == "add":
            new = layers.Add()([tensors[a], tensors[b]]), polys[a].add(polys[b])
        elif kind == "multiply":
            new = layers.Multiply()([tensors[a], tensors[b]]), polys[a].multiply(polys[b])
        elif kind == "square":
            new = ops.square(tensors[a]), polys[a].multiply(polys[a])
        else:
            new = tensors[a] ** 3, polys[a].multiply(polys[a]).multiply(polys[a])
        tensors.append(new[0])
        polys.append(new[1])
    return keras.Model(x, layers.Identity()(tensors[-1])), polys[-1]


def _weights(rng):
    # Values that float32 holds exactly, all positive: then no term can cancel and the degree is attained.
    return rng.integers(1, 8, (INPUTS, INPUTS)) / 8, rng.integers(1, 8, INPUTS) / 8


def _dense(weights):
    kernel, bias = weights
    return layers.Dense(
        INPUTS,
        kernel_initializer=lambda shape, dtype: ops.convert_to_tensor(kernel, dtype),
        bias_initializer=lambda shape, dtype: ops.convert_to_tensor(bias, dtype),
    )


@settings(max_examples=30, deadline=None, derandomize=True)
@given(graphs())
def test_certificate_and_expansion_equal_the_polynomial_multiplied_out(graph):
    model, poly = _build(*graph)
    certificate, expansion = certify(model), expand(model)
    assert certificate.degree == poly.degree() == expansion.degree()
    scale = np.abs(expansion.coefficients).max()
    for output, terms in enumerate(poly.terms):
        expected = [terms.get(tuple(row), 0.0) for row in expansion.exponents]
        np.testing.assert_allclose(expansion.coefficients[:, output], expected, atol=1e-8 * scale)


def test_number_and_order_of_monomials():
    assert monomials(2, 2).tolist() == [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]]
    assert len(monomials(4, 3)) == 35


def test_a_polynomial_layer_is_expanded_and_evaluated():
    model = keras.Sequential([keras.Input((3,)), PolyDense(2, degree=3, rank=4)])
    expansion = expand(model)
    points = np.random.default_rng(0).uniform(-2, 2, (20, 3))
    np.testing.assert_allclose(expansion(points), model.predict(points, verbose=0), rtol=1e-3, atol=1e-4)
    assert expansion.degree() == 3


def test_the_box_is_respected():
    class Clip(layers.Layer):
        def call(self, inputs):
            return ops.clip(inputs, 0, 255)

        def degree_rule(self, degrees):
            return degrees[0]

    model = keras.Sequential([keras.Input((2,)), Clip(), layers.Activation(ops.square)])
    expansion = expand(model, low=0, high=255)
    expected = np.zeros((6, 2))
    expected[3, 0] = expected[5, 1] = 1
    np.testing.assert_allclose(expansion.coefficients, expected, atol=1e-9)
    with pytest.raises(ValueError, match="fits"):
        expand(model, low=-255, high=255)


def test_too_many_monomials_are_refused_in_words():
    x = keras.Input((64,))
    with pytest.raises(ValueError, match=r"degree 4 in 64 inputs has 814,385 monomials"):
        expand(keras.Model(x, x**4))


def test_sympy_expressions():
    sympy = pytest.importorskip("sympy")
    x = keras.Input((2,))
    (expression, _) = expand(keras.Model(x, ops.square(2.0 * x) + 3.0)).to_sympy()
    x0 = sympy.Symbol("x0")
    assert sympy.simplify(expression - (4 * x0**2 + 3)).subs(x0, 0.37) == pytest.approx(0, abs=1e-9)
