"""Measurement of the rounding errors in a model's values."""

import numpy as np

from pinet_keras.analysis.chebyshev import EPSILON
from pinet_keras.analysis.replay import Evaluator


def line_points(start: list[np.ndarray], direction: list[np.ndarray], ts: np.ndarray) -> list[np.ndarray]:
    """The points x + t·d, one array for each input."""
    return [x + ts.reshape(-1, *[1] * x.ndim) * d for x, d in zip(start, direction, strict=True)]


def measured_rounding(evaluator: Evaluator, points: list, values: np.ndarray, rng: np.random.Generator) -> float:
    """The size of rounding errors in `values`, measured twice; the larger counts.

    Inputs moved by one unit in the last place show how the model spreads errors of its input. The model in float32,
    its error scaled down to float64, shows those made inside; where it overflows it says nothing.

    Args:
        evaluator: the model in float64.
        points: inputs, one array `[n, ...]` for each.
        values: what `evaluator` gives for them, `[n, outputs]`.
        rng: `numpy.random.Generator` of the moves.
    """
    moved = [x * (1 + EPSILON * rng.choice([-1, 1], x.shape)) for x in points]
    spread = np.abs(evaluator(moved) - values).max()
    with np.errstate(all="ignore"):
        inside = np.abs(evaluator.coarse(points) - values) * EPSILON / np.finfo(np.float32).eps
    return float(max(spread, np.max(inside, where=np.isfinite(inside), initial=0.0)))
