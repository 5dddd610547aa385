"""Upper bounds on parameters, MACs, latency and encrypted cost of a network."""

import re
from dataclasses import asdict, dataclass

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


@dataclass(frozen=True)
class Budget:
    """Upper bounds of what a network may cost at inference; `None` is no bound.

    Args:
        parameters: all weights, moving statistics included, as on a model's card.
        macs: multiply-accumulates of one image.
        latency_ms: milliseconds for one image on the machine that searches.
        encrypted_seconds: seconds for one encrypted image, as `pinet encrypted plan` estimates them: rotations and
            products, each at the size that its ciphertexts have.
    """

    parameters: int | None = None
    macs: int | None = None
    latency_ms: float | None = None
    encrypted_seconds: float | None = None

    def __post_init__(self):
        for name, bound in asdict(self).items():
            if bound is not None and not bound > 0:
                raise ValueError(f"A bound must be above 0. Received: {name}={bound!r}")

    def allows(self, costs) -> bool:
        """Whether a network of these costs, a dict with the names of the bounds, is within all of them."""
        return all(bound is None or costs[name] <= bound for name, bound in asdict(self).items())

    def __str__(self):
        bounds = [f"{name} ≤ {bound:,}" for name, bound in asdict(self).items() if bound is not None]
        return ", ".join(bounds) or "no bound"


def read_count(text) -> int:
    """A count with or without a unit: 300k, 1.5M, 50_000.

    Raises:
        ValueError: it is none.
    """
    match = re.fullmatch(r"([0-9][0-9_]*(?:\.[0-9]+)?)\s*([kmg]?)", str(text).strip().lower())
    if not match:
        raise ValueError(f"A count is a number, with k, M or G if you like. Received: {text!r}")
    return round(float(match[1]) * UNITS[match[2]])
