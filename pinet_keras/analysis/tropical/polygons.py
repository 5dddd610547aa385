"""Convex polygons in the plane with exact corners, some of which may be infinitely far away.

A corner is (x, y, w) with integers, the point (x/w, y/w); w = 0 stands for the direction (x, y). A line is (a, b, c),
the zeros of a·x + b·y + c·w. A polygon is the tuple of its corners, counter-clockwise. Polygons begin as quadrants,
because a half-plane has no corners to keep it by.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np

Corner = tuple[int, int, int]
Polygon = tuple[Corner, ...]
AXES = ((1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0))
QUADRANTS: tuple[Polygon, ...] = tuple(((0, 0, 1), AXES[i], AXES[(i + 1) % 4]) for i in range(4))


def primitive(x: int, y: int, w: int) -> Corner:
    """The same point or line with the smallest integers."""
    divisor = math.gcd(x, y, w) or 1
    return x // divisor, y // divisor, w // divisor


def line_of(affine: Iterable[Fraction]) -> Corner:
    """The zeros of a·x + b·y + c with fractions a, b and c, as integers with the same signs."""
    values = tuple(affine)
    factor = math.lcm(*(value.denominator for value in values))
    a, b, c = (int(value * factor) for value in values)
    return primitive(a, b, c)


def split(polygon: Polygon, line: Corner) -> tuple[Polygon, Polygon]:
    """The parts of a polygon in which a line's function is positive and negative; () for a part without area.

    Where the function is 0 everywhere, all is the first part.
    """
    a, b, c = line
    values = [a * x + b * y + c * w for x, y, w in polygon]
    if min(values) >= 0:
        return polygon, ()
    if max(values) <= 0:
        return (), polygon
    parts: tuple[list, list] = ([], [])
    for p, q, before, after in zip(polygon, polygon[1:] + polygon[:1], values, values[1:] + values[:1], strict=True):
        if before >= 0:
            parts[0].append(p)
        if before <= 0:
            parts[1].append(p)
        if before * after < 0:
            s, t = abs(before), abs(after)
            crossing = primitive(*(t * u + s * v for u, v in zip(p, q, strict=True)))
            parts[0].append(crossing)
            parts[1].append(crossing)
    return tuple(parts[0]), tuple(parts[1])


def clipped(corners: Polygon, low: float, high: float) -> np.ndarray:
    """The part of a polygon, or of a segment, in the square low ≤ x, y ≤ high, for drawing: `[corners, 2]`, float64."""
    one, zero = Fraction(1), Fraction(0)
    for sign, bound in ((one, Fraction(-low)), (-one, Fraction(high))):
        for line in ((sign, zero, bound), (zero, sign, bound)):
            corners = split(corners, line_of(line))[0] if corners else ()
    unique = dict.fromkeys(corners)  # a segment is a polygon whose sides coincide
    return np.array([(float(Fraction(x, w)), float(Fraction(y, w))) for x, y, w in unique]).reshape(-1, 2)


def borders(polygons: Sequence[Polygon]) -> Iterator[tuple[int, int, Corner, Corner]]:
    """The segments that two polygons of a subdivision share: both indices, and both ends of the segment."""
    sides: dict[Corner, tuple[list, list]] = defaultdict(lambda: ([], []))
    for index, corners in enumerate(polygons):
        for p, q in zip(corners, corners[1:] + corners[:1], strict=True):
            if p[2] or q[2]:  # not infinitely far away
                line = _through(p, q)
                is_left = line > (0, 0, 0)
                if not is_left:
                    line, p, q = (-line[0], -line[1], -line[2]), q, p
                sides[line][0 if is_left else 1].append((_along(line, p), _along(line, q), p, q, index))
    for left, right in sides.values():
        for begin, end, p, q, first in left:
            for other_begin, other_end, other_p, other_q, second in right:
                if max(begin, other_begin) < min(end, other_end):
                    yield first, second, p if begin > other_begin else other_p, q if end < other_end else other_q


def _through(p: Corner, q: Corner) -> Corner:
    """The line through two corners, positive to the left of the way from p to q."""
    return primitive(p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0])


def _along(line: Corner, corner: Corner) -> Fraction | float:
    """Where a corner is along a line, in its direction (b, −a), which has the positive side on its left."""
    x, y, w = corner
    value = line[1] * x - line[0] * y
    return Fraction(value, w) if w else math.copysign(math.inf, value)
