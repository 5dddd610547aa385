"""Several requests in one run."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.encrypted.engine import Engine


class TogetherEngine:
    """Does what an engine does with several requests at once: a ciphertext here is a list, with one of each request.

    Plaintexts are the same for all of them, and are made once.

    Args:
        engine: does the arithmetic.
    """

    def __init__(self, engine: Engine):
        self._engine = engine

    def encode(self, values: np.ndarray | float, depth: int, scale: float) -> Any:
        return self._engine.encode(values, depth, scale)

    def at_depth(self, ciphertext: list, depth: int) -> list:
        return [self._engine.at_depth(each, depth) for each in ciphertext]

    def rotate(self, ciphertext: list, steps: int) -> list:
        return [self._engine.rotate(each, steps) for each in ciphertext]

    def add(self, left: list, right: list) -> list:
        return [self._engine.add(*pair) for pair in zip(left, right, strict=True)]

    def add_plain(self, ciphertext: list, values: np.ndarray | float, depth: int) -> list:
        return [self._engine.add_plain(each, values, depth) for each in ciphertext]

    def multiply_plain(self, ciphertext: list, plain: Any) -> list:
        return [self._engine.multiply_plain(each, plain) for each in ciphertext]

    def multiply(self, left: list, right: list) -> list:
        return [self._engine.multiply(*pair) for pair in zip(left, right, strict=True)]

    def rescale(self, ciphertext: list) -> list:
        return [self._engine.rescale(each) for each in ciphertext]
