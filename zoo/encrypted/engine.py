"""The operations on ciphertexts that a program needs."""

from typing import Any, Protocol

import numpy as np


class Engine(Protocol):
    """Arithmetic on encrypted slots: by CKKS, or simulated. Operations return new ciphertexts."""

    def encode(self, values: np.ndarray | float, depth: int, scale: float) -> Any:
        """A plaintext: a value for each slot, or one for all of them."""

    def at_depth(self, ciphertext: Any, depth: int) -> Any:
        """The same values with fewer moduli, as after that many rescalings."""

    def rotate(self, ciphertext: Any, steps: int) -> Any:
        """Slot s takes the value of slot s + steps."""

    def add(self, left: Any, right: Any) -> Any:
        """The sum of two ciphertexts of one depth and scale."""

    def add_plain(self, ciphertext: Any, values: np.ndarray | float, depth: int) -> Any:
        """The sum with plain values."""

    def multiply_plain(self, ciphertext: Any, plain: Any) -> Any:
        """The product with a plaintext."""

    def multiply(self, left: Any, right: Any) -> Any:
        """The product of two ciphertexts, relinearised."""

    def rescale(self, ciphertext: Any) -> Any:
        """Divide scale and modulus by the last modulus: the depth grows by one."""
