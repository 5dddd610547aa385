"""Polynomials of one variable: a model along a line."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Chebyshev

from pinet_keras.analysis.certificate import certify
from pinet_keras.analysis.replay import Evaluator

MAX_DEGREE = 4096
# What is below this share of a polynomial's size is rounding.
NOISE = 1e-13
HELD_OUT = 16


@dataclass(frozen=True)
class Crossing:
    """A point x + t·direction where the predicted class changes."""

    t: float
    before: int
    after: int


def line_points(start: list[np.ndarray], direction: list[np.ndarray], ts: np.ndarray) -> list[np.ndarray]:
    """The points x + t·d, one array for each input."""
    return [x + ts.reshape(-1, *[1] * x.ndim) * d for x, d in zip(start, direction, strict=True)]


def chebyshev_nodes(count: int) -> np.ndarray:
    """The `count` zeros of the Chebyshev polynomial of that degree, in −1..1."""
    return np.cos(np.pi * (np.arange(count) + 0.5) / count)


def chebyshev_coefficients(values: np.ndarray, degree: int) -> np.ndarray:
    """Coefficients `[degree + 1, outputs]` that fit `values` at the Chebyshev nodes best; exact on polynomials."""
    count = len(values)
    angles = np.pi * (np.arange(count) + 0.5) / count
    coefficients = 2 / count * np.cos(np.outer(np.arange(degree + 1), angles)) @ values
    coefficients[0] /= 2
    return coefficients


def evaluator_of(model) -> Evaluator:
    """A float64 copy of a model, or the model itself if it is one already."""
    return model if isinstance(model, Evaluator) else Evaluator(model)


def certified_degree(model) -> int:
    """The certified degree, or a ValueError with the reasons why there is none."""
    certificate = certify(model.model if isinstance(model, Evaluator) else model)
    if certificate.degree is None:
        raise ValueError(f"Only a polynomial has this; the certificate says: {'; '.join(certificate.reasons)}")
    if certificate.degree > MAX_DEGREE:
        raise ValueError(f"Degrees up to {MAX_DEGREE} can be fitted. Received: a model of degree {certificate.degree}")
    return certificate.degree


def restrict(model, x, direction, domain: tuple[float, float] = (-1.0, 1.0), rtol: float = 1e-6) -> list[Chebyshev]:
    """Restrict a model to a line: one polynomial in t for each output, p(t) = f(x + t·direction) for t in `domain`.

    The polynomial is exact but for float64 rounding: as many values as its degree + 1 determine it, taken here at
    Chebyshev points, where the fit multiplies rounding errors by log(degree) only. Values at further points check it.

    Args:
        model: a model with a certified degree, or `Evaluator(model)`: for many lines, its float64 copy is made once.
        x: one input, without the batch axis; a list of them for several inputs.
        direction: the direction, of the same shape.
        domain: range of t. Where an input has a natural range, the line must stay in it: a pixel that leaves
            0..255 is clipped, and a clip is no polynomial.
        rtol: largest allowed error at the checked points, relative to the largest value on the line.

    Returns:
        A list of `numpy.polynomial.Chebyshev`, one for each logit.

    Raises:
        ValueError: no certified degree, wrong shapes, or values on the line that no such polynomial takes.

    Reference:
        Trefethen, Approximation Theory and Approximation Practice, chapters 2 to 4.
    """
    degree, evaluator = certified_degree(model), evaluator_of(model)
    low, high = map(float, domain)
    if not low < high:
        raise ValueError(f"`domain` must be (low, high) with low < high. Received: domain={domain}")
    start, step = evaluator.points(x, "x"), evaluator.points(direction, "direction")
    checks = np.random.default_rng(0).uniform(-1, 1, HELD_OUT)
    ts = np.concatenate([chebyshev_nodes(degree + 1), checks])
    values = evaluator(line_points(start, step, low + (ts + 1) / 2 * (high - low)))
    if not np.isfinite(values).all():
        raise ValueError(f"The model overflows on this line; shorten it. Received: domain={domain}")
    coefficients = chebyshev_coefficients(values[: degree + 1], degree)
    fitted = np.polynomial.chebyshev.chebval(checks, coefficients).T
    error = np.abs(fitted - values[degree + 1 :]).max() / max(np.abs(values).max(), np.finfo(float).tiny)
    if error > rtol:
        raise ValueError(
            f"On this line the model is no polynomial of degree {degree}: relative error {error:.1e} above {rtol:.1e}. "
            "Does the line leave the range of valid inputs (pixels are clipped to 0..255)? "
            f"Received: domain={domain}"
        )
    return [Chebyshev(column, domain=[low, high]) for column in coefficients.T]


def crossings(model, x, direction, domain: tuple[float, float] = (-1.0, 1.0)) -> list[Crossing]:
    """Find every t in `domain` where the predicted class changes along x + t·direction, from which class to which.

    Where class i hands over to class j, the polynomial p_i − p_j has a root: the roots are computed, not searched.

    Args:
        model: a model with a certified degree and one output vector of two or more logits.
        x: one input, without the batch axis.
        direction: the direction, of the same shape.
        domain: range of t; see `restrict`.

    Returns:
        The crossings in the order of t.

    Raises:
        ValueError: as `restrict`; fewer than two logits.
    """
    return envelope(restrict(model, x, direction, domain))


def margin(model, x, direction, domain: tuple[float, float] = (-1.0, 1.0)) -> float:
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
    """
    if not domain[0] <= 0 <= domain[1]:
        raise ValueError(f"`domain` must contain 0. Received: domain={domain}")
    return min((abs(crossing.t) for crossing in crossings(model, x, direction, domain)), default=math.inf)


