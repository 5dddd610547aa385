"""The adjacency matrix of a graph, normalised."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from pinet_keras.arguments import positive_integer


def normalized_adjacency(edges: ArrayLike, nodes: int) -> sparse.coo_array:
    """The matrix `D^-½ (E + I) D^-½` of an undirected graph: E its edges, I a loop at every node, D the row sums.

    Args:
        edges: `[edges, 2]`, integers: the two nodes of each edge, from 0. An edge counts once, however often and in
            whichever direction it is given, and loops are left out.
        nodes: number of nodes.

    Returns:
        A SciPy sparse array `[nodes, nodes]`, for `PolyGraphConv`.

    Raises:
        ValueError: edges of another shape, or nodes that there are not.

    Reference:
        Kipf, Welling, Semi-Supervised Classification with Graph Convolutional Networks, arXiv 1609.02907.

    Example:
        >>> pinet_keras.normalized_adjacency([[0, 1]], nodes=3).toarray()  # node 2 has no neighbour
        array([[0.5, 0.5, 0. ], [0.5, 0.5, 0. ], [0. , 0. , 1. ]])
    """
    nodes = positive_integer("nodes", nodes)
    pairs = np.asarray(edges)
    if pairs.size == 0:
        pairs = np.empty((0, 2), dtype=int)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.issubdtype(pairs.dtype, np.integer):
        raise ValueError(
            f"`edges` must be integers of the shape [edges, 2]. Received: {pairs.dtype} of shape {pairs.shape}"
        )
    if pairs.size and (pairs.min() < 0 or pairs.max() >= nodes):
        raise ValueError(f"`edges` must name nodes from 0 to {nodes - 1}. Received: {pairs.min()} to {pairs.max()}")
    loops = np.column_stack([np.arange(nodes)] * 2)
    both = np.unique(np.concatenate([pairs, pairs[:, ::-1], loops]), axis=0)
    scale = np.bincount(both[:, 0], minlength=nodes) ** -0.5
    rows, columns = both.T
    return sparse.coo_array((scale[rows] * scale[columns], (rows, columns)), shape=(nodes, nodes))
