"""A simulation of encrypted arithmetic: float64 with errors of the size that CKKS has. Needs no encryption library."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zoo.encrypted.parameters import Parameters

DEVIATION = 3.2  # of the error in every encryption
SECRET = 2 / 3  # mean square of the coefficients of the secret, which are −1, 0 and 1


@dataclass(frozen=True, eq=False)
class Simulated:
    """Values `[batch, slots]` with the scale and depth of the ciphertext that they stand for."""

    values: np.ndarray
    scale: float
    depth: int


class SimulatedEngine:
    """Does what `SealEngine` does, on many examples at once and without encryption.

    Every operation adds a normal error with the variance that it has in CKKS: of a polynomial with coefficients of
    variance v, the real part of each slot has the variance v·N/2.

    Args:
        parameters: those that are simulated.
        seed: of the errors; None for exact arithmetic, in which no value is too large either.
    """

    def __init__(self, parameters: Parameters, seed: int | None = 0):
        self.parameters = parameters
        self._rng = None if seed is None else np.random.default_rng(seed)
        self.largest = 0.0  # value in any slot of the answers

    def encrypt(self, values: np.ndarray) -> Simulated:
        """A fresh ciphertext of values `[batch, slots]`."""
        scale = self.parameters.scale
        return Simulated(values + self._error(values.shape, DEVIATION**2, scale), scale, 0)

    def encode(self, values: np.ndarray | float, depth: int, scale: float) -> tuple[np.ndarray | float, float]:
        if isinstance(values, float):
            return np.rint(values * scale) / scale, scale
        return values + self._error(values.shape, 1 / 12, scale), scale

    def at_depth(self, ciphertext: Simulated, depth: int) -> Simulated:
        return Simulated(ciphertext.values, ciphertext.scale, depth)

    def rotate(self, ciphertext: Simulated, steps: int) -> Simulated:
        if steps == 0:
            return ciphertext
        return self._switched(Simulated(np.roll(ciphertext.values, -steps, axis=1), ciphertext.scale, ciphertext.depth))

    def add(self, left: Simulated, right: Simulated) -> Simulated:
        self._check(left, right)
        return Simulated(left.values + right.values, left.scale, left.depth)

    def add_plain(self, ciphertext: Simulated, values: np.ndarray | float, depth: int) -> Simulated:
        plain, _ = self.encode(values, depth, ciphertext.scale)
        return Simulated(ciphertext.values + plain, ciphertext.scale, ciphertext.depth)

    def multiply_plain(self, ciphertext: Simulated, plain: tuple) -> Simulated:
        values, scale = plain
        return Simulated(ciphertext.values * values, ciphertext.scale * scale, ciphertext.depth)

    def multiply(self, left: Simulated, right: Simulated) -> Simulated:
        if left.depth != right.depth:
            raise ValueError(f"Factors must be of one depth. Received: {left.depth} and {right.depth}")
        return self._switched(Simulated(left.values * right.values, left.scale * right.scale, left.depth))

    def rescale(self, ciphertext: Simulated) -> Simulated:
        depth = ciphertext.depth + 1
        scale = ciphertext.scale / self.parameters.dropped_at(depth)
        values = ciphertext.values + self._error(ciphertext.values.shape, self._rounding, scale)
        size = np.abs(values).max(axis=1, keepdims=True)
        if depth == self.parameters.depth:
            self.largest = max(self.largest, float(size.max()))
        if self._rng is not None:
            # Coefficients are no larger than the largest slot; beyond half of the modulus they would wrap around.
            modulus = math.prod(self.parameters.moduli[: self.parameters.primes_at(depth)])
            values = np.where(size * scale < modulus / 2, values, np.nan)
        return Simulated(values, scale, depth)

    @property
    def _rounding(self) -> float:
        """Variance of a coefficient after both halves of a ciphertext were rounded."""
        return (1 + SECRET * self.parameters.ring) / 12

    def _switched(self, ciphertext: Simulated) -> Simulated:
        """The error of a change of key: of its digits, divided by the special modulus, and of rounding."""
        *moduli, special = self.parameters.moduli
        used = moduli[: self.parameters.primes_at(ciphertext.depth)]
        # SEAL's digits lie in 0..q, so their mean square is q²/3.
        digits = sum((modulus / special) ** 2 for modulus in used) * self.parameters.ring * DEVIATION**2 / 3
        error = self._error(ciphertext.values.shape, digits + self._rounding, ciphertext.scale)
        return Simulated(ciphertext.values + error, ciphertext.scale, ciphertext.depth)

    def _error(self, shape: tuple, variance: float, scale: float) -> np.ndarray | float:
        if self._rng is None:
            return 0.0
        deviation = np.sqrt(variance * self.parameters.ring / 2) / scale
        return self._rng.standard_normal(shape, dtype="float32") * np.float32(deviation)

    @staticmethod
    def _check(left: Simulated, right: Simulated) -> None:
        if left.depth != right.depth or abs(left.scale / right.scale - 1) > 1e-9:
            raise ValueError(
                "Terms of a sum must be of one depth and scale. "
                f"Received: depths {left.depth} and {right.depth}, scales {left.scale:g} and {right.scale:g}"
            )
