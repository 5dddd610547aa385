"""Polynomials of one variable: a model along a line."""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import keras
import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import ArrayLike

from pinet_keras.analysis.certificate import certify
from pinet_keras.analysis.chebyshev import (
    EPSILON,
    MAX_DEGREE,
    Piece,
    between_nodes,
    chebyshev_coefficients,
    chebyshev_nodes,
    lebesgue,
)
from pinet_keras.analysis.decisions import Crossing, Segment, changes, decide, undecided
from pinet_keras.analysis.replay import Evaluator
from pinet_keras.analysis.rounding import line_points, measured_rounding

# Points between the nodes, at which each fit is compared with the model and rounding is measured.
CHECKS = 16
# Rounding is measured at some points only; elsewhere it may be so many times larger.
SAFETY = 4
# No rounding error makes a fit miss by so many times what was measured.
NOT_ROUNDING = 100
# `restrict` compares its error with the largest logit on each of so many equal parts of the domain.
PARTS = 16
# Newton steps to each crossing; after one shorter than this fraction of the line, another would change nothing.
POLISHES, CLOSE = 4, 1e-12
# `crossings` fits at most so many pieces of a line.
MAX_PIECES = 64


def evaluator_of(model: keras.Model | Evaluator) -> Evaluator:
    """A float64 copy of a model, or the model itself if it is one already."""
    return model if isinstance(model, Evaluator) else Evaluator(model)


def certified_degree(model: keras.Model | Evaluator) -> int:
    """The certified degree, or a ValueError with the reasons why there is none."""
    certificate = certify(model.model if isinstance(model, Evaluator) else model)
    if certificate.degree is None:
        raise ValueError(f"Only a polynomial has this; the certificate says: {'; '.join(certificate.reasons)}")
    if certificate.degree > MAX_DEGREE:
        raise ValueError(f"Degrees up to {MAX_DEGREE} can be fitted. Received: a model of degree {certificate.degree}")
    return certificate.degree


def restrict(
    model: keras.Model | Evaluator,
    x: ArrayLike,
    direction: ArrayLike,
    domain: tuple[float, float] = (-1.0, 1.0),
    rtol: float = 1e-6,
) -> list[Chebyshev]:
    """Restrict a model to a line: one polynomial in t for each output, p(t) = f(x + t·direction) for t in `domain`.

    The polynomial is exact but for float64 rounding: as many values as its degree + 1 determine it, taken here at
    Chebyshev points, where the fit multiplies rounding errors by log(degree) only. Values at further points check it.
    Its rounding error is about the same everywhere in `domain`, some 1e-14 of the *largest* value there. Where the
    logits are much smaller than that, it would say nothing about them; `crossings` copes with that, `restrict` refuses.

    Args:
        model: a model with a certified degree, or `Evaluator(model)`: for many lines, its float64 copy is made once.
        x: one input, without the batch axis; a list of them for several inputs.
        direction: the direction, of the same shape.
        domain: range of t. Where an input has a natural range, the line must stay in it: a pixel that leaves
            0..255 is clipped, and a clip is not a polynomial.
        rtol: largest allowed rounding error, relative to the largest logit on each sixteenth of `domain`.

    Returns:
        A list of `numpy.polynomial.Chebyshev`, one for each logit.

    Raises:
        ValueError: no certified degree, wrong shapes, values on the line that no such polynomial takes, or a rounding
            error above `rtol`; the message says near which t.

    Reference:
        Trefethen, Approximation Theory and Approximation Practice, chapters 2 to 4.

    Example:
        >>> from pinet_keras import analysis
        >>> x = keras.Input((2,))
        >>> model = keras.Model(x, keras.layers.multiply([x, x]))  # two logits: the squares of the inputs
        >>> first, second = analysis.restrict(model, x=[1, 0], direction=[0, 1])  # 1 and t²
        >>> second.degree(), round(float(second(0.5)), 6)
        (2, 0.25)
    """
    line = _line(model, x, direction, domain)
    piece = _fit(line, line.low, line.high)
    ends = np.linspace(piece.low, piece.high, PARTS + 1)
    for low, high in pairwise(ends):
        size = piece.size(low, high)
        if piece.error > rtol * size:
            raise ValueError(
                f"On t = {low:.6g}..{high:.6g} the logits, at most {size:.1e}, are not known to {rtol:.1e} of that: "
                f"the rounding error of one polynomial for the whole line is {piece.error:.1e}. Restrict to a shorter "
                f"domain, or let `crossings` divide the line. Received: domain={domain}"
            )
    return [Chebyshev(column, domain=[piece.low, piece.high]) for column in piece.coefficients.T]


