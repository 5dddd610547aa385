"""Data sets that are decoded into the cache, and read from there."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from zoo.data.assembling import Parts, Rows, divide
from zoo.data.cache import RowFile, copy_rows, made_once
from zoo.data.data_set import ARRAYS, DataSet
from zoo.data.shapes import size_words
from zoo.data.summary import Summary
from zoo.files import naming_damaged_file, read_json, write_json

VERSION = 1  # of decoding, splitting and this format: another one decodes again
ADVICE = "Delete its folder: the data set is then decoded again."


@dataclass
class Contents:
    """What a source of examples holds. All but `kind` and `shape` is complete when all examples have been read.

    Args:
        kind: what was read, such as "image files".
        shape: of each example.
        rows: what is known of each example.
        examples: the arrays, in the order of `rows`.
        class_names: the classes in their order, if the source says it.
        leave_out_rare: as for `divide`.
        sizes: how many examples had which size.
        unreadable: the reason for each file that cannot be read.
        notes: sentences for the summary.
        seconds: what reading took.
    """

    kind: str
    shape: tuple[int, ...]
    rows: Rows
    examples: Iterable[np.ndarray] = ()
    class_names: tuple[str, ...] = ()
    leave_out_rare: bool = False
    sizes: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


def stored(name: str, fingerprint: str, shape: tuple[int, ...], read: Callable[[], Contents]) -> DataSet:
    """A data set from the cache; it is decoded, divided into splits and written there at its first use.

    Its arrays are memory-mapped files, so they may be larger than the memory.

    Args:
        name: of the data set.
        fingerprint: a text that changes when the data set does.
        shape: of its examples.
        read: gives what the source holds.

    Raises:
        ValueError: what was read makes no data set.
    """
    key = hashlib.sha256(repr((VERSION, fingerprint, shape)).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    folder = made_once(key, lambda partial: _write(partial, read()))
    with naming_damaged_file(folder, ADVICE):
        record = read_json(folder / "data.json", ADVICE)
        arrays = {each: _mapped(folder / f"{each}.bin", **record["arrays"][each]) for each in ARRAYS}
        arrays |= {each: np.array(arrays[each]) for each in ("y_train", "y_test")}
        summary = Summary(**record["summary"])
        summary.notes.append(f"the decoded examples are in {folder}")
        return DataSet(
            name, **arrays, class_names=tuple(record["class_names"]), validation=record["validation"], summary=summary
        )


def _mapped(path, dtype, shape):
    return np.memmap(path, dtype, "r", shape=tuple(shape))


def _write(folder: Path, contents: Contents):
    with open(folder / "rows.bin", "w+b") as file:
        rows = RowFile(file, contents.shape, "uint8" if len(contents.shape) == 3 else "int16")
        for example in contents.examples:
            rows.append(example)
        parts = divide_contents(contents)
        found = rows.rows()
    arrays = {}
    for split, order in (("train", parts.train), ("test", parts.test)):
        for key, values in ((f"x_{split}", found), (f"y_{split}", parts.labels)):
            with open(folder / f"{key}.bin", "w+b") as file:
                copy = copy_rows(values, order, file)
            arrays[key] = {"dtype": copy.dtype.name, "shape": copy.shape}
    (folder / "rows.bin").unlink()
    summary = asdict(summarise(contents, parts))
    record = {"class_names": parts.class_names, "validation": parts.validation, "arrays": arrays, "summary": summary}
    write_json(folder / "data.json", record)


def divide_contents(contents: Contents) -> Parts:
    """The splits of what has been read.

    Raises:
        ValueError: it makes no data set; files that cannot be read are named.
    """
    try:
        return divide(contents.rows, contents.class_names, contents.leave_out_rare)
    except ValueError as error:
        if not contents.unreadable:
            raise
        name, reason = next(iter(contents.unreadable.items()))
        raise ValueError(
            f"{error}. {len(contents.unreadable):,} files cannot be read, such as {name}: {reason}"
        ) from error


def summarise(contents: Contents, parts: Parts) -> Summary:
    """The summary of what was read and how it was divided."""
    source = f"{contents.kind}, {len(parts.class_names)} classes, {size_words(contents.shape)}"
    notes = [*contents.notes, *parts.notes]
    return Summary(source, parts.counts(), contents.sizes, contents.unreadable, notes, round(contents.seconds, 3))
