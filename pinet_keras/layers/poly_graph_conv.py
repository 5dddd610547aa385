from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from pinet_keras.arguments import positive_integer
from pinet_keras.layers._adjacency import adjacency_config, sparse_matrix
from pinet_keras.layers._recursion import PolyRecursion


@keras.saving.register_keras_serializable(package="pinet_keras")
class PolyGraphConv(PolyRecursion):
    """Computes polynomials of the features of each node of a graph and its neighbours.

    The recursion is that of `PolyDense`, with the sparse matrix A of the graph in front of every factor that sees the
    input: with Z the features of all nodes, one row a node, `U_nᵀz` becomes `A Z U_n`. Everything else (S, V, C and the
    products) works on each node alone. The graph is fixed, so A is part of an affine map, and the degree is N.

    Args:
        units: Positive integer, number of outputs of each node.
        adjacency: A, `[nodes, nodes]`: a SciPy sparse matrix or an array. Row i holds the weights with which the
            features of the other nodes enter node i. `normalized_adjacency` makes the usual one of a list of edges.
            It is constant: kept in the config and not among the weights.
        degree: Positive integer N, degree of the polynomials.
        rank: Positive integer k, length of x_n. `None` stands for `units`.
        decomposition: `"ccp"`, `"ncp"` or `"ncp_skip"`, as in `PolyDense`.
        normalization: `None`, or `"batch"` to batch-normalise each branch before it enters a product.
        use_bias: Whether to add β.
        kernel_initializer: Initializer of U, A, S, V and C of the recursion. `"poly"` takes no account of the graph.
        bias_initializer: Initializer of β.
        kernel_regularizer: Regularizer of each of these.
        bias_regularizer: Regularizer of β.
        activity_regularizer: Regularizer of the output.
        kernel_constraint: Constraint on each of these.
        bias_constraint: Constraint on β.
        **kwargs: `name`, `dtype`, `trainable`, as for every Keras layer.

    Input shape:
        `(batch, nodes, d)`: an example is the whole graph.

    Output shape:
        `(batch, nodes, units)`.

    Raises:
        ValueError: if `units`, `degree` or `rank` is not a positive integer, if `adjacency` is not a square matrix of
            finite numbers, if `decomposition` or `normalization` is unknown, or if the input has other than three axes,
            another number of nodes than `adjacency`, or a last axis of unknown size.

    Reference:
        Chrysos et al., Deep Polynomial Neural Networks, arXiv 2006.13026 (the recursions); Kipf, Welling,
        Semi-Supervised Classification with Graph Convolutional Networks, arXiv 1609.02907 (the normalised adjacency).

    Example:
        >>> path = pinet_keras.normalized_adjacency([[0, 1], [1, 2]], nodes=3)
        >>> model = keras.Sequential([keras.Input((3, 8)), pinet_keras.PolyGraphConv(4, path, degree=2)])
        >>> model.output_shape
        (None, 3, 4)
        >>> model.count_params()  # U_1 and U_2 of 8·4 each, C of 4·4, β of 4
        84
    """

    def __init__(
        self,
        units: int,
        adjacency: Any,
        degree: int = 2,
        rank: int | None = None,
        decomposition: str = "ccp",
        normalization: str | None = None,
        use_bias: bool = True,
        kernel_initializer: str | dict | Callable = "poly",
        bias_initializer: str | dict | Callable = "zeros",
        kernel_regularizer: str | dict | Callable | None = None,
        bias_regularizer: str | dict | Callable | None = None,
        activity_regularizer: str | dict | Callable | None = None,
        kernel_constraint: str | dict | Callable | None = None,
        bias_constraint: str | dict | Callable | None = None,
        **kwargs,
    ):
        units = positive_integer("units", units)
        super().__init__(
            units,
            degree=degree,
            rank=rank,
            decomposition=decomposition,
            normalization=normalization,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.units = units
        self.adjacency = sparse_matrix(adjacency)
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={1: self.adjacency.shape[0]})
        self._create_factors(units)

    def _factor(self, outputs, sees_input, **kwargs):
        return keras.layers.Dense(outputs, **kwargs)

    def _input_fan(self, input_shape):
        return input_shape[-1]

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={1: self.adjacency.shape[0], -1: input_shape[-1]})

    def _input_branch(self, factor, inputs):
        """A Z U: the features times a factor, then summed over neighbours."""
        values = ops.transpose(factor(inputs), (1, 0, 2))  # nodes first
        weights = ops.convert_to_tensor(self.adjacency.data[:, None, None], dtype=values.dtype)
        sent = ops.take(values, self.adjacency.col, axis=0) * weights
        # A segment sum. That of Keras computes in float32 on PyTorch, so verification in float64 would fail.
        rows = self.adjacency.row[:, None]
        received = ops.scatter_update(ops.zeros_like(values), rows, sent, reduction="add")
        return ops.transpose(received, (1, 0, 2))

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self._recurse(inputs, training=training)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.units)

    def macs_rule(self, input_shape: tuple) -> int:
        """Multiply-accumulates: the factors at every node, the entries of A for each of U, and the products."""
        nodes, inputs = self.adjacency.shape[0], input_shape[-1]
        later = self.degree - 1
        per_node = self.degree * inputs * self.rank + self.rank * self.units + later * self.rank
        per_node += later * self.rank**2 * {"ccp": 0, "ncp": 1, "ncp_skip": 2}[self.decomposition]
        return nodes * per_node + self.degree * self.adjacency.nnz * self.rank

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "adjacency": adjacency_config(self.adjacency)}
