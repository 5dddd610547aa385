"""Files: replaced in one step, read with errors that name them, and locked. Imports no backend."""

import contextlib
import errno
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path

# What a user can do about an error of the operating system; other errors have the system's own message.
ADVICE = {
    errno.ENOSPC: "the disk is full: free some space, or name another folder",
    errno.EDQUOT: "the disk quota is used up: free some space, or name another folder",
    errno.EFBIG: "the file would be larger than is allowed here: see `ulimit -f`",
    errno.EROFS: "the file system is read-only: name another folder",
    errno.EACCES: "permission denied: change its permissions, or name another one",
    errno.EPERM: "permission denied: change its permissions, or name another one",
    errno.EISDIR: "it is a folder, and a file is needed: name a file",
    errno.ENOTDIR: "a part of its path is a file where a folder is needed: name another one",
    errno.EEXIST: "it exists, and is no folder: name another one",
    errno.ELOOP: "its symbolic links form a loop: name the file itself",
    errno.ENAMETOOLONG: "the name is too long: name a shorter one",
    errno.ENOENT: "there is no such file or folder",
    errno.EMFILE: "too many files are open: see `ulimit -n`",
    errno.EIO: "the device failed to read or write: check the disk",
}


class DamagedFile(ValueError):
    """A file that does not hold what it should; the message names it, says what is wrong, and what to do."""


@contextlib.contextmanager
def naming_file(path) -> Iterator[None]:
    """A context in which errors of the operating system name a file; that of a full disk names none.

    Args:
        path: the file that is written.
    """
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


@contextlib.contextmanager
def replacing(path) -> Iterator[Path]:
    """Write a file atomically: at any moment the old or the new one is there, complete.

    Args:
        path: the file to write; its folder is made.

    Yields:
        The path to write to, in the same folder and with the same suffixes. At the end it takes the place of `path`;
        after an error it is removed, and `path` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        with naming_file(path):
            yield partial
            with open(partial, "rb+") as file:
                os.fsync(file.fileno())
            partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_json(path, value, indent=2) -> None:
    """Write JSON in one step; NumPy's numbers become Python's.

    Args:
        path: the file to write; its folder is made.
        value: what JSON can hold.
        indent: spaces a level.

    Raises:
        ValueError: NaN or infinity, which JSON does not have.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False, default=float)
    with replacing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def finite_or_none(value) -> float | None:
    """The value as a float; `None` for NaN and infinity, which JSON does not have."""
    return float(value) if value is not None and math.isfinite(value) else None


def read_json(path, advice: str):
    """What a JSON file holds, or `None` if it is not there.

    Args:
        path: the file.
        advice: what to do where the file is damaged, a sentence.

    Raises:
        DamagedFile: the file holds something else.
    """
    with naming_damaged_file(path, advice):
        try:
            return json.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None


@contextlib.contextmanager
def naming_damaged_file(path, advice: str) -> Iterator[None]:
    """A context in which errors about the contents of a file name the file.

    Args:
        path: the file.
        advice: what to do where the file is damaged, a sentence.

    Raises:
        DamagedFile: instead of the errors that readers raise for a file that is not what they expect. Errors of
            the operating system that concern no contents (permissions, a full disk) stay what they are.
    """
    try:
        yield
    except DamagedFile:
        raise
    except Exception as error:  # text, a cut archive, a wrong key, a size beyond the memory: as many kinds as readers
        if isinstance(error, OSError) and error.errno in ADVICE:
            raise
        found = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
        raise DamagedFile(f"{path} is damaged, or is no file of this kind ({found}). {advice}") from error


def format_os_error(error: OSError) -> str:
    """An error of the operating system in one sentence: the file, what is wrong, what to do."""
    if error.errno is None:  # raised by this package, or by a library that does not say what happened
        return str(error)
    what = ADVICE.get(error.errno) or error.strerror or str(error)
    names = [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes | os.PathLike)]
    return f"{' → '.join(map(os.fsdecode, names)) or 'Reading or writing failed'}: {what}. ({error.strerror})"


def check_folder(folder) -> None:
    """Refuse an output folder that cannot be made or written, before any work is done for it.

    Raises:
        ValueError: it or one of the folders above it is a file, or may not be written.
    """
    place = Path(folder).absolute()
    while not os.path.lexists(place):
        place = place.parent
    if not place.is_dir():
        raise ValueError(f"{place} is no folder, so nothing can be written there. Received: {folder}")
    if not os.access(place, os.W_OK | os.X_OK):
        raise ValueError(f"{place} may not be written: {_why_not_writable(place)}. Received: {folder}")


def check_file(path) -> None:
    """Refuse an output file that cannot be written, before any work is done for it.

    Raises:
        ValueError: it is a folder, or its folder is not there or may not be written.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file in it. Received: {path}")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"There is no folder {path.parent} to write to. Received: {path}")
    check_folder(path.parent)


def _why_not_writable(place):
    return "its file system is read-only" if os.statvfs(place).f_flag & os.ST_RDONLY else "permission denied"


def folder_lock(folder, name: str):
    """Lock a folder for this process; the lock ends with the process, however that ends.

    Args:
        folder: is made if it is not there.
        name: what runs in it, `"search"` or `"training"`: the lock's file is `NAME.lock`.

    Returns:
        A context manager that ends the lock.

    Raises:
        ValueError: another process has it.
    """
    from filelock import FileLock, Timeout

    Path(folder).mkdir(parents=True, exist_ok=True)
    try:
        return FileLock(Path(folder) / f"{name}.lock", timeout=0).acquire()
    except Timeout as error:
        raise ValueError(
            f"A {name} is running in {folder} already. Wait for its end, or name another folder."
        ) from error


def check_not_running(folder, name: str) -> None:
    """Refuse a folder that another process has locked; one that is not there is not made.

    Args:
        folder: as for `folder_lock`.
        name: likewise.

    Raises:
        ValueError: another process has the lock.
    """
    if (Path(folder) / f"{name}.lock").exists():
        with folder_lock(folder, name):
            pass
