"""The training runs below a folder, and what became of each. Imports no backend."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from zoo.epochs import has_ended
from zoo.files import DamagedFile, check_not_running, naming_damaged_file, read_json
from zoo.finished_run import STARTS, read_log

BEST = {"val_accuracy": max, "frechet_distance": min}  # what a log is searched for: the first that it has
ADVICE = "Restore it from a copy, or delete the folder."


@dataclass(frozen=True)
class Run:
    """A training run as its folder tells it.

    Args:
        folder: the run's folder.
        state: `"running"`; `"finished"`, all epochs are done and the card is written; `"failed"`, it ended with an
            error; `"stopped"`, the process was ended before; `"damaged"`, its files cannot be read.
        recipe: name of its recipe; empty for a damaged run, and so are the other entries.
        dataset: what it is trained on.
        epochs_done: epochs that are done.
        epochs: epochs of the recipe.
        metric: `"val_accuracy"`; of generators `"frechet_distance"`.
        best: its best value of all epochs; `None` before the first.
        best_epoch: the epoch of that value.
        started: time of the first start, ISO 8601.
        last: time of the last epoch, or of the last start if that was later.
        message: the error of a failed or damaged run.
    """

    folder: str
    state: str
    recipe: str = ""
    dataset: str = ""
    epochs_done: int = 0
    epochs: int = 0
    metric: str | None = None
    best: float | None = None
    best_epoch: int | None = None
    started: str | None = None
    last: str | None = None
    message: str = ""


def find_runs(folder: str | Path = "runs") -> list[Run]:
    """All training runs in a folder and its subfolders, the one that was active last first.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"There is no folder of runs; `pinet train` makes one. Received: {folder}")
    runs = [read_run(path.parent) for path in sorted(Path(folder).rglob("run.json"))]
    return sorted(runs, key=lambda run: run.last or "", reverse=True)


def read_run(folder: Path) -> Run:
    """What a run's folder tells of it."""
    try:
        return _read(folder)
    except DamagedFile as error:
        return Run(str(folder), "damaged", message=str(error))


def read_starts(folder: Path) -> list[dict]:
    """The starts of a run, the last one last; a run of an older version recorded none.

    Raises:
        DamagedFile: the file holds something else.
    """
    path = folder / STARTS
    with naming_damaged_file(path, ADVICE):
        return [dict(start) for start in read_json(path, ADVICE) or []]


def _read(folder):
    path = folder / "run.json"
    log, starts = read_log(folder), read_starts(folder)
    with naming_damaged_file(path, ADVICE):
        recipe = read_json(path, ADVICE)["recipe"]
        name, dataset, epochs = str(recipe["name"]), str(recipe["dataset"]), int(recipe["epochs"])
    with naming_damaged_file(folder / "log.csv", ADVICE):
        metric, best, best_epoch = _best(log)
        ended = has_ended(log, recipe | {"epochs": epochs})
    with naming_damaged_file(folder / STARTS, ADVICE):
        state = _state(folder, ended, starts)
        started = str(starts[0]["started"]) if starts else _changed(path)
        last = max(
            [str(starts[-1]["started"]) if starts else started, *([_changed(folder / "log.csv")] if log else [])]
        )
        message = str(starts[-1].get("message", "")) if state == "failed" else ""
    return Run(str(folder), state, name, dataset, len(log), epochs, metric, best, best_epoch, started, last, message)


def _state(folder, complete, starts):
    try:
        check_not_running(folder, "training")
    except ValueError:
        return "running"
    end = starts[-1].get("end") if starts else ("finished" if complete else None)
    return end or "stopped"


def _best(log):
    """Name, best value and epoch of the first metric of BEST that a log has."""
    for metric, better in BEST.items():
        if log and metric in log[0]:
            found = [(float(row[metric]), int(row["epoch"])) for row in log if row[metric]]
            return metric, *(better(found, key=lambda pair: pair[0]) if found else (None, None))
    return None, None, None


def _changed(path):
    """When a file was written, in the form of the starts."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
