"""A program with one ciphertext for each value, and many examples in its slots: no rotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np
from scipy import sparse

from zoo.encrypted.engine import Engine
from zoo.encrypted.packed_map import equal_columns
from zoo.encrypted.parameters import Parameters
from zoo.encrypted.program import Affine, Product, Program


@dataclass(frozen=True, eq=False)
class _Reads:
    """What the maps of a program read of one vector: sums of values that have the same weights everywhere."""

    groups: list[np.ndarray]
    number: np.ndarray  # of the group of each value; −1 for values that no map reads


@dataclass(frozen=True, eq=False)
class BatchedProgram:
    """A program, and how its vectors are read.

    Attributes:
        program: the program.
        slots: examples of a request.
        extra_bits: by how many bits scales may be larger than moduli, to be tried: numbers that are the same in all
            slots are encoded with small errors.
    """

    extra_bits: ClassVar[tuple[int, ...]] = (3,)

    program: Program
    slots: int
    reads: dict[int, _Reads] = field(init=False)
    weights: dict[int, dict[int, sparse.csr_array]] = field(init=False)

    def __post_init__(self) -> None:
        readers: dict[int, list[sparse.csr_array]] = {}
        for step in self.program.steps:
            if isinstance(step, Affine):
                for k, matrix in step.terms.items():
                    readers.setdefault(k, []).append(matrix)
        reads = {}
        for k, matrices in readers.items():
            groups = equal_columns(matrices)
            number = np.full(matrices[0].shape[1], -1)
            for i, group in enumerate(groups):
                number[group] = i
            reads[k] = _Reads(groups, number)
        object.__setattr__(self, "reads", reads)
        weights = {
            vector: {
                k: sparse.csr_array(matrix[:, [group[0] for group in reads[k].groups]])
                for k, matrix in step.terms.items()
            }
            for vector, step in enumerate(self.program.steps, start=1)
            if isinstance(step, Affine)
        }
        object.__setattr__(self, "weights", weights)

    @property
    def examples_per_request(self) -> int:
        """As many as there are slots."""
        return self.slots

    @property
    def request_ciphertexts(self) -> int:
        """One for each value of the input."""
        return int(np.prod(self.program.input_shape))

    @property
    def answer_ciphertexts(self) -> int:
        """One for each class."""
        return int(np.prod(self.program.shape(self.program.output)))

    @property
    def memory(self) -> int:
        """Bytes of the weights, with those that maps read once for each group."""
        return 2 * self.program.memory

    @property
    def planning_memory(self) -> int:
        """Bytes that it takes to plan this: no more than is kept."""
        return self.memory

    def rotation_steps(self) -> set[int]:
        """None: no slot meets another."""
        return set()

    def pack(self, examples: np.ndarray) -> list[np.ndarray]:
        """For each ciphertext of a request its slots, `[requests, slots]`; fewer slots if there are fewer examples."""
        flat = np.asarray(examples, dtype="float64").reshape(len(examples), -1) / self.program.divisor
        used = min(self.slots, len(flat))
        flat = np.pad(flat, [(0, -len(flat) % used), (0, 0)])
        return list(flat.reshape(-1, used, flat.shape[1]).transpose(2, 0, 1))

    def unpack(self, slots: list[np.ndarray]) -> np.ndarray:
        """The logits `[examples, classes]` from the slots of an answer's ciphertexts."""
        return np.stack(slots, axis=-1).reshape(-1, len(slots))

    def run(self, engine: Engine, parameters: Parameters, inputs: list) -> list:
        """The ciphertexts of the logits, from those of the input.

        A value is dropped as soon as it has entered the sums that are read of it: whole feature maps would not fit in
        memory.
        """
        return _Run(self, engine, parameters).logits(inputs)

    def rescalings(self) -> Iterable[tuple[int, int, int, int, int]]:
        """For each vector: its depth, rotations, products with numbers, products, and ciphertexts that it makes."""
        depths = self.program.depths()
        for vector, step in enumerate(self.program.steps, start=1):
            size = int(np.prod(step.shape))
            if isinstance(step, Product):
                yield depths[vector], 0, 0, size, size
            else:
                yield depths[vector], 0, sum(each.nnz for each in self.weights[vector].values()), 0, size

    @property
    def largest_number_alive(self) -> int:
        """About how many ciphertexts are in memory at once: the input, and the two largest vectors that are read."""
        sizes = sorted((len(each.groups) for k, each in self.reads.items() if k), reverse=True)
        return self.request_ciphertexts + sum(sizes[:2])


