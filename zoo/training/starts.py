"""The record of a run's starts: when, where, by what command, on what data, and how each ended."""

import contextlib
import os
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zoo.environment import environment
from zoo.files import DamagedFile, write_json
from zoo.finished_run import STARTS
from zoo.runs import read_starts


@contextlib.contextmanager
def recording_start(run_dir, data_set, **options):
    """A context for a training, which adds its start to the run's `starts.json`, and at its end how it ended.

    A start whose process was killed has no `end`. The file is for people and for `pinet runs`: no step depends on it.

    Args:
        run_dir: the run's folder, locked by the caller and opened by `open_run`.
        data_set: the `DataSet` of the run.
        **options: what else the training was given, such as `data`, the path of an `.npz`.
    """
    path = Path(run_dir) / STARTS
    earlier = []
    if (path.parent / "checkpoint.npz").exists():  # otherwise they were of another run
        with contextlib.suppress(DamagedFile):
            earlier = read_starts(path.parent)
    start: dict[str, Any] = {
        "started": _now(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "working_folder": str(Path.cwd()),
        "options": {key: _plain(value) for key, value in options.items()},
        "data_set": _facts(data_set),
        "environment": environment(),
    }
    write_json(path, [*earlier, start])
    try:
        yield
    except BaseException as error:
        failed = isinstance(error, Exception)
        start |= {"end": "failed", "message": str(error) or type(error).__name__} if failed else {"end": "stopped"}
        raise
    else:
        start |= {"end": "finished"}
    finally:
        with contextlib.suppress(OSError):  # a full disk has failed the training already
            write_json(path, [*earlier, start | {"ended": _now()}])


def _plain(value):
    """A number or path; of data from Python only what they are."""
    if isinstance(value, int | None):
        return value
    return str(value) if isinstance(value, str | os.PathLike) else type(value).__name__


def _option(value):
    """An option as JSON; arrays and the like, which Python may give as data, by their type."""
    if isinstance(value, int | None):
        return value
    return str(value) if isinstance(value, str | os.PathLike) else type(value).__name__


def _facts(data_set):
    """What a data set was, should its source be gone; its checksum is in run.json."""
    return {
        "name": data_set.name,
        "class_names": list(data_set.class_names),
        "shape": list(data_set.x_train.shape[1:]),
        "training_examples": len(data_set.x_train),
        "test_examples": len(data_set.x_test),
        "found": data_set.summary.lines() if data_set.summary else [],
    }


def _now():
    return datetime.now(UTC).isoformat(timespec="seconds")
