"""A program on vectors whose values share ciphertexts: one example at a time, with rotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy import sparse

from zoo.encrypted.engine import Engine
from zoo.encrypted.layouts import Layout, input_layout, layout_of
from zoo.encrypted.packed_map import PackedMap, Place, pack_maps
from zoo.encrypted.parameters import Parameters
from zoo.encrypted.program import Affine, Product, Program
from zoo.encrypted.unit_costs import UnitCosts

ENTRY = 50  # bytes of a weight while its map is packed: its places, what is sorted, and its value


@dataclass(frozen=True, eq=False)
class PackedProgram:
    """A program with the layout of each vector and the packed maps, ordered by the step that needs them.

    Attributes:
        program: the program.
        layouts: the layout of each vector.
        maps: for each product, and for the logits, the map that makes its factors, or None where they are known before.
        extra_bits: by how many bits scales may be larger than moduli, to be tried.
    """

    extra_bits: ClassVar[tuple[int, ...]] = (0, 1, 2)

    program: Program
    layouts: Mapping[int, Layout]
    maps: Mapping[int, PackedMap | None]

    @property
    def examples_per_request(self) -> int:
        """One."""
        return 1

    @property
    def request_ciphertexts(self) -> int:
        """How many ciphertexts hold an example."""
        return self.layouts[0].count

    @property
    def answer_ciphertexts(self) -> int:
        """How many ciphertexts hold the logits."""
        return self.layouts[self.program.output].count

    @property
    def largest_number_alive(self) -> int:
        """How many ciphertexts are in memory at once: what the largest map reads and makes."""
        groups = [sum(map(len, _groups(packed).values())) for packed in filter(None, self.maps.values())]
        return max(groups) + 2 * max(layout.count for layout in self.layouts.values())

    @property
    def memory(self) -> int:
        """Bytes of the weights, as matrices and as diagonals."""
        return self.program.memory + sum(packed.memory for packed in filter(None, self.maps.values()))

    @property
    def planning_memory(self) -> int:
        """Bytes that it takes to plan this: all that is kept, and the entries of the largest map; or its weights before
        and after they were normalised."""
        largest = max(
            sum(matrix.nnz for each in steps for matrix in each.terms.values())
            for steps in (self._made_with(vector) for vector in self.maps)
        )
        return max(self.memory + ENTRY * largest, 2 * self.program.memory)

    def _made_with(self, vector: int) -> list[Affine]:
        """The affine maps that are packed together: both factors of a product, or the logits."""
        step = self.program.step(vector)
        factors = {step.left, step.right} if isinstance(step, Product) else {vector}
        return [found for k in factors - {0} if isinstance(found := self.program.step(k), Affine)]

    def rotation_steps(self) -> set[int]:
        """Every rotation that is used: each needs a key."""
        slots = self.layouts[0].slots
        steps: set[int] = set()
        for packed in filter(None, self.maps.values()):
            steps.update(step for many in packed.sums.values() for step in many)
            for babies in packed.diagonals.values():
                steps.update(np.diff(sorted({0, *babies})).tolist())
            steps.update(_giant_steps(packed))
            steps.update(_member_steps(packed))
            steps.add(packed.turn)
        return {step % slots for step in steps} - {0}

    def pack(self, examples: np.ndarray) -> list[np.ndarray]:
        """For each ciphertext of a request its slots, `[requests, slots]`; a request is one example."""
        flat = np.asarray(examples, dtype="float64").reshape(len(examples), -1) / self.program.divisor
        return list(self.layouts[0].pack(flat).transpose(1, 0, 2))

    def unpack(self, slots: list[np.ndarray]) -> np.ndarray:
        """The logits `[examples, classes]` from the slots of an answer's ciphertexts."""
        return self.layouts[self.program.output].unpack(np.stack(slots, axis=1))

    def run(self, engine: Engine, parameters: Parameters, inputs: list) -> list:
        """The ciphertexts of the logits, from those of the input.

        Args:
            engine: does the arithmetic.
            parameters: those of the engine.
            inputs: ciphertexts, one for each of the input's layout.
        """
        depths, scales = self.program.depths(), parameters.vector_scales(self.program)
        values: dict[Place, object] = {(0, i): ciphertext for i, ciphertext in enumerate(inputs)}
        for vector, packed in self.maps.items():
            step = self.program.step(vector)
            depth = depths[vector] - isinstance(step, Product)
            if packed is not None:
                values.update(_run_map(packed, engine, parameters, values, scales, depth))
            if isinstance(step, Product):
                for i in range(self.layouts[vector].count):
                    left, right = (engine.at_depth(values[k, i], depth) for k in (step.left, step.right))
                    product = engine.rescale(engine.multiply(left, right))
                    values[vector, i] = product if step.addend is None else engine.add(product, values[step.addend, i])
        return [values[self.program.output, i] for i in range(self.layouts[self.program.output].count)]

    def rescalings(self) -> Iterable[tuple[int, int, int, int, int]]:
        """For each map and product: its depth, rotations, plain products, products, and ciphertexts that it makes."""
        depths = self.program.depths()
        for vector, packed in self.maps.items():
            step = self.program.step(vector)
            is_product = isinstance(step, Product)
            count = self.layouts[vector].count
            if packed is not None:
                yield depths[vector] - is_product, packed.rotations, packed.products, 0, len(packed.members)
            if is_product:
                yield depths[vector], 0, 0, count, count


