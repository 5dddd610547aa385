"""Sparse matrices of graphs, as layers keep them and as JSON holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

KEYS = {"nodes", "rows", "columns", "values"}


def sparse_matrix(adjacency: Any) -> sparse.coo_array:
    """A square matrix with its entries sorted by rows, from what a layer is given or what its config holds.

    Raises:
        ValueError: anything else than a square matrix of finite numbers.
    """
    if isinstance(adjacency, dict) and adjacency.keys() == KEYS:
        shape = (adjacency["nodes"], adjacency["nodes"])
        adjacency = sparse.coo_array((adjacency["values"], (adjacency["rows"], adjacency["columns"])), shape=shape)
    try:
        matrix = sparse.coo_array(sparse.csr_array(adjacency, dtype="float64"))
    except (TypeError, ValueError) as error:
        raise ValueError(f"`adjacency` must be a matrix. Received: adjacency={adjacency!r}") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix.data).all():
        raise ValueError(
            f"`adjacency` must be a square matrix of finite numbers. Received: shape {matrix.shape}, "
            f"{np.count_nonzero(~np.isfinite(matrix.data))} entries not finite"
        )
    return matrix


def adjacency_config(matrix: sparse.coo_array) -> dict[str, Any]:
    """The matrix as lists."""
    return {
        "nodes": matrix.shape[0],
        "rows": matrix.row.tolist(),
        "columns": matrix.col.tolist(),
        "values": matrix.data.tolist(),
    }
