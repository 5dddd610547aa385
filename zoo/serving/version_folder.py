"""Publication of an exported version: atomically, readable by servers, and listed in models.config."""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from zoo.serving.configs import MODELS, find_model, read_models, write_models
from zoo.serving.rollout import add_version, locked


@contextlib.contextmanager
def new_version(directory, name) -> Iterator[Path]:
    """A folder for writing a version into, which servers do not see, and which is gone at the end.

    Args:
        directory: the folder of the models.
        name: the model.

    Raises:
        ValueError: `models.config` cannot be read, so that no version could be listed; nothing is written then.
    """
    read_models(directory / MODELS)
    folder = directory / name
    for path in (*reversed(directory.parents), directory, folder):
        if not path.exists():
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
    # On the same disk, so that a rename moves it; servers skip names that are not numbers.
    temporary = Path(tempfile.mkdtemp(prefix=".export-", dir=folder))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def place_version(temporary, directory, name, version, force, stage) -> Path:
    """Give a version its number, and list it in `models.config`. Both happen, or none.

    Args:
        temporary: the folder that `new_version` gave, written.
        directory: the folder of the models.
        name: the model.
        version: the version's number; `None` takes the next free one.
        force: whether to replace a version that is there; it stays loaded or staged as it was.
        stage: whether to leave `models.config` as it is.

    Returns:
        The folder of the version.

    Raises:
        ValueError: the version is there already, or `models.config` cannot be read.
        OSError: a file cannot be written.
    """
    _make_readable(temporary)
    with locked(directory):
        config = read_models(directory / MODELS)
        folder = directory / name
        numbers = {int(path.name) for path in folder.iterdir() if path.name.isdecimal()}
        target = folder / str(version or max(numbers, default=0) + 1)
        with _moved(temporary, target, force):
            number = int(target.name)
            if not stage and (number not in numbers or find_model(config, name) is None):
                add_version(config, name, number, first=not numbers - {number})
                write_models(directory, config)
    return target


def refuse_existing(target) -> None:
    """Raise ValueError where a version is there already."""
    if target.exists():
        raise ValueError(f"{target} is there already; take another version, or replace it with --force (force=True).")


@contextlib.contextmanager
def _moved(temporary, target, force):
    """Rename a folder; an error inside reverts that, and restores what was replaced."""
    old = target.with_name(f".replaced-{target.name}-{os.getpid()}")
    if force and target.exists():
        os.rename(target, old)
    try:
        _rename(temporary, target)
        try:
            yield
        except BaseException:
            os.rename(target, temporary)
            raise
    except BaseException:
        if old.exists():
            os.rename(old, target)
        raise
    if old.exists():
        shutil.rmtree(old)


def _rename(temporary, target):
    try:
        os.rename(temporary, target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            refuse_existing(target)
        raise


def _make_readable(folder):
    """Make files readable for servers, which run as another user, whatever the umask is."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
