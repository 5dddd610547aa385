"""Checkpoints: everything that the next epoch of a run depends on."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.environment import environment
from zoo.files import finite_or_none, naming_damaged_file, replacing

ADVICE = "Start over with --fresh (which deletes it), or restore it from a copy."


class Checkpoint(keras.callbacks.Callback):
    """Saves model, optimizer and history after every epoch, so that a stopped run can be resumed.

    One file, replaced atomically: if the process is killed at any moment, the last complete epoch is kept. `log.csv` is
    rewritten from the history, so each epoch is in it once, however often the run was resumed.

    A run with early stopping keeps the weights of its best epoch in the same file.

    A value that is NaN or infinite, such as the validation loss of a network that overflows on one image, is `None` in
    the history and empty in `log.csv`.

    Args:
        folder: the run's folder.
    """

    def __init__(self, folder: str | Path):
        super().__init__()
        self.path, self.log = Path(folder) / "checkpoint.npz", Path(folder) / "log.csv"
        self.copy = self.path.with_name("checkpoint_before_divergence.npz")
        self.history: list[dict] = []
        self.best: list[np.ndarray] = []  # the model's variables after the best epoch, of a run with early stopping
        self.environment: dict = {}  # of the last epoch; an older checkpoint did not record it

    def epochs_done(self) -> int:
        """The number of epochs in the checkpoint.

        Raises:
            DamagedFile: the checkpoint is damaged.
        """
        if not self.path.exists():
            return 0
        with naming_damaged_file(self.path, ADVICE), np.load(self.path, allow_pickle=False) as state:
            return len(_history(state))

    def restore(self, model: keras.Model, optimizer: bool = True) -> int:
        """Load the last saved epoch into a built and compiled model, if there is one.

        Args:
            model: the model.
            optimizer: whether to load the state of the optimizer too; `False` where the next epoch has a new one.

        Returns:
            The number of epochs that are done.

        Raises:
            DamagedFile: the checkpoint is damaged or is another model's; the model stays as it was.
        """
        for partial in self.path.parent.glob(f".*.{self.path.name}"):  # of a process that was killed while it wrote
            partial.unlink(missing_ok=True)
        if not self.path.exists():
            return 0
        wanted = [pair for pair in self._variables(model) if optimizer or pair[1].startswith("model_")]
        with naming_damaged_file(self.path, ADVICE):
            values, best, history, recorded = self._read(model, wanted)
        for variable, key in wanted:
            variable.assign(values[key])
        self.history, self.environment, self.best = history, recorded, best
        if history:
            self._write_log()  # a kill between checkpoint and log left it an epoch short
        return len(history)

    def _read(self, model, wanted) -> tuple[dict, list[np.ndarray], list[dict], dict]:
        values, best = {}, []
        with np.load(self.path, allow_pickle=False) as state:
            for variable, key in wanted:
                values[key] = _of_shape(state, key, variable)
            if "best_0" in state:
                best = [_of_shape(state, f"best_{index}", each) for index, each in enumerate(model.variables)]
            recorded = dict(json.loads(str(state["environment"]))) if "environment" in state else {}
            return values, best, _history(state), recorded

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.here = environment()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        history = [*self.history, _row({"epoch": epoch + 1, **(logs or {})})]
        state: dict[str, Any] = {
            "history": json.dumps(history, allow_nan=False),
            "environment": json.dumps(self.here, allow_nan=False),
        }
        state |= {key: keras.ops.convert_to_numpy(variable) for variable, key in self._variables(self.model)}
        state |= {f"best_{index}": values for index, values in enumerate(self.best)}
        with replacing(self.path) as partial:
            np.savez(partial, **state)
        self.history, self.environment = history, self.here  # of what is on disk, also where writing fails
        self._write_log()

    def keep_copy(self) -> None:
        """Keep the checkpoint as it is now, next to those of later epochs."""
        if not self.history:
            return self.copy.unlink(missing_ok=True)  # of an earlier run
        with replacing(self.copy) as partial:
            shutil.copyfile(self.path, partial)

    def return_to_copy(self, epochs: int) -> None:
        """Go back by some epochs, to the copy that was kept then; without one, nothing is left of the run."""
        self.history = self.history[: len(self.history) - epochs]
        if not self.history:
            self.path.unlink(missing_ok=True)
            return self.log.unlink(missing_ok=True)
        self.copy.replace(self.path)
        self._write_log()

    def _write_log(self) -> None:
        with replacing(self.log) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(self.history[-1]), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self.history)

    @staticmethod
    def _variables(model: keras.Model) -> Iterator[tuple[keras.Variable, str]]:
        for owner, variables in (("model", model.variables), ("optimizer", model.optimizer.variables)):
            for index, variable in enumerate(variables):
                yield variable, f"{owner}_{index}"


def _of_shape(state, key: str, variable: keras.Variable) -> np.ndarray:
    values = state[key]
    if values.shape != tuple(variable.shape):
        raise ValueError(f"{key} has the shape {values.shape}, not {tuple(variable.shape)}")
    return values


def _history(state) -> list[dict]:
    return [_row(entries) for entries in json.loads(str(state["history"]))]


def _row(entries: dict) -> dict:
    return {key: value if key == "epoch" else finite_or_none(value) for key, value in entries.items()}
