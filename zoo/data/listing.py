"""The files of a data set: class folders, with or without splits, or a CSV file."""

import csv
import os
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from zoo.data.inputs import AUDIO, IMAGES
from zoo.data.summary import listed
from zoo.files import naming_damaged_file

# What a folder or a CSV file may call a split.
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
FILE_COLUMNS, LABEL_COLUMNS = ("file", "filename", "path", "image", "audio"), ("label", "class")
FOLDERS = "A data set is a folder with a folder for each class, or with train, val and test that hold such folders"


@dataclass(frozen=True)
class File:
    """One file of a data set.

    Args:
        path: where it is.
        name: its path relative to the data set, with `/`, the same on every machine.
        label: name of its class.
        split: `"train"`, `"validation"`, `"test"`, or `""`.
        size: bytes.
        time: of its last change, in nanoseconds.
    """

    path: str
    name: str
    label: str
    split: str
    size: int
    time: int


@dataclass
class Listing:
    """The files of a data set, sorted by name, and what was noticed while listing them."""

    files: list[File]
    is_audio: bool
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def list_folder(root: Path) -> Listing:
    """List a folder of class folders. Subfolders of a class belong to it; hidden files and folders are left out.

    Args:
        root: the folder. If one of its folders is called `train`, it and those called `val` and `test` are splits.

    Raises:
        ValueError: it holds no images and no WAV files in class folders, or both images and WAV files.
    """
    found: list[File] = []
    others: Counter[str] = Counter()
    loops: list[str] = []
    folders = sorted((each for each in os.scandir(root) if each.is_dir() and each.name[0] != "."), key=_by_name)
    splits = {each.name: SPLIT_NAMES[each.name.lower()] for each in folders if each.name.lower() in SPLIT_NAMES}
    if "train" not in splits.values():
        splits = {}
    for folder in folders:
        if not splits:
            found += _files_of(folder.path, _normal(folder.name), _normal(folder.name), "", others, loops)
            continue
        if folder.name not in splits:
            others[f"folder {folder.name}"] += 1
            continue
        for inner in sorted((each for each in os.scandir(folder.path) if each.is_dir()), key=_by_name):
            if inner.name[0] != ".":
                label, split = _normal(inner.name), splits[folder.name]
                found += _files_of(inner.path, f"{_normal(folder.name)}/{label}", label, split, others, loops)
    if not found:
        loose = sum(1 for each in os.scandir(root) if each.name.lower().endswith((*IMAGES, *AUDIO)))
        held = f"{loose} files directly in it" if loose else "no images and no WAV files"
        raise ValueError(f"{FOLDERS}. Received: {root}, which holds {held}")
    listing = Listing(sorted(found, key=lambda file: file.name), _is_audio(found, root))
    if loops:
        listing.notes.append(f"links to folders that were listed already are not followed: {listed(loops)}")
    if others:
        words = listed(name if name.startswith("folder ") else f"{n:,} {name}" for name, n in others.most_common())
        listing.notes.append(f"left out as no data: {words}")
    labels = {file.label for file in found}
    empty = [] if splits else [each.name for each in folders if _normal(each.name) not in labels]
    if empty:
        listing.notes.append(f"folders without images or WAV files are no classes: {listed(map(repr, empty))}")
    return listing


def list_csv(path: Path) -> Listing:
    """List the files that a CSV file names, with a column `file`, a column `label`, and perhaps a column `split`.

    Args:
        path: the CSV file, in UTF-8. Its file names are relative to its folder.

    Raises:
        ValueError: it lacks a column, names no file that is there, or an unknown split.
    """
    with (
        naming_damaged_file(path, "Needed is a CSV file in UTF-8 with the columns file and label."),
        open(path, newline="", encoding="utf-8-sig") as file,
    ):
        reader = csv.DictReader(file)
        columns = {str(name).strip().lower(): name for name in reader.fieldnames or ()}
        rows = list(reader)
    file_column = next((columns[name] for name in FILE_COLUMNS if name in columns), None)
    label_column = next((columns[name] for name in LABEL_COLUMNS if name in columns), None)
    if file_column is None or label_column is None:
        raise ValueError(
            f"{path.name} needs a first line with the columns file and label. Received: {', '.join(columns) or 'none'}"
        )
    found: dict[str, File] = {}
    missing, unlabelled = [], []
    for number, row in enumerate(rows, 2):
        name, label = (row[file_column] or "").strip(), (row[label_column] or "").strip()
        split = (row[columns["split"]] or "").strip().lower() if "split" in columns else ""
        if split and split not in SPLIT_NAMES:
            raise ValueError(f"Line {number} of {path.name} has an unknown split. Received: {split!r}")
        if not name or not label:
            unlabelled.append(f"line {number}")
            continue
        place = path.parent / name
        try:
            status = place.stat()
        except OSError:
            missing.append(name)
            continue
        named = File(
            str(place), _normal(name), _normal(label), SPLIT_NAMES.get(split, ""), status.st_size, status.st_mtime_ns
        )
        if (other := found.setdefault(named.name, named)) != named:
            raise ValueError(
                f"{path.name} names a file twice, with different labels or splits. Received: {name!r} as "
                f"{other.label!r} and {named.label!r}"
            )
    if not found:
        raise ValueError(
            f"{path.name} names no file that is there; names are relative to its folder, {path.parent.resolve()}. "
            f"Received: {listed(missing) or 'no lines'}"
        )
    files = list(found.values())
    if any(file.split for file in files) and not all(file.split for file in files):
        bare = listed(file.name for file in files if not file.split)
        raise ValueError(f"{path.name} gives a split to some files only. Received: none for {bare}")
    listing = Listing(sorted(files, key=lambda file: file.name), _is_audio(files, path), missing=missing)
    if unlabelled:
        listing.notes.append(f"lines of {path.name} without a file or label are left out: {listed(unlabelled)}")
    return listing


def _files_of(folder, relative, label, split, others, loops):
    """All images and WAV files below a class folder; a folder that is reached twice, by links, is listed once."""
    seen, pending = set(), [(folder, relative)]
    while pending:
        here, relative = pending.pop()
        status = os.stat(here)
        if (status.st_dev, status.st_ino) in seen:
            loops.append(relative)
            continue
        seen.add((status.st_dev, status.st_ino))
        for each in os.scandir(here):
            if each.name[0] == ".":
                continue
            try:
                inner = each.is_dir()
                status = each.stat()
            except OSError:  # a link to nothing, or to itself
                others["broken links"] += 1
                continue
            suffix = os.path.splitext(each.name)[1].lower()
            name = f"{relative}/{_normal(each.name)}"
            if inner:
                pending.append((each.path, name))
            elif suffix in IMAGES or suffix in AUDIO:
                yield File(each.path, name, label, split, status.st_size, status.st_mtime_ns)
            else:
                others[f"files {suffix}" if suffix else "files without a suffix"] += 1


def _is_audio(files, root):
    clips = sum(file.path.lower().endswith(AUDIO) for file in files)
    if 0 < clips < len(files):
        raise ValueError(
            f"A data set holds images or WAV files, not both. Received: {root}, with {len(files) - clips:,} images "
            f"and {clips:,} WAV files"
        )
    return bool(clips)


def _by_name(entry):
    return _normal(entry.name)


def _normal(name):
    """A name as it is on every machine: macOS stores é as e with an accent."""
    return unicodedata.normalize("NFC", name)
