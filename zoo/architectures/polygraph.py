"""One polynomial layer over the nodes of a graph."""

from functools import reduce

import keras
import numpy as np
from scipy import sparse

from pinet_keras import PolyGraphConv
from pinet_keras.arguments import positive_integer


def polygraph(inputs, adjacency, num_classes, degree=2, rank=16, hops=2, dropout=0.5, weight_decay=0.0, nodes=None):
    """`PolyGraphConv` with the power A^hops of the adjacency matrix: its output factor gives the logits.

    Tier 3 up to degree 7: the graph is constant, so each output is a polynomial of degree `degree` of the features of
    the nodes up to `hops` edges away. It is one layer and not several in a row: with few labelled nodes, the output
    factors between layers, which are linear and could be left out, made the accuracy lower.

    Args:
        inputs: `[batch, nodes, features]`, the features of all nodes.
        adjacency: SciPy sparse matrix `[nodes, nodes]`, normalised.
        num_classes: number of logits of each node.
        degree: degree of the polynomial.
        rank: rank of the recursion.
        hops: how many edges away features come from.
        dropout: fraction of the features that are dropped in training.
        weight_decay: λ of the penalty λ/2·|w|² on all kernels.
        nodes: the nodes whose logits are asked for; those of others are then without meaning. A training on few of them
            needs a small part of the power of the adjacency matrix. `None` stands for all.

    Returns:
        Logits `[batch, nodes, num_classes]`.

    Reference:
        Wu et al., Simplifying Graph Convolutional Networks, arXiv 1902.07153 (the power of the adjacency matrix).
    """
    power = reduce(lambda left, right: left @ right, [adjacency.tocsr()] * positive_integer("hops", hops))
    if nodes is not None:
        power = sparse.coo_array((np.ones(len(nodes)), (nodes, nodes)), shape=power.shape).tocsr() @ power
    layer = PolyGraphConv(
        num_classes,
        power,
        degree=degree,
        rank=rank,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=keras.regularizers.L2(weight_decay / 2),
        name="logits",
    )
    return layer(keras.layers.Dropout(dropout, name="words")(inputs))
