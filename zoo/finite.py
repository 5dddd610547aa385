"""Floats for JSON, which has neither NaN nor infinity. Imports no backend."""

import math


def finite_or_none(value) -> float | None:
    """The value as a float; `None` for NaN and infinity."""
    return float(value) if value is not None and math.isfinite(value) else None
