"""Verification of a certificate by float64 values on lines through real inputs."""

from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np

from pinet_keras.analysis.chebyshev import EPSILON, MAX_DEGREE, chebyshev_coefficients, chebyshev_nodes, lebesgue
from pinet_keras.analysis.replay import Evaluator
from pinet_keras.analysis.rounding import line_points, measured_rounding

HELD_OUT = 32
SHORTENINGS = 6
# A claim is refuted by an error of more than this many times what rounding explains.
REFUTING = 4
HOLDS, REFUTED, NOT_VERIFIABLE = "holds", "refuted", "not verifiable numerically"


@dataclass(frozen=True)
class Verification:
    """The result of verifying a certificate's degree.

    Attributes:
        verdict: "holds", "refuted" or "not verifiable numerically".
        degree: the degree that was claimed.
        seen: the highest degree whose term stood clearly above rounding on some line: a smaller claim would have been
            refuted there. At `degree`, the claim is sharp; below it, float64 cannot tell the claim from a smaller one
            on these lines.
        error: largest error at held-out points, relative to the largest value on the line; of the line on which it
            exceeds `noise` most, or comes nearest to it.
        noise: how much of `error` rounding may explain on that line. Above 4 times as much the claim is refuted.
        lines: number of lines measured.
        why: the verdict in words.

    Example:
        >>> from pinet_keras import analysis
        >>> model = keras.Sequential([keras.Input((8,)), pinet_keras.PolyDense(4, degree=3)])
        >>> samples = np.random.default_rng(0).normal(size=(4, 8))
        >>> verification = analysis.certify(model).verify(model, samples, lines=2)
        >>> verification.holds, verification.degree, verification.seen
        (True, 3, 3)
    """

    verdict: str
    degree: int
    seen: int
    error: float
    noise: float
    lines: int
    why: str

    @property
    def holds(self) -> bool:
        """Whether the measurement supports the claim."""
        return self.verdict == HOLDS

    def as_dict(self) -> dict:
        """The verification as a plain dict."""
        return asdict(self)


@dataclass(frozen=True)
class _Measurement:
    error: float
    noise: float
    seen: int


def verify_degree(
    model: keras.Model, degree: int, samples: Any, rtol: float = 1e-6, lines: int = 8, seed: int = 0
) -> Verification:
    """Measure whether a model is a polynomial of at most `degree` on lines; see `Certificate.verify`."""
    if degree > MAX_DEGREE:
        why = f"more than {MAX_DEGREE} values a line would be needed"
        return Verification(NOT_VERIFIABLE, degree, 0, float("nan"), float("nan"), 0, why)
    evaluator = Evaluator(model)
    batches = [np.asarray(x, dtype="float64") for x in (samples if len(evaluator.shapes) > 1 else [samples])]
    if len(batches[0]) < 2:
        raise ValueError(f"Lines need two samples or more. Received: {len(batches[0])}")
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(lines):
        first, second = rng.choice(len(batches[0]), 2, replace=False)
        a = evaluator.points(_pick(batches, first), "samples")
        b = evaluator.points(_pick(batches, second), "samples")
        measurement = _measure_shortened(evaluator, degree, a, b, rtol, rng)
        if measurement is not None:
            found.append(measurement)
    return _verdict(found, degree, rtol)


def _pick(batches: list, index: int) -> np.ndarray | list[np.ndarray]:
    return batches[0][index] if len(batches) == 1 else [batch[index] for batch in batches]


def _measure_shortened(
    evaluator: Evaluator, degree: int, a: list[np.ndarray], b: list[np.ndarray], rtol: float, rng: np.random.Generator
) -> _Measurement | None:
    """Measure on the chord from a to b; if rounding errors are too large, on shorter and shorter middle parts of it.

    None when no part of the chord can be measured.
    """
    middle = [(x + y) / 2 for x, y in zip(a, b, strict=True)]
    half = [(y - x) / 2 for x, y in zip(a, b, strict=True)]
    for shortening in range(SHORTENINGS):
        measurement = _measure(evaluator, degree, middle, [h / 2**shortening for h in half], rng)
        if measurement is not None and measurement.noise <= rtol:
            return measurement
    return None


def _measure(
    evaluator: Evaluator, degree: int, middle: list[np.ndarray], half: list[np.ndarray], rng: np.random.Generator
) -> _Measurement | None:
    nodes = chebyshev_nodes(2 * degree + 8)
    checks = rng.uniform(-1, 1, HELD_OUT)
    points = line_points(middle, half, np.concatenate([nodes, checks]))
    with np.errstate(all="ignore"):
        values = evaluator(points)
        size = np.abs(values).max()
        if not np.isfinite(size) or size == 0:
            return None
        rounding = measured_rounding(evaluator, [x[-HELD_OUT:] for x in points], values[-HELD_OUT:], rng) / size
    coefficients = chebyshev_coefficients(values[: len(nodes)], degree)
    fitted = np.polynomial.chebyshev.chebval(checks, coefficients).T
    error = np.abs(fitted - values[len(nodes) :]).max() / size
    noise = 4 * lebesgue(degree) * max(rounding, EPSILON)
    seen = np.flatnonzero(np.abs(coefficients).max(axis=1) > 2 * REFUTING * noise * size)
    return _Measurement(float(error), float(noise), int(seen[-1]) if len(seen) else 0)


def _verdict(found: list[_Measurement], degree: int, rtol: float) -> Verification:
    if not found:
        why = f"rounding in float64 exceeds rtol={rtol:g} on every line, even on 1/{2 ** (SHORTENINGS - 1)} of it"
        return Verification(NOT_VERIFIABLE, degree, 0, float("nan"), float("nan"), 0, why)
    worst = max(found, key=lambda m: m.error / m.noise)
    error, noise, seen = worst.error, worst.noise, max(m.seen for m in found)
    if error > REFUTING * noise:
        why = f"no polynomial of degree {degree} comes nearer than {error:.1e} on a line; rounding explains {noise:.1e}"
        return Verification(REFUTED, degree, seen, error, noise, len(found), why)
    why = f"degree {degree} fits to {error:.1e}"
    if seen < degree:
        why += (
            f"; float64 sees terms up to degree {seen} on these lines, so a claim between {seen} and {degree} fits too"
        )
    return Verification(HOLDS, degree, seen, error, noise, len(found), why)