def crossings(
    model: keras.Model | Evaluator, x: ArrayLike, direction: ArrayLike, domain: tuple[float, float] = (-1.0, 1.0)
) -> list[Crossing]:
    """Find every t in `domain` where the predicted class changes along x + t·direction, from which class to which.

    All of the places and no others, or a ValueError. Where the prediction changes from class i to j, p_i − p_j changes
    its sign.
    The rounding error of each fitted polynomial is measured. The line is divided until on each part either one class
    leads by more than that error, or two classes lead all others and their difference rises or falls too steeply for
    that error to add or hide a change. Parts where the logits are small compared with those elsewhere on the line get
    polynomials of their own.

    Each `t` is as exact as values of the model in float64 are near it: known to their rounding error divided by the
    slope of the two logits' difference. Nearer to the boundary than that, an evaluation may say either class.

    Args:
        model: a model with a certified degree and one output vector of two or more logits; or `Evaluator(model)`.
        x: one input, without the batch axis.
        direction: the direction, of the same shape.
        domain: range of t; see `restrict`.

    Returns:
        The crossings in the order of t.

    Raises:
        ValueError: no certified degree, wrong shapes, values that no such polynomial takes (pixels outside 0..255);
            fewer than two logits; float64 overflows, or cannot tell: two classes are equal on a part of the line,
            touch, or meet at an end of `domain`. The message says from which t to which.

    Example:
        >>> from pinet_keras import analysis
        >>> x = keras.Input((2,))
        >>> model = keras.Model(x, keras.layers.multiply([x, x]))  # two logits: the squares of the inputs
        >>> found = analysis.crossings(model, x=[1, 0], direction=[0, 1], domain=(-2, 2))
        >>> [(round(crossing.t, 6), crossing.before, crossing.after) for crossing in found]
        [(-1.0, 1, 0), (1.0, 0, 1)]
    """
    line = _line(model, x, direction, domain)
    segments = _segments(line, line.low, line.high, [0])
    return _polished(line, segments, changes(segments))


def margin(
    model: keras.Model | Evaluator, x: ArrayLike, direction: ArrayLike, domain: tuple[float, float] = (-1.0, 1.0)
) -> float:
    """The smallest |t| in `domain` at which x + t·direction is on the boundary of the class of x.

    Args:
        model: a model with a certified degree.
        x: one input, without the batch axis.
        direction: the direction, of the same shape.
        domain: range of t with 0 in it; see `restrict`.

    Returns:
        The margin, in units of `direction`; infinity when the class never changes in `domain`.

    Raises:
        ValueError: as `crossings`; 0 outside `domain`.

    Example:
        >>> from pinet_keras import analysis
        >>> x = keras.Input((2,))
        >>> model = keras.Model(x, keras.layers.multiply([x, x]))  # two logits: the squares of the inputs
        >>> round(analysis.margin(model, x=[1, 0], direction=[0, 1], domain=(-2, 2)), 6)
        1.0
    """
    if not domain[0] <= 0 <= domain[1]:
        raise ValueError(f"`domain` must contain 0. Received: domain={domain}")
    return min((abs(crossing.t) for crossing in crossings(model, x, direction, domain)), default=math.inf)


@dataclass(frozen=True)
class _Line:
    evaluator: Evaluator
    degree: int
    start: list[np.ndarray]
    step: list[np.ndarray]
    low: float
    high: float


def _line(model: keras.Model | Evaluator, x: ArrayLike, direction: ArrayLike, domain: tuple[float, float]) -> _Line:
    degree, evaluator = certified_degree(model), evaluator_of(model)
    low, high = map(float, domain)
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"`domain` must be (low, high) with low < high, both finite. Received: domain={domain}")
    return _Line(evaluator, degree, evaluator.points(x, "x"), evaluator.points(direction, "direction"), low, high)


