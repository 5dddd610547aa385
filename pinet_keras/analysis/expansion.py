"""The explicit polynomial of a small model."""

import math
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from pinet_keras.analysis.lines import certified_degree, evaluator_of
from pinet_keras.analysis.replay import Evaluator


@dataclass(frozen=True)
class Expansion:
    """A polynomial written out: Σ_m coefficients[m] · Π_i x_i^exponents[m, i], x the input flattened.

    Attributes:
        exponents: `[monomials, inputs]`, integers.
        coefficients: `[monomials, outputs]`.

    Example:
        >>> from pinet_keras import analysis
        >>> polynomial = analysis.Expansion(np.array([[2, 0], [1, 1]]), np.array([[1.0], [3.0]]))  # x0² + 3·x0·x1
        >>> polynomial.degree()
        2
        >>> polynomial([[2.0, 1.0]])
        array([[10.]])
    """

    exponents: np.ndarray
    coefficients: np.ndarray

    def degree(self, rtol: float = 1e-9) -> int:
        """The total degree of the terms that are not rounding.

        Args:
            rtol: terms below this fraction of the largest coefficient are taken for rounding.

        Returns:
            The largest sum of exponents.
        """
        large = np.abs(self.coefficients).max(axis=1) > rtol * np.abs(self.coefficients).max()
        return int(self.exponents[large].sum(axis=1).max(initial=0))

    def __call__(self, x: ArrayLike) -> np.ndarray:
        """The values of the polynomial.

        Args:
            x: points `[n, ...]`.

        Returns:
            float64 `[n, outputs]`.
        """
        x = np.asarray(x, dtype="float64")
        flat = x.reshape(len(x), self.exponents.shape[1])
        return np.prod(flat[:, None, :] ** self.exponents, axis=2) @ self.coefficients

    def to_sympy(self, names: str = "x", rtol: float = 1e-9) -> list[Any]:
        """One sympy expression for each output, in the symbols x0, x1, ...; needs sympy.

        Args:
            names: the letter of the symbols.
            rtol: terms below this fraction of the largest coefficient are taken for rounding and left out.

        Returns:
            A list of sympy expressions.
        """
        import sympy

        symbols = sympy.symbols(f"{names}0:{self.exponents.shape[1]}")
        floor = rtol * np.abs(self.coefficients).max()
        return [
            sympy.Add(
                *(
                    sympy.Float(value) * sympy.Mul(*(s ** int(e) for s, e in zip(symbols, exponents, strict=True)))
                    for exponents, value in zip(self.exponents, column, strict=True)
                    if abs(value) > floor
                )
            )
            for column in self.coefficients.T
        ]


def expand(
    model: keras.Model | Evaluator, low: float = -1.0, high: float = 1.0, limit: int = 1000, rtol: float = 1e-6
) -> Expansion:
    """Write a small model out as one polynomial: every monomial with its coefficient.

    A model of degree D in n inputs has (n + D choose D) monomials. Its values at twice as many points of the box
    `low..high` determine them, by least squares in the Chebyshev basis; further points check them.

    Args:
        model: a model with a certified degree and one input.
        low: lower end of every input.
        high: upper end of every input.
        limit: largest number of monomials to try.
        rtol: largest allowed error at the checked points.

    Returns:
        `Expansion`.

    Raises:
        ValueError: no certified degree, several inputs, more monomials than `limit`, or values that do not fit.

    Example:
        >>> from pinet_keras import analysis
        >>> x = keras.Input((2,))
        >>> model = keras.Model(x, keras.layers.multiply([x, x]))  # two logits: the squares of the inputs
        >>> polynomial = analysis.expand(model)
        >>> len(polynomial.exponents)  # 1, x0, x1, x0², x0·x1 and x1²
        6
        >>> polynomial([[3.0, 2.0]]).round(6)
        array([[9., 4.]])
    """
    degree, evaluator = certified_degree(model), evaluator_of(model)
    if len(evaluator.shapes) != 1 or None in evaluator.shapes[0]:
        raise ValueError(f"One input of fixed size can be expanded. Received: inputs of shapes {evaluator.shapes}")
    shape = evaluator.shapes[0]
    inputs = math.prod(shape)
    count = math.comb(inputs + degree, degree)
    if count > limit:
        raise ValueError(
            f"A polynomial of degree {degree} in {inputs} inputs has {count:,} monomials, more than limit={limit:,}. "
            "Expand a smaller model, or restrict this one to a line."
        )
    exponents = monomials(inputs, degree)
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (2 * count + 16, inputs))
    values = evaluator([(low + (points + 1) / 2 * (high - low)).reshape(-1, *shape)])
    basis = np.prod(_chebyshev_values(points, degree)[:, np.arange(inputs), exponents], axis=2)
    fit = slice(0, len(points) - 16)
    coefficients = np.linalg.lstsq(basis[fit], values[fit], rcond=None)[0]
    error = np.abs(basis @ coefficients - values).max() / max(np.abs(values).max(), np.finfo(float).tiny)
    if error > rtol:
        raise ValueError(f"No polynomial of degree {degree} fits: relative error {error:.1e}. Received: rtol={rtol:g}")
    return Expansion(exponents, _to_monomials(exponents, coefficients, degree, low, high))


def monomials(inputs: int, degree: int) -> np.ndarray:
    """The exponents `[monomials, inputs]` of all monomials up to a total degree, in rising degree."""
    rows = [
        np.bincount(np.array(chosen, dtype=int), minlength=inputs)
        for total in range(degree + 1)
        for chosen in combinations_with_replacement(range(inputs), total)
    ]
    return np.array(rows)


def _chebyshev_values(points: np.ndarray, degree: int) -> np.ndarray:
    """T_k of every coordinate: `[points, inputs, degree + 1]`."""
    return np.cos(np.arange(degree + 1) * np.arccos(points)[..., None])


def _to_monomials(exponents: np.ndarray, coefficients: np.ndarray, degree: int, low: float, high: float) -> np.ndarray:
    """Rewrite products of Chebyshev polynomials on low..high in powers of x."""
    powers = np.zeros((degree + 1, degree + 1))
    for k in range(degree + 1):
        line = np.polynomial.Chebyshev.basis(k, domain=[low, high]).convert(kind=np.polynomial.Polynomial)
        powers[k, : len(line.coef)] = line.coef
    index = {tuple(row): i for i, row in enumerate(exponents)}
    result = np.zeros_like(coefficients)
    for row, values in zip(exponents, coefficients, strict=True):
        terms: dict[tuple, float] = {(): 1.0}
        for k in row:
            terms = {
                (*head, power): factor * powers[k, power]
                for head, factor in terms.items()
                for power in range(k + 1)
                if powers[k, power]
            }
        for exponent, factor in terms.items():
            result[index[exponent]] += factor * values
    return result
