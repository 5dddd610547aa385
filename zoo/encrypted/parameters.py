"""Parameters of CKKS: ring size, moduli and scales, within the published table of secure parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from zoo.encrypted.program import Product, Program

# The largest number of bits of all moduli together, for a uniform ternary secret and classical attacks: Albrecht et
# al., Homomorphic Encryption Security Standard, HomomorphicEncryption.org, November 2018, table 1.
LARGEST_MODULUS = {
    128: {4096: 109, 8192: 218, 16384: 438, 32768: 881},
    192: {4096: 75, 8192: 152, 16384: 305, 32768: 611},
    256: {4096: 58, 8192: 118, 16384: 237, 32768: 476},
}
FEWEST_BITS = 18  # of a modulus: below, errors are as large as values
MOST_BITS = 36  # above, ciphertexts are larger and no logit is better
MOST_BITS_OF_ONE = 60  # SEAL's limit
KEY_BITS = 8  # by which the special modulus is larger than others: the error of a rotation shrinks by as much


@dataclass(frozen=True)
class Parameters:
    """The parameters of one computation.

    Attributes:
        security: bits of security.
        ring: ring size N; a ciphertext has N/2 slots.
        moduli: primes: the first, which holds the logits, one for each rescaling in reverse order, and the special one.
        scale: by which values are multiplied before they are rounded to integers.
        output_scale: that of the logits.
    """

    security: int
    ring: int
    moduli: tuple[int, ...]
    scale: float
    output_scale: float

    @property
    def slots(self) -> int:
        """How many values a ciphertext holds."""
        return self.ring // 2

    @property
    def depth(self) -> int:
        """How many rescalings there are."""
        return len(self.moduli) - 2

    @property
    def bits(self) -> list[int]:
        """The sizes of the moduli."""
        return [modulus.bit_length() for modulus in self.moduli]

    def primes_at(self, depth: int) -> int:
        """How many moduli a ciphertext has after some rescalings."""
        return len(self.moduli) - 1 - depth

    def dropped_at(self, depth: int) -> int:
        """The modulus that the rescaling to a depth divides by."""
        return self.moduli[len(self.moduli) - 1 - depth]

    def vector_scales(self, program: Program) -> list[float]:
        """The scale of every vector of a program: an affine map brings it to `scale`, an addend to that of its product,
        and the last to `output_scale`."""
        scales, depths = [self.scale], program.depths()
        for vector, step in enumerate(program.steps, start=1):
            if isinstance(step, Product):
                scales.append(scales[step.left] * scales[step.right] / self.dropped_at(depths[vector]))
            else:
                scales.append(self.output_scale if vector == program.output else self.scale)
        for addend, product in program.addends().items():
            scales[addend] = scales[product]
        return scales


def parameters_for(
    ring: int, depth: int, largest_output: float, security: int = 128, extra_bits: int = 2
) -> Parameters | None:
    """The most exact parameters of a ring size, or None if the depth does not fit.

    Args:
        ring: ring size N.
        depth: number of rescalings.
        largest_output: the largest value in a slot of the result.
        security: bits of security.
        extra_bits: by how many bits scales are larger than moduli. Errors of ciphertexts shrink by as much, and those
            of plaintexts grow.
    """
    headroom = max(2, math.ceil(math.log2(4 * largest_output)))
    bits = (LARGEST_MODULUS[security][ring] - 2 * headroom - KEY_BITS) // (depth + 2)
    bits = min(bits, MOST_BITS, MOST_BITS_OF_ONE - headroom - KEY_BITS)
    if bits < FEWEST_BITS:
        return None
    sizes = [bits + headroom, *[bits] * depth, bits + headroom + KEY_BITS]
    moduli = ntt_primes(ring, sizes)
    if moduli is None:
        return None
    return Parameters(security, ring, moduli, 2.0 ** (bits + extra_bits), moduli[0] / (4 * largest_output))


def ntt_primes(ring: int, sizes: Sequence[int]) -> tuple[int, ...] | None:
    """Distinct primes of the given sizes in bits that are 1 modulo 2·ring, or None where there are too few."""
    found: list[int] = []
    for size in sizes:
        prime = next(
            (
                candidate
                for candidate in range(2**size - 2 * ring + 1, 2 ** (size - 1), -2 * ring)
                if candidate not in found and is_prime(candidate)
            ),
            None,
        )
        if prime is None:
            return None
        found.append(prime)
    return tuple(found)


def is_prime(number: int) -> bool:
    """Whether a number below 2^64 is prime, by the Miller-Rabin test with bases that decide it for all of them."""
    if number < 2 or number % 2 == 0:
        return number == 2
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    if number in bases:
        return True
    twos = ((number - 1) & (1 - number)).bit_length() - 1
    odd = (number - 1) >> twos
    return all(
        (power := pow(base, odd, number)) in (1, number - 1)
        or any((power := power * power % number) == number - 1 for _ in range(twos - 1))
        for base in bases
    )


def deepest(security: int = 128) -> int:
    """The largest depth that fits in the largest ring."""
    ring = max(LARGEST_MODULUS[security])
    return next(depth for depth in range(200, 0, -1) if parameters_for(ring, depth, 16.0, security))
