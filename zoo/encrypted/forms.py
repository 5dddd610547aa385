"""Affine forms: a tensor as an affine map of vectors that are known before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

MOST_WEIGHTS = 150_000_000  # of one affine map: more would need gigabytes, and hours when encrypted
MOST_WORK = 1_500_000_000  # multiplications that join two affine maps: some ten seconds
SAMPLED = 64  # rows by which the weights of a map are estimated


class TooManyWeights(ValueError):
    """An affine map is too large to be planned."""


@dataclass(frozen=True, eq=False)
class Form:
    """The values of a tensor of one example, flattened: Σ_k terms[k] · z_k + constant, z_k the vectors of a program.

    Attributes:
        shape: shape of the tensor, without the batch axis.
        terms: for each vector that the tensor depends on, a sparse matrix `[size, size of the vector]`.
        constant: `[size]`.
    """

    shape: tuple[int, ...]
    terms: Mapping[int, sparse.csr_array]
    constant: np.ndarray

    @staticmethod
    def of_vector(vector: int, shape: tuple[int, ...]) -> Form:
        """The vector itself."""
        size = int(np.prod(shape))
        return Form(shape, {vector: sparse.eye_array(size, format="csr")}, np.zeros(size))

    @staticmethod
    def of_constant(values: np.ndarray) -> Form:
        """A tensor that does not depend on the input."""
        values = np.asarray(values, dtype="float64")
        return Form(values.shape, {}, values.ravel())

    def mapped(self, matrix: sparse.csr_array, shape: tuple[int, ...], shift: np.ndarray | float = 0.0) -> Form:
        """An affine map of this tensor: matrix · x + shift.

        Raises:
            TooManyWeights: the product of the matrices would have more than `MOST_WEIGHTS` weights, or take more than
                `MOST_WORK` multiplications.
        """
        work = sum(int(np.diff(own.indptr)[matrix.indices].sum()) for own in self.terms.values())
        weights = work if work <= MOST_WEIGHTS else self._weights_after(matrix)
        if weights > MOST_WEIGHTS or work > MOST_WORK:
            raise TooManyWeights(
                f"The affine map that it ends has some {weights:,} weights and takes {work:,} multiplications to join. "
                f"At most {MOST_WEIGHTS:,} and {MOST_WORK:,} can be planned. "
                "Wide layers, and shortcuts past many layers, make it large."
            )
        terms = {vector: sparse.csr_array(matrix @ own) for vector, own in self.terms.items()}
        return Form(shape, terms, matrix @ self.constant + shift)

    def _weights_after(self, matrix: sparse.csr_array) -> int:
        rows = np.random.default_rng(0).permutation(matrix.shape[0])[:SAMPLED]
        some = sparse.csr_array(matrix[rows])
        return sum((some @ own).nnz for own in self.terms.values()) * matrix.shape[0] // len(rows)

    def scaled(self, factor: np.ndarray | float, shift: np.ndarray | float = 0.0) -> Form:
        """factor ∗ x + shift, value by value."""
        factor = np.broadcast_to(np.asarray(factor, dtype="float64").ravel(), self.constant.shape)
        return self.mapped(sparse.diags_array(factor, format="csr"), self.shape, shift)

    def plus(self, other: Form) -> Form:
        """The sum with a tensor of the same shape."""
        terms = dict(self.terms)
        for vector, matrix in other.terms.items():
            terms[vector] = sparse.csr_array(terms[vector] + matrix) if vector in terms else matrix
        return Form(self.shape, terms, self.constant + other.constant)

    def broadcast(self, shape: tuple[int, ...]) -> Form:
        """The tensor repeated to a shape, as NumPy does it."""
        if shape == self.shape:
            return self
        index = np.broadcast_to(np.arange(self.constant.size).reshape(self.shape), shape).ravel()
        return self.mapped(selection(index, self.constant.size), shape)

    def diagonal(self) -> tuple[int, np.ndarray] | None:
        """(vector, factors) where the tensor is one vector times a factor for each value, plus a constant."""
        if len(self.terms) != 1:
            return None
        ((vector, matrix),) = self.terms.items()
        entries = matrix.tocoo()
        if matrix.shape[0] != matrix.shape[1] or (entries.row != entries.col).any():
            return None
        return vector, matrix.diagonal()

    def slope_over(self, other: Form) -> np.ndarray | None:
        """The factors g with which this tensor is g ∗ other plus a constant, value by value; None if there are none."""
        if not other.terms or set(self.terms) != set(other.terms):
            return None
        pairs = [(self.terms[k], matrix) for k, matrix in other.terms.items()]
        square = sum(np.asarray((matrix * matrix).sum(axis=1)) for _, matrix in pairs)
        both = sum(np.asarray((own * matrix).sum(axis=1)) for own, matrix in pairs)
        slope = both / np.where(square == 0, 1.0, square)
        for own, matrix in pairs:
            lacking = own - sparse.diags_array(slope, format="csr") @ matrix
            if abs(lacking).max() > 1e-10 * abs(own).max():
                return None
        return slope


def selection(index: np.ndarray, size: int) -> sparse.csr_array:
    """The matrix that takes value index[i] of `size` values to place i; an index of −1 gives 0."""
    rows = np.flatnonzero(index >= 0)
    places = rows.astype("int32"), index[rows].astype("int32")  # SciPy keeps the type, through all products
    return sparse.csr_array((np.ones(len(rows)), places), shape=(len(index), size))
