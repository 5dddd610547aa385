"""How a matrix is split into rotations: the diagonal method with baby steps and giant steps.

An affine map moves values between slots by differences d. Each is split as d = b + n·(c + C·m): the input is rotated by
the baby steps b and multiplied by plain values; what has the same c is added up in one accumulator, whatever its m, if
the slots of different m do not meet; accumulators are rotated by n·c and added, and the sum is rotated by n·C·m and
added. Which n and C need the least time is found by trying them.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Entries:
    """The kinds of entries of a matrix: from which ciphertext, to which, over which difference of slots.

    Attributes:
        source: number of the ciphertext that is read.
        target: number of the ciphertext that is made.
        ahead: how far the value that is read is ahead, 0 or more.
    """

    source: np.ndarray
    target: np.ndarray
    ahead: np.ndarray

    def distinct(self) -> "Entries":
        """One entry of each kind."""
        sizes = tuple(int(part.max()) + 1 for part in (self.source, self.target, self.ahead))
        kinds = np.unique(np.ravel_multi_index((self.source, self.target, self.ahead), sizes))
        return Entries(*np.unravel_index(kinds, sizes))


@dataclass(frozen=True)
class Split:
    """A choice of n (`stride`) and C (`classes`), and what it costs."""

    stride: int
    classes: int
    rotations: int
    products: int

    def parts(self, ahead: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(b, c, m) of differences."""
        k, b = np.divmod(ahead, self.stride)
        m, c = np.divmod(k, self.classes)
        return b, c, m


def sum_rotations(members: int) -> int:
    """How many rotations a sum over that many equally spaced rotations takes, by doubling."""
    return members.bit_length() + members.bit_count() - 2 if members > 1 else 0


def origin(ahead: np.ndarray, slots: int) -> int:
    """The difference from which all others are ahead by the least: the one after the largest gap of the circle."""
    found = np.unique(ahead)
    gaps = np.diff(found, append=found[0] + slots)
    return int(found[(gaps.argmax() + 1) % len(found)])


def best_split(
    entries: Entries, occupied: np.ndarray, widths: tuple[int, ...], rotation: float, product: float
) -> Split:
    """The split that takes the least time.

    Args:
        entries: distinct entries.
        occupied: `[targets, slots]`, whether a slot of a target is used.
        widths: distances that the layout has, such as that of two rows: their multiples are tried as n.
        rotation: seconds of a rotation.
        product: seconds of a product with a plaintext and a sum.
    """
    slots = occupied.shape[1]
    longest = int(entries.ahead.max()) + 1
    strides = {n for n in (*range(1, 65), *(2**i for i in range(7, 17))) if n <= longest}
    strides |= {n for width in widths for n in range(width, min(longest, 40 * width) + 1, width)}
    strides.add(longest)
    meets = _meets(occupied)

    def seconds(split: Split) -> float:
        return split.rotations * rotation + split.products * product

    def allowed(stride: int) -> list[int]:
        """Numbers of classes with which the slots of no two members meet."""
        steps = (longest - 1) // stride + 1
        return [
            classes
            for classes in _divisions(steps)
            if not meets[(np.arange(1, -(-steps // classes)) * stride * classes) % slots].any()
        ]

    fewest = sorted((_split(entries, n, allowed(n)[0]) for n in strides), key=seconds)
    others = [_split(entries, split.stride, n) for split in fewest[:16] for n in allowed(split.stride)[1:]]
    return min([fewest[0], *others], key=seconds)


def _divisions(steps: int) -> list[int]:
    """Numbers of classes to try: small ones, the fewest for each number of members, and one for each step."""
    return sorted({*range(1, min(steps, 24)), *(-(-steps // members) for members in range(1, min(steps, 64) + 1))})


def _meets(occupied: np.ndarray) -> np.ndarray:
    """For each distance, whether two used slots of a target are so far apart."""
    spectrum = np.fft.rfft(occupied.astype("float64"), axis=1)
    pairs = np.fft.irfft(np.abs(spectrum) ** 2, n=occupied.shape[1], axis=1)
    return np.any(pairs > 0.5, axis=0)


def _split(entries: Entries, stride: int, classes: int) -> Split:
    b, c, m = Split(stride, classes, 0, 0).parts(entries.ahead)
    babies = np.unique(entries.source * stride + b)
    rotations = int((babies % stride > 0).sum())
    per_class = np.unique(entries.target * classes + c)
    rotations += len(per_class) - len(np.unique(per_class // classes))
    rotations += int((np.minimum.reduceat(per_class % classes, _starts(per_class // classes)) > 0).sum())
    members = np.zeros(int(entries.target.max()) + 1, dtype=int)
    np.maximum.at(members, entries.target, m + 1)
    rotations += sum(sum_rotations(int(count)) for count in members)
    wide = np.int64(int(entries.target.max()) + 1) * classes
    products = np.unique((entries.source * stride + b) * wide + entries.target * classes + c)
    return Split(stride, classes, rotations, len(products))


def _starts(values: np.ndarray) -> np.ndarray:
    """Where each run of equal values starts."""
    return np.flatnonzero(np.diff(values, prepend=values[0] - 1))
