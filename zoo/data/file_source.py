"""Folders and CSV files as data sets, decoded once into the cache."""

import hashlib
import re
import time
from collections import Counter
from pathlib import Path

from zoo.data import file_decoding
from zoo.data.assembling import Rows
from zoo.data.listing import Listing, list_csv, list_folder
from zoo.data.shapes import clip_shape, image_shape
from zoo.data.source_kinds import Shape
from zoo.data.stored import Contents, stored
from zoo.data.summary import listed

MOST_SIZES, MOST_NOTES = 5, 3  # in the summary


def open_files(name: str, root: Path, shape: Shape | None, progress=None):
    """The `DataSet` of a folder of class folders, or of a CSV file.

    Args:
        name: what the data set is called.
        root: the folder or the CSV file.
        shape: of the examples; `None`, and `None` within it, is found.
        progress: called with (done, all) files.

    Raises:
        ValueError: the files make no data set.
    """
    listing = list_csv(root) if root.is_file() else list_folder(root)
    found = _shape(root, listing, shape)
    return stored(name, _fingerprint(root, listing), found, lambda: _contents(root, listing, found, progress))


def _fingerprint(root, listing):
    digest = hashlib.sha256(str(root.resolve()).encode("utf-8", "surrogateescape"))
    for file in listing.files:
        line = f"{file.name}\0{file.label}\0{file.split}\0{file.size}\0{file.time}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    digest.update(repr((listing.notes, listing.missing)).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _contents(root, listing, shape, progress):
    files = listing.files
    contents = Contents("WAV files" if listing.is_audio else "image files", shape, Rows())
    sizes: Counter[str] = Counter()
    changes: dict[str, dict[str, str]] = {}  # by the note without its numbers: the note of each file
    started = time.perf_counter()

    def examples():
        decoded = file_decoding.decode_files(files, contents.shape, progress)
        for file, each in zip(files, decoded, strict=True):
            if each.example is None:
                contents.unreadable[file.name] = each.error
                continue
            if not listing.is_audio:
                sizes[each.size or f"{contents.shape[1]}×{contents.shape[0]}"] += 1
            for note in each.notes:
                changes.setdefault(re.sub(r"[\d.,]*\d", "…", note), {})[file.name] = note
            contents.rows.add(file.name, file.label, file.split, each.digest)
            yield each.example
        contents.sizes.update(sizes.most_common(MOST_SIZES))
        if len(sizes) > MOST_SIZES:
            contents.sizes["other sizes"] = sum(sizes.values()) - sum(contents.sizes.values())
        contents.notes += [*listing.notes, *_missing(root, listing)]
        contents.notes += _changes(changes)
        contents.seconds = time.perf_counter() - started

    contents.examples = examples()
    return contents


def _changes(changes):
    """A sentence for each note on files; notes that differ in many numbers are one."""
    found = []
    for words, notes in changes.items():
        same: dict[str, list[str]] = {}
        for name, note in notes.items():
            same.setdefault(note, []).append(name)
        for note, names in same.items() if len(same) <= MOST_NOTES else [(words, list(notes))]:
            found.append(f"{len(names):,} files: {note} ({listed(names)})")
    return found


def _missing(root, listing: Listing):
    if not listing.missing:
        return []
    return [f"{len(listing.missing):,} files that {root.name} names are not there: {listed(listing.missing)}"]


def _shape(root, listing, wanted):
    if listing.is_audio:
        lengths = file_decoding.probe_clips(listing.files)
        found: tuple[int, ...] | None = clip_shape(wanted, lengths) if lengths or (wanted and wanted[0]) else None
    else:
        sizes, colour = file_decoding.probe_images(listing.files)
        found = image_shape(wanted, sizes, colour) if sizes else None
    if found is None:
        first = file_decoding.decode([listing.files[0].path], (1, 1, 3) if not listing.is_audio else (1,))[0]
        raise ValueError(f"None of the files can be read. Received: {root}; {listing.files[0].name}: {first.error}")
    return found