def pack_program(program: Program, slots: int, costs: UnitCosts, primes: int) -> PackedProgram:
    """Choose layouts and split every map.

    Args:
        program: the program, as `with_own_factors` gives it.
        slots: slots of a ciphertext.
        costs: of single operations.
        primes: moduli of a fresh ciphertext.
    """
    depths, image = program.depths(), program.input_shape
    widths = (image[1], image[0] * image[1]) if len(image) == 3 else ()
    layouts: dict[int, Layout] = {0: input_layout(image, slots)}
    maps: dict[int, PackedMap | None] = {}

    def made(vectors: Iterable[int], layout: Layout, is_fixed: bool) -> tuple[PackedMap, Layout]:
        steps = {k: program.step(k) for k in vectors}
        here = primes - depths[next(iter(steps))] + 1
        return pack_maps(
            {k: (each.terms, each.constant) for k, each in steps.items() if isinstance(each, Affine)},
            {k: layouts[k] for each in steps.values() for k in each.reads},
            layout,
            is_fixed,
            widths,
            costs.rotation(here),
            costs.plain_product(here),
        )

    for vector, step in enumerate(program.steps, start=1):
        if isinstance(step, Affine) and vector != program.output:
            continue  # made with its product
        factors = dict.fromkeys((step.left, step.right)) if isinstance(step, Product) else {vector: None}
        known = [k for k in factors if k in layouts]
        if len(known) == 2:
            raise ValueError(f"The factors of vector {vector} stand in other slots. Use `with_own_factors`.")
        layout = layouts[known[0]] if known else layout_of(step.shape, image, slots)
        unknown, packed = [k for k in factors if k not in layouts], None
        if unknown:
            packed, layout = made(unknown, layout, bool(known))
        if isinstance(step, Product) and step.addend is not None:
            maps[step.addend], _ = made([step.addend], layout, True)
            layouts[step.addend] = layout
        maps[vector] = packed
        layouts.update(dict.fromkeys((*factors, vector), layout))
    return PackedProgram(program, layouts, maps)


def with_own_factors(program: Program) -> Program:
    """The program, where a product of two vectors that were both made before gets a copy of one of them: its factors
    must stand in the same slots, and only a vector that is made for it can be put there."""
    steps: list[Affine | Product] = []
    number, placed, ranges = {0: 0}, {0}, list(program.ranges[:1])
    for vector, step in enumerate(program.steps, start=1):
        if isinstance(step, Affine):
            steps.append(Affine({number[k]: matrix for k, matrix in step.terms.items()}, step.constant, step.shape))
        else:
            left, right = number[step.left], number[step.right]
            if left != right and left in placed and right in placed:
                size = int(np.prod(step.shape))
                steps.append(Affine({right: sparse.eye_array(size, format="csr")}, np.zeros(size), step.shape))
                ranges += program.ranges[step.right : step.right + 1]
                right = len(steps)
            addend = None if step.addend is None else number[step.addend]
            steps.append(Product(left, right, step.shape, addend))
            placed |= {left, right, len(steps)}
        number[vector] = len(steps)
        ranges += program.ranges[vector : vector + 1]
    return replace(program, steps=tuple(steps), ranges=tuple(ranges))


def _giant_steps(packed: PackedMap) -> set[int]:
    groups = _groups(packed)
    return {step * packed.split.stride for each in groups.values() for step in np.diff(sorted({0, *each})).tolist()}


def _groups(packed: PackedMap) -> dict[Place, set[int]]:
    groups: dict[Place, set[int]] = {}
    for babies in packed.diagonals.values():
        for diagonals in babies.values():
            for diagonal in diagonals:
                groups.setdefault(diagonal.target, set()).add(diagonal.group)
    return groups


def _member_steps(packed: PackedMap) -> set[int]:
    stride = packed.split.stride * packed.split.classes
    steps: set[int] = set()
    for members in packed.members.values():
        while members > 1:
            members, odd = divmod(members, 2) if members % 2 == 0 else (members - 1, 1)
            steps.add(stride if odd else stride * members)
    return steps


def _run_map(packed: PackedMap, engine: Engine, parameters, values: dict, scales: list, depth: int) -> dict:
    """The ciphertexts that a map makes."""
    modulus = parameters.dropped_at(depth)
    wanted = scales[next(iter(packed.members))[0]]
    sums: dict[tuple[Place, int], object] = {}
    for place, babies in packed.diagonals.items():
        rotated = engine.at_depth(values[place], depth - 1)
        for step in packed.sums.get(place, ()):
            rotated = engine.add(rotated, engine.rotate(rotated, step))
        reached = 0
        for baby in sorted(babies):
            rotated, reached = engine.rotate(rotated, baby - reached), baby
            for diagonal in babies[baby]:
                plain = engine.encode(diagonal.values, depth - 1, wanted * modulus / scales[place[0]])
                term = engine.multiply_plain(rotated, plain)
                key = diagonal.target, diagonal.group
                sums[key] = engine.add(sums[key], term) if key in sums else term
    results = {}
    for target, groups in _groups(packed).items():
        order = sorted(groups, reverse=True)
        total = sums[target, order[0]]
        for group, following in zip(order, [*order[1:], 0], strict=True):
            total = engine.rotate(total, (group - following) * packed.split.stride)
            if following != group and following in groups:
                total = engine.add(total, sums[target, following])
        total = _sum_members(engine, total, packed.members[target], packed.split.stride * packed.split.classes)
        total = engine.rescale(engine.rotate(total, packed.turn))
        results[target] = engine.add_plain(total, packed.constants[target], depth)
    return results


def _sum_members(engine: Engine, total, members: int, stride: int):
    """Σ over m below `members` of `total` rotated by m · stride."""
    if members == 1:
        return total
    if members % 2:
        return engine.add(total, engine.rotate(_sum_members(engine, total, members - 1, stride), stride))
    half = _sum_members(engine, total, members // 2, stride)
    return engine.add(half, engine.rotate(half, members // 2 * stride))
