"""What single operations on ciphertexts cost: seconds and bytes."""

from dataclasses import dataclass

from zoo.encrypted.parameters import Parameters

COMPRESSED = 1.25  # bytes that SEAL's compression needs, over those of the moduli's bits


@dataclass(frozen=True)
class UnitCosts:
    """Seconds of each operation on a ciphertext of `primes` moduli in a ring of size `ring`.

    Measured with TenSEAL 0.3.18 (SEAL 4.1), one thread of an AMD EPYC (Zen 3), processor time, rings 8192 and 16384, 2
    to 8 moduli: the formulas are within 15 % of that.
    """

    ring: int

    @property
    def _size(self) -> float:
        return self.ring / 8192 / 1000

    def rotation(self, primes: int) -> float:
        """A rotation, or the relinearisation of a product."""
        return self._size * (0.077 * primes**2 + 0.31 * primes)

    def plain_product(self, primes: int) -> float:
        """A product with a plaintext that is ready, and a sum."""
        return self._size * 0.051 * primes

    def scalar_product(self, primes: int) -> float:
        """A product with one number for all slots, and a sum."""
        return self.plain_product(primes) + self._size * 0.002 * primes

    def product(self, primes: int) -> float:
        """A product of two ciphertexts, with relinearisation and rescaling."""
        return self._size * 0.083 * primes + self.rotation(primes) + self.rescaling(primes)

    def rescaling(self, primes: int) -> float:
        """A rescaling."""
        return self._size * 0.145 * primes

    def encoding(self, primes: int) -> float:
        """Making a plaintext ready."""
        return self._size * (0.1 + 0.1 * primes)


def ciphertext_bytes(parameters: Parameters, primes: int, seeded: bool = False) -> int:
    """The size of a ciphertext in a file, compressed; a fresh one has a seed in place of its second half."""
    bits = sum(parameters.bits[:primes])
    return int(parameters.ring * bits / 8 * (1 if seeded else 2) * COMPRESSED)


def plaintext_memory(parameters: Parameters, primes: int) -> int:
    """Bytes of a plaintext in memory."""
    return 8 * parameters.ring * primes


def key_bytes(parameters: Parameters) -> int:
    """The size of the key of one rotation in a file, compressed, with a seed in place of its second half."""
    return int((len(parameters.moduli) - 1) * parameters.ring * sum(parameters.bits) / 8 * COMPRESSED)


def key_memory(parameters: Parameters) -> int:
    """Bytes of the key of one rotation in memory."""
    return 16 * (len(parameters.moduli) - 1) * len(parameters.moduli) * parameters.ring
