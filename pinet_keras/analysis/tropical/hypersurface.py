"""Tropical hypersurfaces in the plane: where two monomials are the largest at once."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from pinet_keras.analysis.tropical.exact import exact
from pinet_keras.analysis.tropical.polygons import QUADRANTS, Corner, Polygon, borders, clipped, line_of, split
from pinet_keras.analysis.tropical.polynomial import TropicalPolynomial
from pinet_keras.analysis.tropical.rational_map import TropicalRational


@dataclass(frozen=True)
class TropicalCurve:
    """The hypersurface of a tropical polynomial in two variables: segments and rays.

    Attributes:
        monomials: the monomials that are the largest alone somewhere, (a, b, c) for `a·x + b·y + c`.
        polygons: for each of these the polygons where it is the largest, with exact corners (x, y, w) for
            (x/w, y/w), where w = 0 stands for a direction.
        segments: (first, second, p, q): from p to q these two monomials are equal, and the largest. An edge of the
            curve that crosses an axis is two segments.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> line = tropical.TropicalPolynomial([[1, 0], [0, 1], [0, 0]], [0, 0, 0])  # x ⊕ y ⊕ 0
        >>> curve = tropical.tropical_hypersurface(line)
        >>> [sorted([p, q]) for _, _, p, q in curve.segments]  # rays to the left, up along x = y, and down
        [[(-1, 0, 0), (0, 0, 1)], [(0, 0, 1), (1, 1, 0)], [(0, -1, 0), (0, 0, 1)]]
    """

    monomials: list[tuple]
    polygons: list[list[Polygon]]
    segments: list[tuple[int, int, Corner, Corner]]

    def outlines(self, low: float, high: float) -> list[tuple[int, np.ndarray]]:
        """The polygons in a square, for drawing.

        Args:
            low: lower end of both coordinates.
            high: upper end.

        Returns:
            A pair for each polygon that reaches into the square: the index of its monomial, and its corners there,
            `[corners, 2]`.
        """
        drawn = [(i, clipped(each, low, high)) for i, parts in enumerate(self.polygons) for each in parts]
        return [(i, corners) for i, corners in drawn if len(corners) > 2]

    def drawn(self, low: float, high: float) -> list[np.ndarray]:
        """The segments in a square, for drawing.

        Args:
            low: lower end of both coordinates.
            high: upper end.

        Returns:
            For each segment that reaches into the square both ends of its part there, `[2, 2]`.
        """
        parts = [clipped((p, q), low, high) for _, _, p, q in self.segments]
        return [part for part in parts if len(part) == 2]


def tropical_hypersurface(polynomial: TropicalPolynomial) -> TropicalCurve:
    """The points of the plane where at least two monomials of a tropical polynomial are the largest, exactly.

    Args:
        polynomial: a polynomial in two variables.

    Returns:
        `TropicalCurve`. Its number of monomials is the number of linear regions of the polynomial.

    Raises:
        ValueError: another number of variables.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> polynomial = tropical.TropicalPolynomial([[0, 0], [1, 0], [2, 0]], [0, -1, 0])  # 0 ⊕ x − 1 ⊕ 2x
        >>> tropical.tropical_hypersurface(polynomial).monomials == [(0, 0, 0), (2, 0, 0)]  # x − 1 is never the largest
        True
    """
    if polynomial.exponents.shape[1] != 2:
        raise ValueError(f"The polynomial must have two variables. Received: {polynomial.exponents.shape[1]} variables")
    rows = polynomial.monomials
    found = {}
    for row in rows:
        lines = [line_of(x - y for x, y in zip(row, other, strict=True)) for other in rows if other is not row]
        if parts := [part for quadrant in QUADRANTS if (part := _where_positive(quadrant, lines))]:
            found[row] = parts
    owners = [index for index, parts in enumerate(found.values()) for _ in parts]
    shared = borders([part for parts in found.values() for part in parts])
    segments = [(owners[i], owners[j], p, q) for i, j, p, q in shared if owners[i] != owners[j]]
    return TropicalCurve(list(found), list(found.values()), segments)


def decision_boundary(quotient: TropicalRational, threshold: Any = 0) -> tuple[TropicalCurve, TropicalCurve]:
    """The decision boundary f − g = threshold in the plane as a part of a tropical hypersurface, exactly.

    On the boundary f equals g + threshold, so a monomial of each is the largest of `f ⊕ (threshold ⊙ g)`. The boundary
    is the part of that polynomial's hypersurface that separates the monomials of f, where the network is above the
    threshold, from those of g.

    Args:
        quotient: an output of a network with two inputs, from `tropical_rational_map`; for two logits take that of
            `network.difference(0, 1)`.
        threshold: the value at which the decision changes.

    Returns:
        The hypersurface, and the decision boundary: the same polygons with the boundary's segments only.

    Raises:
        ValueError: the network equals the threshold on an area, so its decision has no boundary there.

    Reference:
        Zhang, Naitzat, Lim, Tropical Geometry of Deep Neural Networks, ICML 2018, arXiv 1805.07091, Proposition 6.1.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> network = tropical.ReLUNetwork([([[1, 0], [0, 1]], [0, 0]), ([[1], [-1]], [-1])])  # ReLU(x) − ReLU(y) − 1
        >>> [quotient] = tropical.tropical_rational_map(network)
        >>> curve, boundary = tropical.decision_boundary(quotient)
        >>> [sorted([p, q]) for _, _, p, q in boundary.segments]  # from (1, 0) up along x = y + 1, and down
        [[(1, 0, 1), (1, 1, 0)], [(0, -1, 0), (1, 0, 1)]]
    """
    level = exact([threshold], "threshold", 1)[0]
    g = TropicalPolynomial(quotient.g.exponents, quotient.g.coefficients + level)
    curve = tropical_hypersurface(quotient.f.plus(g))
    above, below = set(quotient.f.monomials), set(g.monomials)
    for row in curve.monomials:
        if row in above and row in below:
            raise ValueError(
                f"The network equals the threshold on an area, where {_written(row)} is the largest monomial of both f "
                f"and g. Received: threshold={threshold!r}"
            )
    is_above = [row in above for row in curve.monomials]
    segments = [each for each in curve.segments if is_above[each[0]] != is_above[each[1]]]
    return curve, TropicalCurve(curve.monomials, curve.polygons, segments)


def _where_positive(polygon: Polygon, lines: list[Corner]) -> Polygon:
    """The part of a polygon in which the functions of all lines are positive."""
    for line in lines:
        polygon = split(polygon, line)[0]
        if not polygon:
            break
    return polygon


def _written(row: tuple[Fraction, ...]) -> str:
    return f"{row[0]}·x + {row[1]}·y + {row[2]}"
