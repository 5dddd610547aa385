"""From decoded examples with labels to the splits of a data set."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from zoo.data.splitting import stratified_split
from zoo.data.summary import listed

SPLITS = ("train", "validation", "test")


@dataclass
class Rows:
    """What is known of each decoded example, in the order of the rows.

    Args:
        names: a name for each, such as its relative path.
        labels: the name of its class.
        splits: `"train"`, `"validation"`, `"test"`, or `""` where the data set has no splits.
        digests: a checksum of each, of the file if it was one.
    """

    names: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)

    def add(self, name: str, label: str, split: str, digest: bytes) -> None:
        """Add what is known of one example."""
        self.names.append(name)
        self.labels.append(label)
        self.splits.append(split)
        self.digests.append(digest)


@dataclass(frozen=True)
class Parts:
    """The rows of each split.

    Args:
        train: indices, the validation split at their end.
        validation: length of the validation split.
        test: indices.
        labels: label of each row, an integer; −1 for rows that are in no split.
        class_names: names of the classes.
        notes: sentences on what was done.
    """

    train: np.ndarray
    validation: int
    test: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    notes: list[str]

    def counts(self) -> dict[str, dict[str, int]]:
        """Number of examples by split and class."""
        kept = len(self.train) - self.validation
        parts = zip(SPLITS, (self.train[:kept], self.train[kept:], self.test), strict=True)
        found = {name: np.bincount(self.labels[rows], minlength=len(self.class_names)) for name, rows in parts}
        return {split: dict(zip(self.class_names, map(int, counts), strict=True)) for split, counts in found.items()}


def divide(rows: Rows, class_names: tuple[str, ...] = (), leave_out_rare: bool = False) -> Parts:
    """Divide rows into training, validation and test split.

    Splits that the data set has are kept; what is missing is taken from the training split, stratified by class. With
    a validation split and no test split, the validation split is used for testing.

    Args:
        rows: what is known of each row.
        class_names: the classes in their order, if the source says it; else they are sorted by name.
        leave_out_rare: leave out classes with too few examples to be divided, where two others are left; for a source
            that the user cannot change. It is an error otherwise.

    Raises:
        ValueError: there are no rows, one class only, too few examples of a class, or the training split lacks a class
            of another split.
    """
    splits, notes = np.array([split or "train" for split in rows.splits], "U10"), []
    if not (splits == "train").any():
        raise ValueError(f"There are no training examples. Received: splits {', '.join(sorted(set(splits.tolist())))}")
    if "validation" in splits and "test" not in splits:
        splits[splits == "validation"] = "test"
        notes.append("there is no test split: the validation split is used as one, and another one is made")
    missing = [split for split in SPLITS if split not in splits]
    class_names = class_names or tuple(sorted(set(rows.labels)))
    if leave_out_rare:
        class_names = _without_rare(rows, splits, class_names, 1 + len(missing), notes)
    index = {name: number for number, name in enumerate(class_names)}
    labels = np.array([index.get(label, -1) for label in rows.labels])
    splits[labels < 0] = ""
    _check_classes(labels, splits, class_names)
    pool = np.flatnonzero(splits == "train")
    if missing:
        pool = _without_copies(pool, rows, notes)
        notes.append(f"made from the training examples, stratified by class: {' and '.join(missing)}")
    pool, *made = _made(pool, labels, rows, class_names, 1 + len(missing))
    parts = {"train": pool, **dict(zip(missing, made, strict=True))}
    for split in SPLITS:
        parts.setdefault(split, np.flatnonzero(splits == split))
    notes += _copies_across(parts, rows) + _absent_classes(parts, labels, class_names)
    train = np.concatenate([parts["train"], parts["validation"]])
    return Parts(train, len(parts["validation"]), parts["test"], labels, class_names, notes)


def _without_rare(rows, splits, class_names, needed, notes):
    """The classes with as many training examples as there will be parts of them."""
    counts = Counter(label for label, split in zip(rows.labels, splits, strict=True) if split == "train")
    common = tuple(name for name in class_names if counts[name] >= needed)
    if len(common) in (len(class_names), 0, 1):
        return class_names
    rare = [name for name in class_names if counts[name] < needed]
    notes.append(
        f"{len(rare):,} of {len(class_names):,} classes are left out, as they have fewer than {needed} training "
        f"examples: {listed(map(repr, rare))}"
    )
    return common


def _check_classes(labels, splits, class_names):
    present = set(labels[labels >= 0].tolist())
    if len(class_names) < 2 or len(present) < 2:
        names = listed(repr(class_names[label]) for label in sorted(present))
        raise ValueError(f"A classifier needs two classes or more. Received: {names} alone")
    untaught = sorted(present - set(labels[splits == "train"].tolist()))
    if untaught:
        names = listed(repr(class_names[label]) for label in untaught)
        raise ValueError(f"The training split lacks classes that other splits have. Received: none of {names}")


def _without_copies(pool, rows, notes):
    """The first of all rows with the same content: copies would come into several of the splits that are made."""
    first: dict[bytes, int] = {}
    copies = []
    for row in pool.tolist():
        if first.setdefault(rows.digests[row], row) != row:
            copies.append(row)
    if not copies:
        return pool
    words = []
    for row in copies:
        kept = first[rows.digests[row]]
        other = "" if rows.labels[kept] == rows.labels[row] else ", which is of another class"
        words.append(f"{rows.names[row]} (of {rows.names[kept]}{other})")
    words.sort(key=lambda text: "another class" not in text)
    notes.append(f"{len(copies):,} copies are left out, so that none is in two splits: {listed(words)}")
    return np.setdiff1d(pool, copies)


def _made(pool, labels, rows, class_names, parts):
    counts = Counter(labels[pool].tolist())
    few = [label for label in sorted(counts) if counts[label] < parts]
    if few:
        names = listed(f"{class_names[label]!r} has {counts[label]}" for label in few)
        raise ValueError(
            f"To be divided into {parts} splits, each class needs {parts} examples that can be read, no two the same. "
            f"Add examples, or remove the class. Received: {names}"
        )
    found = stratified_split(labels[pool], [rows.names[row] for row in pool], parts)
    return [pool[part] for part in found]


def _copies_across(parts, rows):
    """A sentence for each pair of splits that the data set came with and that share examples."""
    notes = []
    digests = {split: {rows.digests[row]: row for row in part.tolist()} for split, part in parts.items()}
    for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
        if shared := digests[one].keys() & digests[other].keys():
            pairs = sorted((rows.names[digests[other][key]], rows.names[digests[one][key]]) for key in shared)
            words = listed(f"{name} (of {original})" for name, original in pairs)
            notes.append(
                f"{len(shared):,} examples of {other} are copies of examples of {one}, which makes the accuracy on "
                f"{other} too good: {words}"
            )
    return notes


def _absent_classes(parts, labels, class_names):
    notes = []
    for split, part in parts.items():
        absent = sorted(set(range(len(class_names))) - set(labels[part].tolist()))
        if absent:
            names = listed(repr(class_names[label]) for label in absent)
            notes.append(f"{split} has no example of {names}")
    return notes
