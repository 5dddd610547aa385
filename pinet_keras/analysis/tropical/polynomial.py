"""Tropical polynomials: the largest of finitely many affine functions, with exact coefficients."""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pinet_keras.analysis.tropical.exact import exact
from pinet_keras.analysis.tropical.hull import needless

MAX_MONOMIALS = 100_000


class TropicalPolynomial:
    """The largest of finitely many affine functions, `max_i (c_i + a_i·x)`: a polynomial for max and +.

    In tropical arithmetic the sum of two numbers is the larger one and their product is their ordinary sum, so the
    monomial `c ⊙ x_1^a_1 ⊙ … ⊙ x_d^a_d` is `c + a·x`, and a sum of monomials is their maximum. Exponents may be
    fractions and negative here. Of monomials with equal exponents the one with the largest coefficient is kept.

    Args:
        exponents: `[monomials, d]`, integers, fractions, floats, or strings such as "1/3".
        coefficients: `[monomials]`.

    Attributes:
        exponents: `[monomials, d]`, fractions.
        coefficients: `[monomials]`, fractions.

    Raises:
        ValueError: wrong shapes, or a value that is not a finite number.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> relu = tropical.TropicalPolynomial([[1], [0]], [0, 0])  # x ⊕ 0
        >>> square = relu.times(relu)  # x², x and 0; the monomial x is never the largest alone
        >>> len(square.coefficients), square([[3], [-1]])
        (2, array([Fraction(6, 1), Fraction(0, 1)], dtype=object))
    """

    def __init__(self, exponents: Any, coefficients: Any):
        rows, values = exact(exponents, "exponents", 2), exact(coefficients, "coefficients", 1)
        if len(rows) != len(values):
            raise ValueError(
                f"There must be a coefficient for each row of exponents. Received: {len(values)} coefficients, "
                f"{len(rows)} rows"
            )
        largest: dict[tuple, Fraction] = {}
        for row, value in zip(map(tuple, rows), values, strict=True):
            largest[row] = max(value, largest.get(row, value))
        self.exponents = np.array(list(largest), dtype=object)
        self.coefficients = np.array(list(largest.values()), dtype=object)

    @property
    def monomials(self) -> list[tuple]:
        """Each monomial as a tuple: its exponents, then its coefficient. They are the points of its Newton polytope."""
        return [(*row, value) for row, value in zip(self.exponents, self.coefficients, strict=True)]

    def __call__(self, points: ArrayLike) -> np.ndarray:
        """The values, exactly.

        Args:
            points: `[n, d]`.

        Returns:
            `[n]`, fractions.
        """
        return (exact(points, "points", 2) @ self.exponents.T + self.coefficients).max(axis=1)

    def plus(self, other: "TropicalPolynomial") -> "TropicalPolynomial":
        """The tropical sum f ⊕ g, the larger of both.

        Args:
            other: a polynomial of the same number of variables.

        Returns:
            `TropicalPolynomial`, without the monomials that are proved never to be the largest alone.

        Raises:
            ValueError: another number of variables.
        """
        self._check(other)
        return TropicalPolynomial(
            np.concatenate([self.exponents, other.exponents]), np.concatenate([self.coefficients, other.coefficients])
        ).reduced()

    def times(self, other: "TropicalPolynomial") -> "TropicalPolynomial":
        """The tropical product f ⊙ g, the ordinary sum of both: its Newton polytope is the Minkowski sum of theirs.

        Args:
            other: a polynomial of the same number of variables.

        Returns:
            `TropicalPolynomial`, without the monomials that are proved never to be the largest alone.

        Raises:
            ValueError: another number of variables, or more than 100,000 monomials before they are reduced.
        """
        self._check(other)
        count = len(self.coefficients) * len(other.coefficients)
        if count > MAX_MONOMIALS:
            raise ValueError(
                f"A tropical product is written out up to {MAX_MONOMIALS:,} monomials; take a smaller network. "
                f"Received: a product of {count:,}"
            )
        exponents = self.exponents[:, None] + other.exponents[None]
        coefficients = self.coefficients[:, None] + other.coefficients[None]
        return TropicalPolynomial(exponents.reshape(count, -1), coefficients.ravel()).reduced()

    def _check(self, other: "TropicalPolynomial") -> None:
        if self.exponents.shape[1] != other.exponents.shape[1]:
            raise ValueError(
                "Both polynomials must have the same number of variables. Received: "
                f"{self.exponents.shape[1]} and {other.exponents.shape[1]}"
            )

    def power(self, exponent: Any) -> "TropicalPolynomial":
        """The tropical power, an ordinary multiple: `exponent · f(x)`.

        Args:
            exponent: a number that is not negative: a negative multiple of a maximum is not a maximum.

        Returns:
            `TropicalPolynomial`.

        Raises:
            ValueError: a negative exponent.
        """
        factor = exact([exponent], "exponent", 1)[0]
        if factor < 0:
            raise ValueError(f"A tropical power must not be negative. Received: exponent={exponent!r}")
        return TropicalPolynomial(self.exponents * factor, self.coefficients * factor)

    def reduced(self) -> "TropicalPolynomial":
        """The same function without the monomials that exact arithmetic proves to be needless.

        A monomial is needless when a weighted mean of others has its exponents and at least its coefficient. Qhull
        finds such means in float64, and only those that hold in exact arithmetic count; so the function never changes,
        but where float64 fails, needless monomials may remain.

        Returns:
            `TropicalPolynomial`.
        """
        keep = ~needless(self.exponents, self.coefficients)
        return TropicalPolynomial(self.exponents[keep], self.coefficients[keep])
