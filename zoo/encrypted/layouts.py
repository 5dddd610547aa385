"""Where the values of a vector stand in the slots of its ciphertexts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class Layout:
    """The place of each value.

    Attributes:
        ciphertext: `[size]`, the ciphertext of each value.
        slot: `[size]`, its slot there.
        slots: slots of a ciphertext.
        period: the vector is repeated at this distance; only the input is, because its owner can do so for nothing.
        copies: how often it stands there.
    """

    ciphertext: np.ndarray
    slot: np.ndarray
    slots: int
    period: int = 0
    copies: int = 1

    @property
    def count(self) -> int:
        """The number of ciphertexts."""
        return int(self.ciphertext.max()) + 1

    def moved(self, steps: int) -> Layout:
        """The same with every slot moved on by some steps."""
        return replace(self, slot=(self.slot + steps) % self.slots)

    def pack(self, values: np.ndarray) -> np.ndarray:
        """Values `[n, size]` in their slots, with all copies: `[n, ciphertexts, slots]`."""
        packed = np.zeros((len(values), self.count, self.slots))
        for copy in range(self.copies):
            packed[:, self.ciphertext, (self.slot + copy * self.period) % self.slots] = values
        return packed

    def unpack(self, packed: np.ndarray) -> np.ndarray:
        """The values `[n, size]` from their slots."""
        return packed[:, self.ciphertext, self.slot]

    def difference(self, other: Layout, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """How many slots value `column` of this layout is ahead of value `row` of another; the nearest copy counts."""
        ahead = self.slot[column] - other.slot[row]
        if self.copies > 1:
            copy = np.rint(-ahead / self.period).astype(int)
            is_cyclic = self.copies * self.period == self.slots
            ahead = ahead + self.period * (copy if is_cyclic else np.clip(copy, 0, self.copies - 1))
        return ahead % self.slots


def layout_of(shape: tuple[int, ...], image: tuple[int, ...], slots: int) -> Layout:
    """The layout of a vector.

    A feature map keeps the positions of the image: after pooling by 2 its values stand two slots and two rows apart,
    so that a convolution needs few rotations. A channel takes a block of the size of the image, and the channels of a
    pooled map share blocks: they stand in the gaps of each other. Other vectors stand one value after another.

    Args:
        shape: shape of the vector.
        image: shape of the model's input.
        slots: slots of a ciphertext.
    """
    if len(shape) != 3 or len(image) != 3 or image[0] * image[1] > slots or shape[0] > image[0] or shape[1] > image[1]:
        index = np.arange(int(np.prod(shape)))
        return Layout(index // slots, index % slots, slots)
    (height, width), block = image[:2], image[0] * image[1]
    apart = height // shape[0], width // shape[1]
    row, column, channel = np.unravel_index(np.arange(int(np.prod(shape))), shape)
    gaps = apart[0] * apart[1]
    gap_row, gap_column = np.divmod(channel % gaps, apart[1])
    place = (row * apart[0] + gap_row) * width + column * apart[1] + gap_column
    blocks = slots // block
    ciphertext, number = np.divmod(channel // gaps, blocks)
    return Layout(ciphertext, number * block + place, slots)


def input_layout(shape: tuple[int, ...], slots: int) -> Layout:
    """The layout of the input, repeated as often as it fits."""
    layout = layout_of(shape, shape, slots)
    if layout.count > 1:
        return layout
    used = int(layout.slot.max()) + 1
    period = used if len(shape) == 3 else 1 << (used - 1).bit_length()
    return replace(layout, period=period, copies=max(1, slots // period))
