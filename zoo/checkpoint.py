"""The state of a run on disk: everything that the next epoch depends on."""

import csv
import json
import os
from pathlib import Path

import keras
import numpy as np


class Checkpoint(keras.callbacks.Callback):
    """Saves model, optimizer and history after every epoch, so that a killed run goes on where it was.

    One file, replaced in one step: a kill at any moment leaves the last whole epoch. `log.csv` is written anew from the
    history, so an epoch stands in it once, however often the run was killed.

    Args:
        folder: the run's folder.
    """

    def __init__(self, folder):
        super().__init__()
        self.path, self.log = Path(folder) / "checkpoint.npz", Path(folder) / "log.csv"
        self.history = []

    def restore(self, model):
        """Load the last saved epoch into a built and compiled model, if there is one.

        Returns:
            The number of epochs that are done.
        """
        if not self.path.exists():
            return 0
        with np.load(self.path, allow_pickle=False) as state:
            for variable, key in self._variables(model):
                variable.assign(state[key])
            self.history = json.loads(str(state["history"]))
        return len(self.history)

    def on_epoch_end(self, epoch, logs=None):
        self.history.append({"epoch": epoch + 1, **{key: float(value) for key, value in (logs or {}).items()}})
        state = {key: keras.ops.convert_to_numpy(variable) for variable, key in self._variables(self.model)}
        partial = self.path.with_suffix(".partial.npz")
        with open(partial, "wb") as file:
            np.savez(file, history=json.dumps(self.history), **state)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path)
        self._write_log()

    def _write_log(self):
        with open(self.log, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(self.history[-1]), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self.history)

    @staticmethod
    def _variables(model):
        for owner, variables in (("model", model.variables), ("optimizer", model.optimizer.variables)):
            for index, variable in enumerate(variables):
                yield variable, f"{owner}_{index}"