def _segments(line: _Line, low: float, high: float, fitted: list[int]) -> list[Segment]:
    """The segments between low and high; a segment that one fit does not resolve is divided and fitted again.

    The rounding error is relative to the largest logit that takes part, so without smaller ones nothing is gained.
    """
    fitted[0] += 1
    if fitted[0] > MAX_PIECES:
        raise ValueError(
            f"More than {MAX_PIECES} pieces are needed to resolve the decision, the last from t = {low:.6g} to "
            f"{high:.6g}. Divide the line. Received: domain={(line.low, line.high)}"
        )
    piece, found = _fit(line, low, high), []
    if piece.coefficients.shape[1] < 2:
        raise ValueError(f"A decision needs two logits or more. Received: {piece.coefficients.shape[1]}")
    for segment in decide(piece):
        if segment.resolved:
            found.append(segment)
        elif _is_finer(line, piece, segment):
            found += _segments(line, segment.low, segment.high, fitted)
        else:
            raise ValueError(f"{undecided(segment)}. Received: domain={(line.low, line.high)}")
    return found


def _is_finer(line: _Line, piece: Piece, segment: Segment) -> bool:
    """Whether a fit to this segment alone would be finer: it is no single point, and the logits on it are smaller."""
    is_point = segment.high - segment.low <= EPSILON * (line.high - line.low)
    return not is_point and 2 * piece.size(segment.low, segment.high) <= piece.size(piece.low, piece.high)


def _polished(line: _Line, segments: list[Segment], found: list[Crossing]) -> list[Crossing]:
    """The same crossings, each t as exact as the model's own values near it: Newton's method on those.

    That there is one crossing in each segment is proven by then. Its t is known only as well as the polynomials are.
    """
    inside = [
        next(s for s in segments if s.low <= c.t <= s.high and (s.before, s.after) == (c.before, c.after))
        for c in found
    ]
    ts = np.array([crossing.t for crossing in found])
    slopes = np.array([s.piece.slope(c.t, c.after, c.before) for s, c in zip(inside, found, strict=True)])
    for _ in range(POLISHES if found else 0):
        values = line.evaluator(line_points(line.start, line.step, ts))
        gains = np.array([row[c.after] - row[c.before] for row, c in zip(values, found, strict=True)])
        moved = np.clip(ts - gains / slopes, [s.low for s in inside], [s.high for s in inside])
        ts, step = moved, np.abs(moved - ts).max()
        if step <= CLOSE * (line.high - line.low):
            break
    return [replace(crossing, t=float(t)) for crossing, t in zip(found, ts, strict=True)]


def _fit(line: _Line, low: float, high: float) -> Piece:
    """The polynomials on low..high, their rounding error measured."""
    nodes, checks = chebyshev_nodes(line.degree + 1), between_nodes(line.degree + 1, CHECKS)
    place = Piece(low, high, np.zeros((1, 1)), 0.0)
    ts = place.to_t(np.concatenate([nodes, checks]))
    points = line_points(line.start, line.step, ts)
    with np.errstate(all="ignore"):
        values = line.evaluator(points)
    if not np.isfinite(values).all():
        t = ts[~np.isfinite(values).all(axis=1)].min()
        raise ValueError(f"The model overflows near t = {t:.6g}; shorten the line. Received: domain={(low, high)}")
    coefficients = chebyshev_coefficients(values[: len(nodes)], line.degree)
    held_out = [x[len(nodes) :] for x in points], values[len(nodes) :]
    missed = np.abs(np.polynomial.chebyshev.chebval(checks, coefficients).T - held_out[1]).max()
    rounding = measured_rounding(line.evaluator, *held_out, np.random.default_rng(0))
    rounding = lebesgue(line.degree) * max(rounding, EPSILON * np.abs(values).max())
    if missed > NOT_ROUNDING * rounding:
        raise ValueError(
            f"From t = {low:.6g} to {high:.6g} the model is not a polynomial of degree {line.degree}: its values "
            f"differ by {missed:.1e} from one, and rounding explains {rounding:.1e}. Does the line leave the range of "
            f"valid inputs (pixels are clipped to 0..255)? Received: domain={(line.low, line.high)}"
        )
    evaluation = SAFETY * EPSILON * np.abs(coefficients).sum(axis=0).max()
    return Piece(low, high, coefficients, float(SAFETY * max(rounding, missed) + evaluation))
