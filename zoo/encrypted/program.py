"""What is computed on encrypted values: affine maps and products of vectors, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse


@dataclass(frozen=True, eq=False)
class Affine:
    """The vector Σ_k terms[k] · z_k + constant."""

    terms: Mapping[int, sparse.csr_array]
    constant: np.ndarray
    shape: tuple[int, ...]

    @property
    def reads(self) -> tuple[int, ...]:
        return tuple(self.terms)


@dataclass(frozen=True, eq=False)
class Product:
    """The vector z_left ∗ z_right, or z_left ∗ z_right + z_addend, whose addend is an affine vector of its own."""

    left: int
    right: int
    shape: tuple[int, ...]
    addend: int | None = None

    @property
    def reads(self) -> tuple[int, ...]:
        return (self.left, self.right)


ROOM = 2.0  # how many times as large as `Range.largest` a value may be
COUNTED = 0.99  # of the examples are counted for `Range.largest`


@dataclass(frozen=True)
class Range:
    """How large the values of a vector are on examples.

    The values of a polynomial of high degree may be a million times as large on one of a thousand images. So that such
    an image does not decide for all, it is left out, and counted.

    Attributes:
        rms: the median, over examples, of the root mean square of the values of an example.
        largest: absolute value in the examples without the 1 % that have the largest.
        beyond: fraction of the examples with a value more than `ROOM` times as large.
    """

    rms: float
    largest: float
    beyond: float = 0.0

    @staticmethod
    def of(squares: np.ndarray, largest: np.ndarray) -> Range:
        """From the mean square, and the largest absolute value, of each example."""
        most = float(np.quantile(largest, COUNTED, method="higher"))
        return Range(float(np.sqrt(np.median(squares))), most, float(np.mean(largest > ROOM * most)))

    def divided(self, size: float) -> Range:
        """That of the vector divided by a number."""
        return replace(self, rms=self.rms / size, largest=self.largest / size)


@dataclass(frozen=True)
class Choices:
    """What is decided by the values of examples while a program is made.

    Attributes:
        adds: whether shortcuts are added to products, see `Products`.
        shifted: numbers of the products that are squares of shifted vectors.
    """

    adds: bool = False
    shifted: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False)
class Program:
    """A polynomial as a sequence of steps; each makes one vector from vectors before it.

    Attributes:
        input_shape: shape of one example.
        steps: the step that makes each vector; vector 0 is the input, so `steps[0]` makes vector 1.
        divisor: the input is divided by this before it is encrypted, so that its values are near 1.
        ranges: of each vector, the input first; empty before they are measured.
        choices: with which it was made.
    """

    input_shape: tuple[int, ...]
    steps: tuple[Affine | Product, ...]
    divisor: float = 1.0
    ranges: tuple[Range, ...] = ()
    choices: Choices = Choices()

    @property
    def output(self) -> int:
        """The vector that holds the logits: the last."""
        return len(self.steps)

    def step(self, vector: int) -> Affine | Product:
        """The step that makes a vector, which is not the input."""
        return self.steps[vector - 1]

    def shape(self, vector: int) -> tuple[int, ...]:
        """The shape of a vector."""
        return self.step(vector).shape if vector else self.input_shape

    def addends(self) -> dict[int, int]:
        """For each vector that is an addend the product that it is added to."""
        steps = enumerate(self.steps, start=1)
        return {step.addend: k for k, step in steps if isinstance(step, Product) and step.addend is not None}

    def depths(self) -> list[int]:
        """How many rescalings come before each vector: an affine map and a product cost one each.

        An affine map is computed as late as its product allows, where a ciphertext is smallest. An addend is as deep as
        its product: the sum costs nothing.
        """
        depths, addends = [0], self.addends()
        for step in self.steps:
            depth = 1 + max((depths[k] for k in step.reads), default=0)
            if isinstance(step, Product) and step.addend is not None:
                depth = max(depth, depths[step.addend])
            depths.append(depth)
        users: dict[int, list[int]] = {}
        for vector, step in enumerate(self.steps, start=1):
            for k in step.reads:
                users.setdefault(k, []).append(vector)
        for vector in range(len(self.steps), 0, -1):
            if isinstance(self.step(vector), Affine) and vector in users:
                depths[vector] = min(depths[user] for user in users[vector]) - 1
            elif vector in addends:
                depths[vector] = depths[addends[vector]]
        return depths

    @property
    def weights(self) -> int:
        """The number of weights of all affine maps."""
        return sum(matrix.nnz for step in self.steps if isinstance(step, Affine) for matrix in step.terms.values())

    @property
    def memory(self) -> int:
        """Bytes of all weights."""
        matrices = (matrix for step in self.steps if isinstance(step, Affine) for matrix in step.terms.values())
        return sum(each.data.nbytes + each.indices.nbytes + each.indptr.nbytes for each in matrices)

    @property
    def depth(self) -> int:
        """The number of rescalings from the input to the logits."""
        return self.depths()[self.output]

    def values(self, examples: np.ndarray) -> list[np.ndarray]:
        """Every vector of a batch, in float64.

        Args:
            examples: `[n, *input_shape]`.

        Returns:
            One array `[n, size]` for each vector.
        """
        values = [np.asarray(examples, dtype="float64").reshape(len(examples), -1) / self.divisor]
        for step in self.steps:
            if isinstance(step, Product):
                product = values[step.left] * values[step.right]
                values.append(product if step.addend is None else product + values[step.addend])
            else:
                mapped = sum((values[k] @ matrix.T for k, matrix in step.terms.items()), np.zeros(1))
                values.append(mapped + step.constant)
        return values

    def run(self, examples: np.ndarray) -> np.ndarray:
        """The logits of a batch, `[n, classes]`, in float64."""
        return self.values(examples)[-1]


def measured(program: Program, batches: Iterable[np.ndarray]) -> Program:
    """The program with the ranges of its vectors.

    Args:
        program: the program.
        batches: `[n, *input_shape]` valid inputs each.
    """
    found = [
        [(np.square(values).mean(axis=1), np.abs(values).max(axis=1)) for values in program.values(examples)]
        for examples in batches
    ]
    ranges = [Range.of(*map(np.concatenate, zip(*parts, strict=True))) for parts in zip(*found, strict=True)]
    return replace(program, ranges=tuple(ranges))


def normalised(program: Program) -> Program:
    """The same function with values of root mean square 1 in every affine vector but the logits.

    Encryption adds an error of a fixed size, so values should be of one size as well.

    Args:
        program: the program, with its ranges.
    """
    ranges, addends = program.ranges, program.addends()
    divisor = ranges[0].largest or 1.0
    sizes = [divisor] + [1.0] * len(program.steps)
    for vector, step in enumerate(program.steps, start=1):
        if isinstance(step, Affine) and vector != program.output and vector not in addends:
            sizes[vector] = ranges[vector].rms or 1.0
    for vector, step in enumerate(program.steps, start=1):
        if isinstance(step, Product):
            sizes[vector] = sizes[step.left] * sizes[step.right]
            if step.addend is not None:
                sizes[step.addend] = sizes[vector]
    steps: list[Affine | Product] = []
    for vector, step in enumerate(program.steps, start=1):
        if isinstance(step, Affine):
            terms = {k: sparse.csr_array(matrix * (sizes[k] / sizes[vector])) for k, matrix in step.terms.items()}
            step = Affine(terms, step.constant / sizes[vector], step.shape)
        steps.append(step)
    found = [each.divided(size) for each, size in zip(ranges, sizes, strict=True)]
    if sizes[-1] != 1:  # a product gives the logits: its size is given back by a map after it
        size = int(np.prod(program.shape(program.output)))
        steps.append(
            Affine({program.output: sparse.eye_array(size, format="csr") * sizes[-1]}, np.zeros(size), steps[-1].shape)
        )
        found.append(ranges[-1])
    return replace(program, steps=tuple(steps), divisor=divisor * program.divisor, ranges=tuple(found))
