"""Affine maps of packed vectors as rotations, products with plaintexts and sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from zoo.encrypted.diagonals import Entries, Split, best_split, origin
from zoo.encrypted.layouts import Layout
from zoo.publishing.formatting import human_seconds

MANY_WEIGHTS = 5_000_000  # from which on windows are added first without trying whether that is quicker
MOST_VALUES = 400_000_000  # in the plaintexts of one affine map: 3.2 GB while it is planned

Place = tuple[int, int]  # a vector and one of its ciphertexts


@dataclass(frozen=True, eq=False)
class Diagonal:
    """Plain values that a rotated input is multiplied by, for one accumulator."""

    target: Place
    group: int  # the class c of the split
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class PackedMap:
    """The affine maps that make the factors of one product, or the logits.

    Attributes:
        sums: for each input, rotations by which it is first added to itself: they sum the windows of a pooling.
        diagonals: for each input and baby step, the plain values for each accumulator.
        split: how differences of slots are split.
        members: for each output, over how many rotations its sum is added up.
        turn: a rotation of the result, which brings it to a layout that is given; 0 for none.
        constants: for each output, the constant in its slots.
    """

    sums: Mapping[Place, tuple[int, ...]]
    diagonals: Mapping[Place, Mapping[int, list[Diagonal]]]
    split: Split
    members: Mapping[Place, int]
    turn: int
    constants: Mapping[Place, np.ndarray]

    @property
    def rotations(self) -> int:
        """How many rotations it takes."""
        sums = sum(map(len, self.sums.values()))
        return sums + self.split.rotations + (len(self.members) if self.turn else 0)

    @property
    def memory(self) -> int:
        """Bytes of the plain values."""
        babies = (diagonals for each in self.diagonals.values() for diagonals in each.values())
        return sum(diagonal.values.nbytes for diagonals in babies for diagonal in diagonals)

    @property
    def products(self) -> int:
        """How many products with plaintexts it takes."""
        return self.split.products


def pack_maps(
    maps: Mapping[int, tuple[Mapping[int, sparse.csr_array], np.ndarray]],
    layouts: Mapping[int, Layout],
    target: Layout,
    is_fixed: bool,
    widths: tuple[int, ...],
    rotation: float,
    product: float,
) -> tuple[PackedMap, Layout]:
    """The quickest way to compute affine maps that read the same vectors.

    Args:
        maps: for each vector to be made, its terms and its constant.
        layouts: of the vectors that are read.
        target: the layout of every vector that is made.
        is_fixed: whether the target may not be moved; else it is moved to where that saves rotations.
        widths: distances that the layouts have.
        rotation: seconds of a rotation.
        product: seconds of a product with a plaintext and a sum.

    Returns:
        The map, and the layout of its results.
    """
    found = []
    sums, kept = _column_sums(maps, layouts)
    weights = sum(matrix.nnz for terms, _ in maps.values() for matrix in terms.values())
    ways = [(sums, kept)] if sums else []
    if not sums or weights <= MANY_WEIGHTS:
        ways.append(({}, {}))
    for sums, kept in ways:
        packed, layout = _pack(maps, layouts, target, is_fixed, widths, rotation, product, sums, kept)
        found.append((packed.rotations * rotation + packed.products * product, packed, layout))
    _, packed, layout = min(found, key=lambda each: each[0])
    return packed, layout


def _pack(maps, layouts, target, is_fixed, widths, rotation, product, sums, kept) -> tuple[PackedMap, Layout]:
    places: list[Place] = [(k, i) for k, layout in layouts.items() for i in range(layout.count)]
    targets: list[Place] = [(v, i) for v in maps for i in range(target.count)]
    number = {place: i for i, place in enumerate(places)}
    number |= {place: i for i, place in enumerate(targets)}
    parts = []
    for v, (terms, _) in maps.items():
        for k, matrix in terms.items():
            entries = matrix.tocoo()
            use = entries.data != 0
            if k in kept:
                use &= kept[k][entries.col]
            row, column, data = entries.row[use], entries.col[use], entries.data[use]
            source = layouts[k].ciphertext[column] + number[k, 0]
            goal = target.ciphertext[row] + number[v, 0]
            entries_of = source, goal, layouts[k].difference(target, row, column), target.slot[row]
            parts.append((*(each.astype("int32") for each in entries_of), data))  # there are millions of them
    source, goal, ahead, slot, data = (np.concatenate(part) for part in zip(*parts, strict=True))
    del parts
    start = origin(ahead, target.slots)
    ahead = (ahead - start) % target.slots
    occupied = np.zeros((len(targets), target.slots), dtype=bool)
    for v in maps:
        occupied[target.ciphertext + number[v, 0], target.slot] = True
    split = best_split(Entries(source, goal, ahead).distinct(), occupied, widths, rotation, product)
    if split.products * target.slots > MOST_VALUES:
        raise ValueError(
            f"An affine map of {len(data):,} weights takes {split.products:,} products with plaintexts of "
            f"{target.slots:,} slots, some {human_seconds(split.products * product)}. At most "
            f"{MOST_VALUES // target.slots:,} such products can be planned. Narrower layers need fewer."
        )
    result = target if is_fixed else target.moved(start)
    b, c, m = split.parts(ahead)
    members = {targets[made]: int(m[goal == made].max()) + 1 for made in np.unique(goal)}
    at = (slot + start + ahead - b) % target.slots
    diagonals: dict[Place, dict[int, list[Diagonal]]] = {}
    sizes = (len(places), split.stride, len(targets), split.classes)
    kind = np.ravel_multi_index((source, b, goal, c), sizes)
    del source, goal, ahead, slot, b, c, m  # of as many entries as the map has weights
    kinds, which = np.unique(kind, return_inverse=True)
    which *= target.slots
    which += at
    values = np.bincount(which, data, len(kinds) * target.slots).reshape(len(kinds), -1)
    for place, baby, made, group, row in zip(*np.unravel_index(kinds, sizes), values, strict=True):
        diagonal = Diagonal(targets[made], int(group), row)
        diagonals.setdefault(places[place], {}).setdefault(int(baby), []).append(diagonal)
    constants = {}
    for v, (_, constant) in maps.items():
        for i, row in enumerate(result.pack(constant[None])[0]):
            constants[v, i] = row
    used = {place: steps for place, steps in _of_places(sums, places).items() if place in diagonals}
    return PackedMap(used, diagonals, split, members, start if is_fixed else 0, constants), result


def _of_places(sums: dict, places: list[Place]) -> dict[Place, tuple[int, ...]]:
    return {place: sums[place[0]] for place in places if place[0] in sums}


def _column_sums(maps, layouts) -> tuple[dict[int, tuple[int, ...]], dict[int, np.ndarray]]:
    """Vectors of which some values have the same weights everywhere: those can be added before they are multiplied.

    Returns:
        For each such vector the rotations that add them, and which of its values then stands for the others.
    """
    sums, kept = {}, {}
    for k, layout in layouts.items():
        groups = equal_columns([terms[k] for terms, _ in maps.values() if k in terms])
        if layout.copies > 1:
            continue
        offsets = {
            tuple(((layout.slot[group] - layout.slot[group[0]]) % layout.slots).tolist())
            if len(set(layout.ciphertext[group].tolist())) == 1
            else ()
            for group in groups
        }
        steps = doubling_steps(offsets.pop()) if len(offsets) == 1 else None
        if steps:
            sums[k] = steps
            kept[k] = np.isin(np.arange(len(layout.slot)), [group[0] for group in groups])
    return sums, kept


def equal_columns(matrices: list[sparse.csr_array]) -> list[np.ndarray]:
    """Groups of columns that are equal in all matrices and not zero; found by two random sums of their entries."""
    rng, size = np.random.default_rng(0), matrices[0].shape[1]
    sums, entries = np.zeros((2, size)), np.zeros(size, dtype=int)
    for matrix in matrices:
        sums += np.stack([matrix.T @ row for row in rng.normal(size=(2, matrix.shape[0]))])
        entries += np.bincount(matrix.indices, minlength=size)
    used = np.flatnonzero(entries)
    order = used[np.argsort(sums[0, used], kind="stable")]
    near = (np.abs(np.diff(sums[:, order])) < 1e-10 * np.abs(sums).max(initial=0)).all(axis=0)
    return [np.sort(group) for group in np.split(order, np.flatnonzero(~near) + 1)]


def doubling_steps(offsets: tuple[int, ...]) -> tuple[int, ...] | None:
    """Steps s1, s2, … whose sums of any of them are these offsets, or None: (0, 1, 28, 29) gives 1 and 28."""
    steps, left = [], sorted(offsets)
    while len(left) > 1:
        step, rest, half = left[1], set(left), []
        for offset in left:
            if offset in rest:
                if offset + step not in rest:
                    return None
                rest -= {offset, offset + step}
                half.append(offset)
        steps.append(step)
        left = half
    return tuple(steps)
