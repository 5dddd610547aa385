"""Runs the trials of a search."""

import contextlib
import gc
import io
import math
import shutil
import statistics
import time
import traceback
from dataclasses import asdict, replace
from pathlib import Path

import keras
from keras_tuner import errors
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import TrialStatus

from tuning.results import DAMAGED, format_values
from tuning.trial_progress import TrialProgress
from zoo.data.fixed_batches import FixedBatches
from zoo.files import DamagedFile, finite_or_none, naming_damaged_file, read_json, replacing, write_json
from zoo.training import fitting
from zoo.training.checkpoint import Checkpoint

MOST_CRASHES = 2


class SearchTuner(BaseTuner):
    """Requests trials from an oracle and trains each as `pinet train` would train its recipe.

    A trial is scored once, at its end, with its final weights: no epoch is selected. With Hyperband a trial is resumed
    from the checkpoint of the earlier round, on the schedule of all its epochs; if that checkpoint is missing, it
    trains from the first epoch. A trial that was killed is resumed after its last epoch.

    Args:
        oracle: a `SearchOracle`.
        hypermodel: a `PinetHyperModel`.
        folder: of the search.
        executions: trainings a trial, of different seeds; the score is their mean.
        measured: whether the time for one image is measured, and whether that for an encrypted one is planned.
        after_crash: the trial that comes first is the one of which the process before this one has died.
        console: `rich.console.Console`.
    """

    def __init__(
        self,
        oracle,
        hypermodel,
        folder,
        *,
        executions=1,
        measured=(),
        after_crash=False,
        console=None,
    ):
        folder = Path(folder).absolute()
        with contextlib.redirect_stdout(io.StringIO()):  # "Reloading Tuner from ..."
            super().__init__(oracle, hypermodel, directory=str(folder.parent), project_name=folder.name)
        self.executions, self.measured, self.after_crash, self.console = executions, measured, after_crash, console
        self.save()  # Keras Tuner does at the end of the first trial; a kill before would start the search over

    def search(self) -> None:
        """Run trials until the oracle has no more."""
        while True:
            trial = self.oracle.create_trial(self.tuner_id)
            if trial.status == TrialStatus.STOPPED:
                return
            if trial.status == TrialStatus.IDLE:  # a trial of another worker could come back
                time.sleep(1)
                continue
            self.started = time.monotonic()
            self._try_run_and_update_trial(trial)
            self.on_trial_end(trial)

    def _try_run_and_update_trial(self, trial):
        """Run a trial; any error goes to the record, its traceback to `trial.json`."""
        try:
            self._run_and_update_trial(trial)
            trial.status = TrialStatus.COMPLETED
        except errors.FatalError:
            raise
        except Exception as error:
            trial.status, trial.message = TrialStatus.FAILED, traceback.format_exc()
            kind = "" if isinstance(error, errors.FailedTrialError) else f"{type(error).__name__}: "
            self._record(trial, message=kind + " ".join(str(error).split())[:500])

    def run_trial(self, trial) -> dict:
        """Train, score and record one trial.

        Returns:
            `val_accuracy` and `val_loss`, the means of all executions, unless they are NaN or infinite.

        Raises:
            FailedTrialError: the objective is NaN or infinite.
        """
        folder = Path(self.get_trial_dir(trial.trial_id))
        if self.after_crash:
            self.after_crash = False
            _count_crash(folder)
        # Without this, every trial would leave its variables behind. TensorFlow keeps the graph of the training step
        # even so; frozen, it is not searched through after every later trial.
        keras.backend.clear_session()
        gc.collect()
        gc.freeze()
        recipe = self.hypermodel.recipe(trial.hyperparameters)
        costs = self.hypermodel.costs(recipe, *self.measured)
        with self._status() as show:
            scores = [self._execute(trial, recipe, index, show) for index in range(self.executions)]
        means = {name: statistics.mean(score[name] for score in scores) for name in ("val_accuracy", "val_loss")}
        finite = {name: mean for name, mean in means.items() if math.isfinite(mean)}
        if (objective := self.oracle.objective.name) not in finite:
            raise errors.FailedTrialError(
                f"{objective} is {means[objective]}: the network overflows on validation data"
            )
        epochs = trial.hyperparameters.values.get("tuner/epochs", recipe.epochs)
        fit_seconds = sum(score["seconds"] for score in scores)
        self._record(
            trial,
            **costs,
            **{name: finite_or_none(mean) for name, mean in means.items()},
            epochs=epochs,
            fit_seconds=fit_seconds,
            executions=[{**score, "val_loss": finite_or_none(score["val_loss"])} for score in scores],
            recipe=asdict(recipe),
        )
        return finite

    def _execute(self, trial, recipe, index, show):
        recipe = replace(recipe, seed=recipe.seed + index)
        values = trial.hyperparameters.values
        folder = Path(self.get_trial_dir(trial.trial_id)) / f"execution_{index}"
        folder.mkdir(exist_ok=True)
        if "tuner/trial_id" in values:
            _copy_checkpoint(Path(self.get_trial_dir(values["tuner/trial_id"])) / folder.name, folder)
        checkpoint = Checkpoint(folder)
        model, done = self._resumed(checkpoint, recipe)
        epochs = values.get("tuner/epochs", recipe.epochs)
        words = f"trial {int(trial.trial_id)}  {format_values(values)}  "
        progress = TrialProgress(
            epochs, lambda epoch: show(words + epoch), lambda: self.oracle.get_trial(trial.trial_id)
        )
        started = time.monotonic()
        fitting.fit(
            model,
            recipe,
            self.hypermodel.data_set,
            initial_epoch=done,
            epochs=epochs,
            callbacks=[progress, checkpoint],
        )
        _, _, images, targets = fitting.split(recipe, self.hypermodel.data_set)
        loss, accuracy = model.evaluate(FixedBatches(images, targets, 500), verbose=0)
        seconds = time.monotonic() - started
        return {"seed": recipe.seed, "val_accuracy": accuracy, "val_loss": loss, "seconds": seconds}

    def _resumed(self, checkpoint, recipe):
        """The model and its completed epochs; after a damaged checkpoint the trial trains from the first epoch."""
        try:
            return fitting.prepare_resumed(recipe, self.hypermodel.data_set, checkpoint)
        except DamagedFile as error:
            if self.console is not None:
                words = f"{error}\nThe trial is trained from its start."
                self.console.print(words, style="yellow", highlight=False, soft_wrap=True, markup=False)
            checkpoint.path.unlink()
            return fitting.prepare(recipe, self.hypermodel.data_set), 0

    def _record(self, trial, **entries):
        entries["seconds"] = time.monotonic() - self.started
        write_json(Path(self.get_trial_dir(trial.trial_id)) / "record.json", entries)

    @contextlib.contextmanager
    def _status(self):
        """A status line on a terminal; yields the function that updates it."""
        if self.console is None or not self.console.is_terminal:
            yield lambda words: None
            return
        with self.console.status("") as status:
            yield status.update

    def _get_tuner_fname(self):
        # The same for a search alone and for a chief, or one could not resume what the other began.
        return str(Path(self.project_dir) / (f"{self.tuner_id}.json" if self._is_worker() else "tuner.json"))

    def save(self) -> None:
        """Write the state in one step; a worker has none."""
        if not self._is_worker():
            self.oracle.save()
            write_json(self._get_tuner_fname(), self.get_state())

    def reload(self) -> None:
        """Load the state of an earlier search, all of which belongs to the oracle."""
        if not self._is_worker():
            self.oracle.reload()


def _copy_checkpoint(past, folder):
    """Start from the checkpoint of an earlier round, unless this round has one of its own already."""
    if (past / "checkpoint.npz").exists() and not (folder / "checkpoint.npz").exists():
        with replacing(folder / "checkpoint.npz") as partial:
            shutil.copyfile(past / "checkpoint.npz", partial)


def _count_crash(folder):
    """Fail a trial whose process has died too often: it uses all memory, or crashes the backend."""
    path = folder / "crashes.json"
    with naming_damaged_file(path, DAMAGED):
        crashes = 1 + (read_json(path, DAMAGED) or 0)
    write_json(path, crashes)
    if crashes >= MOST_CRASHES:
        raise errors.FailedTrialError(f"the process died of it {crashes} times; too little memory?")
