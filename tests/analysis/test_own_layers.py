"""What the library's own layers declare, against what their opened graph says."""

import keras
import pytest

from pinet_keras import layers
from pinet_keras.analysis import certify, count_macs
from pinet_keras.analysis.graph import trace

OWN = [
    (layers.PolyDense(3, degree=1), (5,)),
    (layers.PolyDense(3, degree=4, rank=2), (5,)),
    (layers.PolyDense(3, degree=2, rank=2, decomposition="ncp"), (5,)),
    (layers.PolyDense(3, degree=2, rank=2, decomposition="ncp_skip", normalization="batch"), (5,)),
    (layers.PolyDense(3, degree=4, rank=2, decomposition="ncp"), (5,)),
    (layers.PolyConv1D(3, 2, degree=3, rank=2, decomposition="ncp_skip"), (5, 2)),
    (layers.PolyConv1D(3, 2, degree=3, rank=2), (5, 2)),
    (layers.PolyConv2D(3, 3, degree=3, rank=2, normalization="batch"), (5, 5, 2)),
    (layers.PolyBlock2D(4, normalization="batch"), (5, 5, 2)),
    (layers.PolyBlock2D(2), (5, 5, 2)),
    (layers.SecondOrder2D(dropout=0.1), (5, 5, 2)),
]


@pytest.mark.parametrize(("layer", "shape"), OWN, ids=lambda x: getattr(x, "name", ""))
def test_declared_degree_and_depth_are_those_of_the_opened_layer(layer, shape):
    opened = trace(layer, [(None, *shape)])
    declared = certify(keras.Sequential([keras.Input(shape), layer]))
    found = certify(keras.Model(opened.inputs, opened.outputs))
    assert (declared.degree, declared.multiplicative_depth) == (found.degree, found.multiplicative_depth)
    assert declared.tier == 3


@pytest.mark.parametrize(("alpha", "depth"), [(None, 1), (0.5, 2)])
def test_depth_of_a_product_of_two_images_is_that_of_the_opened_layer(alpha, depth):
    """It has no affine map before the product, and one behind it only with the batch normalisation."""
    a, b = keras.Input((5, 5, 2)), keras.Input((1, 1, 2))
    layer = layers.SecondOrder2D(alpha)
    declared = certify(keras.Model([a, b], layer([a, b])))
    opened = trace(layer, [a.shape, b.shape])
    found = certify(keras.Model(opened.inputs, opened.outputs))
    assert (declared.degree, declared.multiplicative_depth) == (found.degree, found.multiplicative_depth) == (2, depth)


def test_a_polynomial_activation_multiplies_the_degree():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), layers.PolynomialActivation(degree=3)])
    certificate = certify(model)
    assert certificate.degree == 3
    assert certificate.multiplicative_depth == 4  # dense, two products, coefficients


def test_macs_of_a_polynomial_layer():
    # U: 5 → 4·2, three Hadamard products of 2, C: 2 → 3
    assert count_macs(keras.Sequential([keras.Input((5,)), layers.PolyDense(3, degree=4, rank=2)])) == 40 + 6 + 6
