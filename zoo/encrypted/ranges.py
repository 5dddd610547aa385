"""How large the values of a model are on its training examples: measured once, and shipped with it.

Client and server make the plan each for itself, and neither has the training examples.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import ArrayLike

from zoo.encrypted.lowering import lower
from zoo.encrypted.program import Affine, Choices, Program, Range, measured
from zoo.files import naming_damaged_file, read_json, write_json
from zoo.registry import card, card_path

CHOOSING = 64  # examples by which the choices of a program are made
AT_ONCE = 16  # examples whose values are in memory
DIGITS = 3  # of a number in the file; the largest values are rounded up


@dataclass(frozen=True)
class Ranges:
    """What was measured of a model.

    Attributes:
        source: of the examples, in words.
        examples: how many.
        choices: with which the program is made.
        structure: `structure_of` the program.
        values: the range of each vector of the program, the input first.
    """

    source: str
    examples: int
    choices: Choices
    structure: str
    values: tuple[Range, ...]


def measure_ranges(
    model: keras.Model, examples: ArrayLike, source: str, progress: Callable[[int, int], object] | None = None
) -> Ranges:
    """Measure how large all values of a certified model are.

    Args:
        model: a certified model of tier 2 or 3.
        examples: valid inputs, `[n, ...]`, such as training images.
        source: what they are, in words.
        progress: called with (done, all) examples.

    Raises:
        ValueError: the model has no program, as for `compile_encrypted`.
    """
    found = measured_program(model, examples, progress)
    return Ranges(source, len(np.asarray(examples)), found.choices, structure_of(found), found.ranges)


def measured_program(
    model: keras.Model, examples: ArrayLike, progress: Callable[[int, int], object] | None = None
) -> Program:
    """The program of a certified model, with its ranges.

    Args:
        model: as for `measure_ranges`.
        examples: as for `measure_ranges`.
        progress: as for `measure_ranges`.
    """
    examples = np.asarray(examples)
    return measured(lower(model, examples[:CHOOSING]), _batches(examples, progress))


def _batches(examples: np.ndarray, progress: Callable[[int, int], object] | None) -> Iterator[np.ndarray]:
    for start in range(0, len(examples), AT_ONCE):
        yield examples[start : start + AT_ONCE]
        if progress is not None:
            progress(min(start + AT_ONCE, len(examples)), len(examples))


def with_ranges(program: Program, ranges: Ranges) -> Program:
    """The program with ranges that were measured before.

    Raises:
        ValueError: they are of another program.
    """
    if structure_of(program) != ranges.structure or len(ranges.values) != len(program.steps) + 1:
        raise ValueError("The ranges were measured on another model, or by another version of this package.")
    return replace(program, ranges=ranges.values)


def structure_of(program: Program) -> str:
    """A hash that is equal where the vectors of two programs mean the same: of the kind, inputs and shape of all."""
    steps = [
        (type(step).__name__, step.reads, () if isinstance(step, Affine) else step.addend, step.shape)
        for step in program.steps
    ]
    return hashlib.sha256(repr((program.input_shape, steps)).encode()).hexdigest()[:16]


def ranges_path(name: str) -> Path:
    """The file of the ranges of a model, in the folder `ranges` next to that of its card.

    Args:
        name: what names the model: name or folder.
    """
    path = card_path(name)
    return path.parent.parent / "ranges" / path.name


def write_ranges(name: str, ranges: Ranges) -> Path:
    """Keep the ranges of a model, and with which weights they were measured.

    Args:
        name: as for `ranges_path`.
        ranges: what was measured.

    Returns:
        The file.
    """
    path = ranges_path(name)
    write_json(
        path,
        {
            "model": card(name)["name"],
            "weights_sha256": card(name)["weights"]["sha256"],
            "source": ranges.source,
            "examples": ranges.examples,
            "adds": ranges.choices.adds,
            "shifted": sorted(ranges.choices.shifted),
            "structure": ranges.structure,
            "rms": [float(f"{each.rms:.{DIGITS}g}") for each in ranges.values],
            "largest": [rounded_up(each.largest) for each in ranges.values],
            "beyond": [each.beyond for each in ranges.values],
        },
    )
    return path


def read_ranges(name: str) -> Ranges | None:
    """The ranges of a model, or None where none were measured.

    Args:
        name: as for `ranges_path`.

    Raises:
        ValueError: they were measured with other weights, or the file is damaged.
    """
    path = ranges_path(name)
    advice = f"`pinet encrypted measure {name}` writes it again."
    found = read_json(path, advice)
    if found is None:
        return None
    with naming_damaged_file(path, advice):
        numbers = [np.array(found[key], "float64") for key in ("rms", "largest", "beyond")]
        if not all(np.isfinite(each).all() and (each >= 0).all() for each in numbers):
            raise ValueError("its numbers must be 0 or more")
        values = tuple(Range(*each) for each in zip(*(each.tolist() for each in numbers), strict=True))
        choices = Choices(bool(found["adds"]), frozenset(map(int, found["shifted"])))
        ranges = Ranges(str(found["source"]), int(found["examples"]), choices, str(found["structure"]), values)
        weights = found["weights_sha256"]
    if weights != card(name)["weights"]["sha256"]:
        raise ValueError(f"The ranges in {path} were measured with other weights of {name}. {advice}")
    return ranges


def rounded_up(value: float) -> float:
    """The next number of `DIGITS` digits that is not below a value."""
    if value == 0:
        return 0.0
    unit = DIGITS - 1 - math.floor(math.log10(value))
    return float(f"{math.ceil(round(value * 10.0**unit, 6)) / 10.0**unit:.{DIGITS}g}")
