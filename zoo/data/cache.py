"""Decoded examples on disk: written once, memory-mapped by every training that follows."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

from zoo.files import naming_file


def cache_folder() -> Path:
    """Where decoded data sets are kept: `PINET_CACHE`, else `pinet-keras` in `XDG_CACHE_HOME`, else in `~/.cache`."""
    if own := os.environ.get("PINET_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "pinet-keras"


def made_once(key: str, make: Callable[[Path], None]) -> Path:
    """A folder of the cache, which is made if it is not there; one process makes it, others wait.

    Args:
        key: its name, a hash of what its content depends on.
        make: fills the folder that it is given. If it fails, or the process is killed, nothing counts as made.

    Returns:
        The folder.

    Raises:
        OSError: the cache cannot be written, or its disk is full.
    """
    from filelock import FileLock

    folder = cache_folder() / key
    if folder.is_dir():
        return folder
    with naming_file(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f"{key}.lock"):
            if not folder.is_dir():
                partial = folder.with_name(f"{key}.partial")
                shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
                partial.mkdir()
                try:
                    make(partial)
                except BaseException:
                    shutil.rmtree(partial, ignore_errors=True)
                    raise
                partial.replace(folder)
    return folder


class RowFile:
    """Examples of one shape, appended to a file one by one.

    Args:
        file: an empty file, open for reading and writing bytes.
        shape: shape of an example.
        dtype: type of its numbers.
    """

    def __init__(self, file: IO[bytes], shape: tuple[int, ...], dtype: str):
        self.file, self.shape, self.dtype, self.count = file, shape, np.dtype(dtype), 0

    def append(self, example: np.ndarray) -> None:
        """Add one example."""
        self.file.write(np.ascontiguousarray(example, self.dtype).data)
        self.count += 1

    def append_all(self, examples: np.ndarray) -> None:
        """Add several examples, `[n, *shape]`."""
        self.file.write(np.ascontiguousarray(examples, self.dtype).data)
        self.count += len(examples)

    def rows(self) -> np.ndarray:
        """All examples, `[n, *shape]`, memory-mapped."""
        self.file.flush()
        if not self.count:
            return np.empty((0, *self.shape), self.dtype)
        return np.memmap(self.file, self.dtype, "r", shape=(self.count, *self.shape))


def copy_rows(rows: np.ndarray, order: np.ndarray, file: IO[bytes]) -> np.ndarray:
    """Some rows of an array in a file of their own; no more than some megabytes are in memory.

    Args:
        rows: `[n, ...]`.
        order: indices of the rows.
        file: an empty file, open for reading and writing bytes.

    Returns:
        The rows in that order, memory-mapped.
    """
    copy = RowFile(file, rows.shape[1:], rows.dtype.name)
    at_a_time = max(1, 2**24 // max(1, rows[:1].nbytes))
    for start in range(0, len(order), at_a_time):
        copy.append_all(rows[order[start : start + at_a_time]])
    return copy.rows()