def envelope(polynomials: list[Chebyshev]) -> list[Crossing]:
    """The points where the largest of several polynomials changes, walked from one to the next."""
    if len(polynomials) < 2:
        raise ValueError(f"A decision needs two logits or more. Received: {len(polynomials)}")
    low, high = polynomials[0].domain
    roots: dict[int, list[tuple[float, int]]] = {}
    found: list[Crossing] = []
    current, t = _first_class(polynomials, low, high, roots), low
    while True:
        handover = _next_handover(polynomials, current, t, high, roots)
        if handover is None:
            return found
        found.append(Crossing(handover[0], current, handover[1]))
        t, current = handover


def _candidates(polynomials: list[Chebyshev], i: int, roots: dict) -> list[tuple[float, int]]:
    """Roots of p_i − p_j for every j, sorted."""
    if i not in roots:
        roots[i] = sorted((t, j) for j, p in enumerate(polynomials) if j != i for t in real_roots(polynomials[i] - p))
    return roots[i]


def _first_class(polynomials: list[Chebyshev], low: float, high: float, roots: dict) -> int:
    """The largest polynomial just after `low`."""
    first = int(np.argmax([p(low) for p in polynomials]))
    after = min((t for t, _ in _candidates(polynomials, first, roots) if t > low), default=high)
    return int(np.argmax([p((low + after) / 2) for p in polynomials]))


def _next_handover(polynomials, i: int, t: float, high: float, roots: dict) -> tuple[float, int] | None:
    """The first point after t at which another polynomial overtakes p_i, and which.

    Between two neighbouring roots p_i stays the largest or stays below, so one value in between decides. Roots that
    only touch, and spurious ones, change nothing.
    """
    later = [(root, j) for root, j in _candidates(polynomials, i, roots) if root > t]
    for k, (root, j) in enumerate(later):
        following = later[k + 1][0] if k + 1 < len(later) else high
        middle = (root + following) / 2
        if following > root and polynomials[j](middle) > polynomials[i](middle):
            return root, j
    return None


def real_roots(polynomial: Chebyshev) -> list[float]:
    """Roots in the domain. Those a hair beside the real line are kept: rounding moves double roots off it."""
    coefficients = polynomial.coef
    size = np.abs(coefficients).max()
    if size == 0:
        return []
    kept = np.flatnonzero(np.abs(coefficients) > NOISE * size)[-1] + 1
    if kept < 2:
        return []
    roots = np.polynomial.chebyshev.chebroots(coefficients[:kept])
    near = roots[(np.abs(roots.imag) < 1e-6) & (np.abs(roots.real) <= 1)].real
    low, high = polynomial.domain
    return [float(low + (root + 1) / 2 * (high - low)) for root in near]
