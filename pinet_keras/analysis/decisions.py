"""Which of several polynomials is the largest, proven within their rounding errors. NumPy only."""

from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
from numpy.polynomial import chebyshev

from pinet_keras.analysis.chebyshev import EPSILON, Piece, largest, least, local_coefficients, steepest

# A cell is halved at most 48 times, and there are at most 64 cells of one width for each degree: what is unresolved
# then counts as undecided.
HALVINGS = 48
MAX_CELLS = 64
# A lead below twice the bound of its rounding error counts as undecided, once no halving can change that. Above 1, as
# the comparison itself is rounded.
SLACK = 2
BISECTIONS = 80


@dataclass(frozen=True)
class Crossing:
    """A point x + t·direction where the predicted class changes, as `crossings` finds it.

    Attributes:
        t: where on the line.
        before: the class below t.
        after: the class above t.

    Example:
        >>> from pinet_keras import analysis
        >>> x = keras.Input((2,))
        >>> model = keras.Model(x, keras.layers.multiply([x, x]))  # two logits: the squares of the inputs
        >>> [crossing] = analysis.crossings(model, x=[1, 0], direction=[0, 1], domain=(0, 2))
        >>> round(crossing.t, 6), crossing.before, crossing.after
        (1.0, 0, 1)
    """

    t: float
    before: int
    after: int


@dataclass(frozen=True)
class Segment:
    """What is proven of the largest polynomial on low ≤ t ≤ high, whatever the rounding errors within their bound.

    Attributes:
        low: lower end.
        high: upper end.
        before: the class that may lead at `low`.
        after: the class that may lead at `high`. Equal to `before`: that class leads throughout. Another one: all
            others are below these two, and their difference is strictly monotone, so the lead changes once at most.
        piece: the polynomials that prove it.
        resolved: False when nothing is proven here; `before` and `after` are then the closest two.
    """

    low: float
    high: float
    before: int
    after: int
    piece: Piece
    resolved: bool = True


def decide(piece: Piece) -> list[Segment]:
    """Divide a piece into segments, in the order of t, halving cells until each is proven or shown to be undecided."""
    found: list[tuple[float, float, Segment]] = []
    slopes = chebyshev.chebder(piece.coefficients) if piece.degree else np.zeros_like(piece.coefficients)
    edges = np.linspace(-1, 1, piece.degree // 4 + 2)
    cells = np.stack([edges[:-1], edges[1:]], axis=1)
    floor = 16 * EPSILON * float(np.abs(slopes).sum(axis=0).max())  # rounding of the slopes themselves
    for level in range(HALVINGS + 1):
        is_last = level == HALVINGS or len(cells) > MAX_CELLS * (piece.degree + 1)
        values, rates = (local_coefficients(c, *cells.T) for c in (piece.coefficients, slopes))
        halved = []
        for k, (low, high) in enumerate(cells):
            answer = _examine(piece, low, high, values[:, k], rates[:, k], floor, is_last)
            if answer is None:
                halved += [(low, (low + high) / 2), ((low + high) / 2, high)]
            else:
                found.append((low, high, answer))
        if not halved:
            break
        cells = np.array(halved)
    return _joined([segment for _, _, segment in sorted(found, key=lambda item: item[:2])])


def _examine(
    piece: Piece, low: float, high: float, values: np.ndarray, rates: np.ndarray, floor: float, is_last: bool
) -> Segment | None:
    """The segment that is proven for one cell, in the x of the piece; None: halve the cell."""
    tolerance = 2 * piece.error  # of a difference of two
    leader = int(np.argmax(values[0]))
    leads, gains = values[:, [leader]] - values, rates - rates[:, [leader]]
    low_t, high_t = (float(piece.to_t(x)) for x in (low, high))
    others = [int(j) for j in np.flatnonzero(least(leads) <= tolerance) if j != leader]
    if not others:
        return Segment(low_t, high_t, leader, leader, piece)
    # The error of a difference is itself a polynomial of the piece's degree, so its slope is bounded too.
    noise = 2 * steepest(piece.degree, low, high) * tolerance + floor
    if len(others) == 1:
        (other,) = others
        if least(gains[:, other]) > noise:
            return Segment(low_t, high_t, leader, other, piece)
        if least(-gains[:, other]) > noise:
            return Segment(low_t, high_t, other, leader, piece)
    flat = [j for j in others if largest(leads[:, j]) <= SLACK * tolerance and largest(gains[:, j]) <= SLACK * noise]
    if flat or is_last:
        return Segment(low_t, high_t, leader, (flat or others)[0], piece, resolved=False)
    return None


def _joined(segments: list[Segment]) -> list[Segment]:
    """Join neighbours with the same classes; all unresolved ones count as the same."""
    joined = []
    for _, group in groupby(segments, lambda s: (s.before, s.after) if s.resolved else None):
        run = list(group)
        joined.append(replace(run[0], high=run[-1].high))
    return joined


def changes(segments: list[Segment]) -> list[Crossing]:
    """Every change of the largest polynomial over resolved segments that follow one another, of one piece or several.

    Raises:
        ValueError: two polynomials are equal within rounding at an end, or where two pieces meet.
    """
    runs = [list(group) for _, group in groupby(segments, lambda s: (s.before, s.after))]
    leaders = [_leader_at(None, runs[0][0])]
    leaders += [_leader_at(left[-1], right[0]) for left, right in pairwise(runs)]
    leaders.append(_leader_at(runs[-1][-1], None))
    found = []
    for run, left, right in zip(runs, leaders[:-1], leaders[1:], strict=True):
        if left == right:
            continue
        if (left, right) != (run[0].before, run[0].after):
            raise ValueError(undecided(run[0]))
        found.append(Crossing(_zero(run), left, right))
    return found


def _leader_at(left: Segment | None, right: Segment | None) -> int:
    """The largest polynomial where two segments meet, or at an end: what both allow; of two, the clearly larger."""
    sides = [segment for segment in (left, right) if segment is not None]
    allowed = set.intersection(*({segment.before, segment.after} for segment in sides))
    if len(allowed) == 1:
        return allowed.pop()
    t = sides[0].high if left is not None else sides[0].low
    for segment in sides if allowed else ():
        one, other = sorted(allowed)
        lead = float(segment.piece(t)[one] - segment.piece(t)[other])
        if abs(lead) > 2 * segment.piece.error:
            return one if lead > 0 else other
    raise ValueError(
        f"Near t = {t:.6g} classes {sides[0].before} and {sides[0].after} lead by less than the rounding error "
        f"{sides[0].piece.error:.1e} of the logits, so it is undecided on which side of it the boundary lies. "
        f"Move the end of `domain`, or shorten it. Received: a line decided up to t = {t:.6g}"
    )


def _zero(run: list[Segment]) -> float:
    """Where the strictly rising difference of two polynomials passes zero, by bisection."""

    def gain(segment: Segment, t: float) -> float:
        values = segment.piece(t)
        return float(values[segment.after] - values[segment.before])

    crossed = next((segment for segment in run if gain(segment, segment.high) > 0), run[-1])
    low, high = crossed.low, crossed.high
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if gain(crossed, middle) > 0 else (middle, high)
    return (low + high) / 2


def undecided(segment: Segment) -> str:
    """Why a segment could not be resolved, in words."""
    return (
        f"From t = {segment.low:.6g} to {segment.high:.6g} the logits of classes {segment.before} and {segment.after} "
        f"differ by less than float64 can resolve: their rounding error is {segment.piece.error:.1e}. Two classes are "
        "equal there, or touch without crossing. Choose another line, or a `domain` without this part"
    )
