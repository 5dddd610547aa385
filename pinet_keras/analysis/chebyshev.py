"""Polynomials of one variable in Chebyshev form, each known to within a rounding error. NumPy only."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike

MAX_DEGREE = 4096
EPSILON = float(np.finfo(np.float64).eps)


def chebyshev_nodes(count: int) -> np.ndarray:
    """The `count` zeros of the Chebyshev polynomial of that degree, in −1..1."""
    return np.cos(np.pi * (np.arange(count) + 0.5) / count)


def chebyshev_coefficients(values: np.ndarray, degree: int) -> np.ndarray:
    """Coefficients `[degree + 1, ...]` that fit `values` at the Chebyshev nodes best; exact on polynomials."""
    count = len(values)
    # cos has the period 4·count here: reduced as integers, large angles lose no digits.
    angles = np.outer(np.arange(degree + 1), 2 * np.arange(count) + 1) % (4 * count)
    coefficients = 2 / count * np.tensordot(np.cos(np.pi / (2 * count) * angles), values, 1)
    coefficients[0] /= 2
    return coefficients


def between_nodes(count: int, at_most: int) -> np.ndarray:
    """Points halfway (in angle) between the `count` Chebyshev nodes, −1 and 1 among them: where a fit is worst."""
    chosen = np.unique(np.linspace(0, count, at_most).round())
    return np.cos(np.pi * chosen / count)


def lebesgue(degree: int) -> float:
    """By how much a fit at the Chebyshev nodes may multiply errors of the values (Trefethen 2013, theorem 15.2)."""
    return 1 + float(np.log(degree + 1))


@dataclass(frozen=True)
class Piece:
    """Polynomials in t on low ≤ t ≤ high.

    Attributes:
        low: lower end.
        high: upper end.
        coefficients: `[degree + 1, outputs]`, of the Chebyshev polynomials in x = −1..1 over low..high.
        error: no polynomial is farther than this from what it stands for, anywhere in low..high.
    """

    low: float
    high: float
    coefficients: np.ndarray
    error: float

    @property
    def degree(self) -> int:
        """The degree that the coefficients can express."""
        return len(self.coefficients) - 1

    def __call__(self, t: ArrayLike) -> np.ndarray:
        """Values `[outputs, ...]` at points t."""
        return chebyshev.chebval(self.to_unit(t), self.coefficients)

    def to_unit(self, t: ArrayLike) -> np.ndarray:
        """The x in −1..1 that stands for t."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return (np.asarray(t, dtype="float64") - middle) / half

    def to_t(self, x: ArrayLike) -> np.ndarray:
        """The t that stands for x in −1..1."""
        x = np.asarray(x, dtype="float64")
        return self.low * ((1 - x) / 2) + self.high * ((1 + x) / 2)

    def slope(self, t: float, one: int, other: int) -> float:
        """The derivative, by t, of polynomial `one` minus polynomial `other`."""
        gain = chebyshev.chebder(self.coefficients[:, one] - self.coefficients[:, other])
        return float(chebyshev.chebval(self.to_unit(t), gain)) * 2 / (self.high - self.low)

    def size(self, low: float, high: float) -> float:
        """The largest value of any polynomial between two points, on a grid as fine as the degree asks for."""
        grid = (low + high) / 2 + (high - low) / 2 * np.cos(np.linspace(0, np.pi, 2 * self.degree + 3))
        return float(np.abs(self(grid)).max())


def local_coefficients(coefficients: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The same polynomials over each interval low..high inside −1..1: `[degree + 1, intervals, outputs]`."""
    degree = len(coefficients) - 1
    nodes = chebyshev_nodes(degree + 1)
    x = (low + high) / 2 + np.outer(nodes, (high - low) / 2)
    values = np.moveaxis(chebyshev.chebval(x, coefficients), 0, -1)
    return chebyshev_coefficients(values, degree)


def least(coefficients: np.ndarray) -> np.ndarray:
    """A number that the polynomial never falls below in −1..1: |T_k| ≤ 1."""
    return coefficients[0] - np.abs(coefficients[1:]).sum(axis=0)


def largest(coefficients: np.ndarray) -> np.ndarray:
    """A number that the absolute value of the polynomial never exceeds in −1..1."""
    return np.abs(coefficients).sum(axis=0)


def steepest(degree: int, low: float, high: float) -> float:
    """The largest slope between low and high, in −1..1, of a polynomial of this degree bounded by 1 on −1..1.

    Reference:
        The inequalities of Bernstein, n / √(1 − x²), and Markov, n².
    """
    x = max(abs(low), abs(high))
    markov = float(degree) ** 2
    return markov if x >= 1 else min(markov, degree / float(np.sqrt(1 - x * x)))
