"""PolyGraphConv against the full coefficient tensors of the features that a dense adjacency has summed."""

import json

import keras
import numpy as np
import pytest
from scipy import sparse

from pinet_keras import PolyGraphConv, normalized_adjacency
from pinet_keras.analysis import certify, count_macs

from .battery import array, randomize
from .explicit import coefficient_tensors, evaluate, factors_of

EDGES = [[0, 1], [1, 2], [2, 3], [3, 0], [2, 0], [4, 1]]


def random_adjacency(rng, nodes=6):
    """A directed graph with weights, and a node that nothing reaches."""
    matrix = rng.normal(size=(nodes, nodes)) * (rng.random((nodes, nodes)) < 0.4)
    matrix[2] = 0
    return matrix


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("decomposition", ["ccp", "ncp", "ncp_skip"])
@pytest.mark.parametrize("degree", [1, 3])
def test_it_is_the_polynomial_of_what_a_dense_adjacency_sums(decomposition, degree, rng):
    dense = random_adjacency(rng)
    layer = PolyGraphConv(3, sparse.csr_array(dense), degree, rank=4, decomposition=decomposition, dtype="float64")
    features = rng.normal(size=(2, 6, 5))
    layer.build(features.shape)
    randomize(layer, rng)
    factors = factors_of(layer)
    tensors = coefficient_tensors(decomposition, factors)
    for graph, found in zip(features, array(layer(features)), strict=True):
        np.testing.assert_allclose(found, evaluate(tensors, factors["bias"], dense @ graph), rtol=1e-9, atol=1e-9)


def test_gradients_are_those_of_the_dense_matrix(rng):
    """Two trainings, one with the sparse matrix and one with features summed before: the same losses."""
    dense = normalized_adjacency(EDGES, 5).toarray()
    x, y = rng.normal(size=(4, 5, 3)).astype("float32"), rng.normal(size=(4, 5, 2)).astype("float32")
    losses = []
    for matrix, features in ((dense, x), (np.eye(5), dense.astype("float32") @ x)):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((5, 3)), PolyGraphConv(2, matrix, degree=2)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        losses.append(model.fit(features, y, epochs=4, batch_size=4, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][-1] < losses[0][0]


def test_a_network_of_two_is_certified_and_verified(rng):
    matrix = normalized_adjacency(EDGES, 5)
    model = keras.Sequential(
        [keras.Input((5, 4)), PolyGraphConv(6, matrix, degree=2), PolyGraphConv(3, matrix, degree=3)]
    )
    certificate = certify(model)
    assert (certificate.degree, certificate.tier, certificate.multiplicative_depth) == (6, 3, 6)
    assert certificate.verify(model, rng.normal(size=(8, 5, 4))).verdict == "holds"


@pytest.mark.parametrize("decomposition, states", [("ccp", 0), ("ncp", 1), ("ncp_skip", 2)])
def test_macs_are_those_of_factors_edges_and_products(decomposition, states):
    matrix = normalized_adjacency(EDGES, 5)
    assert matrix.nnz == 2 * len(EDGES) + 5
    layer = PolyGraphConv(3, matrix, degree=3, rank=2, decomposition=decomposition)
    model = keras.Sequential([keras.Input((5, 4)), layer])
    factors, edges, readout, products = 3 * 4 * 2, 3 * matrix.nnz * 2, 2 * 3, 2 * 2
    assert count_macs(model) == 5 * (factors + readout + products + states * 2 * 2 * 2) + edges


def test_the_graph_is_in_the_config_and_not_among_the_weights():
    layer = PolyGraphConv(2, normalized_adjacency(EDGES, 5))
    layer.build((None, 5, 3))
    assert len(layer.weights) == 4
    config = json.loads(json.dumps(layer.get_config()))
    copied = PolyGraphConv.from_config(config)
    np.testing.assert_array_equal(copied.adjacency.toarray(), layer.adjacency.toarray())


def test_the_normalised_adjacency():
    edges = [[0, 1], [1, 0], [1, 2], [1, 2], [3, 3]]  # twice in each way, and a loop
    expected = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]], dtype=float)
    expected /= np.sqrt(np.outer(expected.sum(axis=1), expected.sum(axis=1)))
    np.testing.assert_allclose(normalized_adjacency(edges, 4).toarray(), expected)
    np.testing.assert_array_equal(normalized_adjacency([], 2).toarray(), np.eye(2))


@pytest.mark.parametrize(
    "edges, words",
    [
        ([[0, 1, 2]], "must be integers of the shape \\[edges, 2\\]"),
        ([[0.0, 1.0]], "must be integers of the shape"),
        ([[0, 3]], "from 0 to 2. Received: 0 to 3"),
        ([[-1, 2]], "from 0 to 2. Received: -1 to 2"),
    ],
)
def test_other_edges_are_refused(edges, words):
    with pytest.raises(ValueError, match=words):
        normalized_adjacency(edges, 3)


@pytest.mark.parametrize(
    "adjacency, words",
    [
        (np.ones((2, 3)), "square matrix of finite numbers. Received: shape \\(2, 3\\)"),
        (np.array([[np.nan, 1], [0, 1]]), "1 entries not finite"),
        ("graph", "must be a matrix"),
        (np.ones((2, 2, 2)), "must be a matrix"),
        (np.ones(3), "matrix"),
    ],
)
def test_other_matrices_are_refused(adjacency, words):
    with pytest.raises(ValueError, match=words):
        PolyGraphConv(3, adjacency)


def test_another_number_of_nodes_is_refused():
    layer = PolyGraphConv(3, np.eye(4))
    with pytest.raises(ValueError, match="axis 1 of input shape to have value 4"):
        layer(np.zeros((1, 5, 2), "float32"))
    layer(np.zeros((1, 4, 2), "float32"))
    with pytest.raises(ValueError, match="axis 1 of input shape to have value 4"):
        layer(np.zeros((1, 5, 2), "float32"))
