"""CKKS by Microsoft SEAL, through `tenseal.sealapi`."""

import contextlib
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tenseal.sealapi as sealapi

from zoo.encrypted.parameters import Parameters
from zoo.encrypted.unit_costs import plaintext_memory

SECURITY = {
    128: sealapi.SEC_LEVEL_TYPE.TC128,
    192: sealapi.SEC_LEVEL_TYPE.TC192,
    256: sealapi.SEC_LEVEL_TYPE.TC256,
}


def context_of(parameters: Parameters) -> sealapi.SEALContext:
    """SEAL's context, which SEAL itself checks against the table of secure parameters.

    Raises:
        ValueError: SEAL refuses the parameters.
    """
    settings = sealapi.EncryptionParameters(sealapi.SCHEME_TYPE.CKKS)
    settings.set_poly_modulus_degree(parameters.ring)
    settings.set_coeff_modulus([sealapi.Modulus(modulus) for modulus in parameters.moduli])
    context = sealapi.SEALContext(settings, True, SECURITY[parameters.security])
    if not context.parameters_set():
        raise ValueError(f"SEAL refuses the parameters: {context.parameters_error_message()}. Received: {parameters}")
    return context


def galois_elements(parameters: Parameters, steps: set[int]) -> list[int]:
    """The automorphisms X → X^e that rotate slots by these steps."""
    return [pow(3, step, 2 * parameters.ring) for step in sorted(steps)]


@contextlib.contextmanager
def _file() -> Iterator[Path]:
    """A file for SEAL, which reads and writes nothing else.

    It is in memory where the system has such files, as Linux does, so that no secret key gets to a disk by it.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("seal")
        try:
            yield Path(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder, "item")


def to_bytes(item: Any) -> bytes:
    """A key or ciphertext as SEAL writes it."""
    with _file() as path:
        item.save(str(path))
        return path.read_bytes()


def from_bytes(kind: type, context: sealapi.SEALContext, data: bytes, name: str) -> Any:
    """Read a key or ciphertext and check that it fits the context.

    Raises:
        ValueError: it is damaged, or made for other parameters.
    """
    item = kind()
    with _file() as path:
        path.write_bytes(data)
        try:
            item.load(context, str(path))
        except (RuntimeError, ValueError, MemoryError, IndexError, OverflowError) as error:  # SEAL's C++ exceptions
            raise ValueError(f"The {name} is damaged, or was made for other parameters: {error}.") from error
    return item


class Plaintexts:
    """Plaintexts that are kept for later runs, as far as there is room; others are made again in each run.

    Args:
        most_bytes: how many bytes they may have in all; None for any number.
    """

    def __init__(self, most_bytes: int | None = None):
        self._room = math.inf if most_bytes is None else most_bytes
        self._kept: dict[tuple, tuple] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(
        self, values: np.ndarray, depth: int, scale: float, size: int, encode: Callable[..., sealapi.Plaintext]
    ) -> sealapi.Plaintext:
        """The plaintext of values.

        Args:
            values: a number for each slot; an array that does not change.
            depth: of the ciphertexts that it is for.
            scale: its scale.
            size: its bytes.
            encode: makes it.
        """
        key = id(values), depth, scale
        if key in self._kept:
            return self._kept[key][1]
        plain = encode(values.tolist(), depth, scale)
        if size <= self._room:
            self._room -= size
            self._kept[key] = values, plain  # with the array, so that no other gets its id
        return plain


class SealEngine:
    """Arithmetic on ciphertexts with public keys only.

    Args:
        parameters: the parameters of all ciphertexts.
        relinearisation: the key that products need.
        rotations: the keys that rotations need, or None for none.
        plaintexts: where plaintexts are kept once they are ready, so that the first run takes longer than others;
            engines of the same parameters may share it. None: they are made again in each run.
    """

    def __init__(
        self, parameters: Parameters, relinearisation: Any, rotations: Any = None, plaintexts: Plaintexts | None = None
    ):
        self.parameters = parameters
        self.context = context_of(parameters)
        self._relinearisation, self._rotations = relinearisation, rotations
        self._evaluator = sealapi.Evaluator(self.context)
        self._encoder = sealapi.CKKSEncoder(self.context)
        self._kept = plaintexts
        self._ids = []
        data = self.context.first_context_data()
        while data is not None:
            self._ids.append(data.parms_id())
            data = data.next_context_data()

    def encode(self, values: np.ndarray | float, depth: int, scale: float) -> sealapi.Plaintext:
        if isinstance(values, float):
            return self._encode(values, depth, scale)
        if self._kept is None:
            return self._encode(values.tolist(), depth, scale)
        size = plaintext_memory(self.parameters, self.parameters.primes_at(depth))
        return self._kept.get(values, depth, scale, size, self._encode)

    def _encode(self, values: list[float] | float, depth: int, scale: float) -> sealapi.Plaintext:
        plain = sealapi.Plaintext()
        self._encoder.encode(values, self._ids[depth], scale, plain)
        if plain.is_zero():  # SEAL refuses a product with zero; this is below the error of rounding
            self._encoder.encode(1 / scale, self._ids[depth], scale, plain)
        return plain

    def at_depth(self, ciphertext: sealapi.Ciphertext, depth: int) -> sealapi.Ciphertext:
        if ciphertext.coeff_modulus_size() == self.parameters.primes_at(depth):
            return ciphertext
        result = sealapi.Ciphertext()
        self._evaluator.mod_switch_to(ciphertext, self._ids[depth], result)
        return result

    def rotate(self, ciphertext: sealapi.Ciphertext, steps: int) -> sealapi.Ciphertext:
        if steps == 0:
            return ciphertext
        result = sealapi.Ciphertext()
        element = pow(3, steps % self.parameters.slots, 2 * self.parameters.ring)
        self._evaluator.apply_galois(ciphertext, element, self._rotations, result)
        return result

    def add(self, left: sealapi.Ciphertext, right: sealapi.Ciphertext) -> sealapi.Ciphertext:
        right.scale = left.scale  # they differ by rounding of float64, which SEAL would refuse
        result = sealapi.Ciphertext()
        self._evaluator.add(left, right, result)
        return result

    def add_plain(self, ciphertext: sealapi.Ciphertext, values: np.ndarray | float, depth: int) -> sealapi.Ciphertext:
        plain = self.encode(values, depth, ciphertext.scale)
        result = sealapi.Ciphertext()
        self._evaluator.add_plain(ciphertext, plain, result)
        return result

    def multiply_plain(self, ciphertext: sealapi.Ciphertext, plain: sealapi.Plaintext) -> sealapi.Ciphertext:
        result = sealapi.Ciphertext()
        self._evaluator.multiply_plain(ciphertext, plain, result)
        return result

    def multiply(self, left: sealapi.Ciphertext, right: sealapi.Ciphertext) -> sealapi.Ciphertext:
        result = sealapi.Ciphertext()
        if left is right:
            self._evaluator.square(left, result)
        else:
            self._evaluator.multiply(left, right, result)
        self._evaluator.relinearize_inplace(result, self._relinearisation)
        return result

    def rescale(self, ciphertext: sealapi.Ciphertext) -> sealapi.Ciphertext:
        result = sealapi.Ciphertext()
        self._evaluator.rescale_to_next(ciphertext, result)
        return result