class _Run:
    """One run of a batched program."""

    def __init__(self, batched: BatchedProgram, engine: Engine, parameters: Parameters):
        self.batched, self.program, self.engine, self.parameters = batched, batched.program, engine, parameters
        self.depths, self.scales = self.program.depths(), parameters.vector_scales(self.program)
        self.sums: dict[int, list] = {}  # of each vector that maps read, its groups' sums
        self.whole: dict[int, list] = {}  # vectors that are factors as they are
        self._lowered: dict[tuple[int, int], list] = {}

    def logits(self, inputs: list) -> list:
        factors = {k for step in self.program.steps if isinstance(step, Product) for k in step.reads}
        self._keep(0, inputs.__getitem__, 0 in factors)
        for vector, step in enumerate(self.program.steps, start=1):
            if isinstance(step, Product):
                self._keep(vector, partial(self._product, step, vector), vector in factors)
        output = self.program.output
        size = int(np.prod(self.program.shape(output)))
        return [self._value(output, i, self.depths[output]) for i in range(size)]

    def _keep(self, vector: int, value: Callable, whole: bool) -> None:
        """Compute the values of a vector and keep the sums that are read of it."""
        made: dict[int, object] = {}

        def once(i: int):
            if whole and i not in made:
                made[i] = value(i)
            return made[i] if whole else value(i)

        self.sums[vector] = []
        for group in self.batched.reads[vector].groups if vector in self.batched.reads else ():
            total = once(int(group[0]))
            for i in group[1:]:
                total = self.engine.add(total, once(int(i)))
            self.sums[vector].append(total)
        if whole:
            self.whole[vector] = [once(i) for i in range(int(np.prod(self.program.shape(vector))))]

    def _product(self, step: Product, vector: int, i: int):
        depth = self.depths[vector] - 1
        left = self._value(step.left, i, depth)
        right = left if step.left == step.right else self._value(step.right, i, depth)
        product = self.engine.rescale(self.engine.multiply(left, right))
        if step.addend is None:
            return product
        return self.engine.add(product, self._value(step.addend, i, depth + 1))

    def _value(self, vector: int, i: int, depth: int):
        if vector in self.whole:
            return self.engine.at_depth(self.whole[vector][i], depth)
        step = self.program.step(vector)
        assert isinstance(step, Affine)
        modulus = self.parameters.dropped_at(depth)
        wanted = self.scales[vector]
        total = None
        for k, matrix in self.batched.weights[vector].items():
            sums = self._at_depth(k, depth - 1)
            a, b = matrix.indptr[i : i + 2]
            for column, weight in zip(matrix.indices[a:b], matrix.data[a:b], strict=True):
                plain = self.engine.encode(float(weight), depth - 1, wanted * modulus / self.scales[k])
                term = self.engine.multiply_plain(sums[column], plain)
                total = term if total is None else self.engine.add(total, term)
        if total is None:  # a constant: an encrypted zero takes it
            k = next(iter(step.terms))
            plain = self.engine.encode(0.0, depth - 1, wanted * modulus / self.scales[k])
            total = self.engine.multiply_plain(self._at_depth(k, depth - 1)[0], plain)
        return self.engine.add_plain(self.engine.rescale(total), float(step.constant[i]), depth)

    def _at_depth(self, vector: int, depth: int) -> list:
        if (vector, depth) not in self._lowered:
            self._lowered[vector, depth] = [self.engine.at_depth(each, depth) for each in self.sums[vector]]
        return self._lowered[vector, depth]
