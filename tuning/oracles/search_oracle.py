"""Base of all oracles: budget, resuming after a kill, and reassignment of trials of lost workers."""

import os
import shutil
import sys
import time
from pathlib import Path

import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus

from tuning.results import DAMAGED
from zoo.files import naming_damaged_file, read_json, write_json

MAX_DRAWS = 300  # networks over budget, one after the other, before a search gives up
ENDED = (TrialStatus.COMPLETED, TrialStatus.FAILED)


class SearchOracle(keras_tuner.Oracle):
    """A mix-in that precedes an oracle of Keras Tuner, and changes how trials begin, end and are stored.

    - A proposal over budget is replaced by another one before it becomes a trial.
    - Files are replaced in one step; a trial that was running at a kill runs again, one that had ended does not.
    - Trials have four digits whatever `max_trials` is, so that a search can be made longer.
    - A failed trial never ends the search.
    - A trial whose worker is silent for too long goes to another worker; the first result counts.
    - Checkpoints of all but the best trials are deleted.

    Args:
        affordable: tells of the values of a proposal whether its network is within the budget.
        minutes: no trial begins later than so many minutes from now.
        trial_timeout: seconds without a heartbeat after which a trial is given to another worker.
        keep_checkpoints: how many trials keep their checkpoints; with Hyperband, of each round.
        **kwargs: of the oracle of Keras Tuner.
    """

    def __init__(self, affordable, *, minutes=None, trial_timeout=600.0, keep_checkpoints=3, **kwargs):
        super().__init__(max_consecutive_failed_trials=sys.maxsize, **kwargs)
        self.affordable = affordable
        self.deadline = time.monotonic() + 60 * minutes if minutes else float("inf")
        self.trial_timeout = trial_timeout
        self.keep_checkpoints = keep_checkpoints
        self.rejected = 0  # proposals over budget
        self.stop_reason: str | None = None
        self.has_stopped = False
        self.last_heard = time.monotonic()
        self._max_collisions = 200
        self._heartbeats: dict[str, float] = {}  # trial → time of the last one
        self._were_ongoing: dict[str, str] = {}

    @property
    def planned(self) -> int | None:
        """How many trials there will be; `None` if that is open."""
        return self.max_trials

    # How trials begin.

    @keras_tuner.synchronized
    def create_trial(self, tuner_id) -> Trial:
        """Give a worker its next trial; or an empty one, `IDLE` (ask again) or `STOPPED` (there are no more)."""
        self.last_heard = time.monotonic()
        self._take_from_silent_workers()
        if tuner_id in self.ongoing_trials:  # the worker was killed and is back: its trial starts over
            return self._begin(tuner_id, self.ongoing_trials[tuner_id])
        self.tuner_ids.add(tuner_id)
        if self._time_is_up():
            return self._no_trial(tuner_id, TrialStatus.STOPPED)
        if self._retry_queue:
            return self._begin(tuner_id, self.trials[self._retry_queue.pop(0)])
        if self.max_trials and len(self.trials) >= self.max_trials:
            return self._no_trial(tuner_id, TrialStatus.STOPPED)
        trial_id = f"{len(self.trials):04d}"
        proposal = self.populate_space(trial_id)
        if proposal["status"] != TrialStatus.RUNNING:
            return self._no_trial(tuner_id, proposal["status"])
        hyperparameters = self.hyperparameters.copy()
        hyperparameters.values = proposal["values"]
        trial = Trial(hyperparameters, trial_id=trial_id, status=TrialStatus.RUNNING)
        self._record_values(trial)
        self.trials[trial_id] = trial
        self.start_order.append(trial_id)
        return self._begin(tuner_id, trial)

    def _begin(self, tuner_id, trial):
        trial.status, trial.metrics = TrialStatus.RUNNING, type(trial.metrics)()
        self._heartbeats[trial.trial_id] = time.monotonic()
        self.ongoing_trials[tuner_id] = trial
        self._save_trial(trial)
        self.save()
        self._display.on_trial_begin(trial)
        return trial

    def _no_trial(self, tuner_id, status):
        """No new trial. Workers wait while a trial of another one could still be reassigned."""
        if status == TrialStatus.STOPPED and self.ongoing_trials:
            status = TrialStatus.IDLE
        if status == TrialStatus.STOPPED:
            self.tuner_ids.discard(tuner_id)
            self.has_stopped = True
            self.save()
        return Trial(self.hyperparameters.copy(), trial_id="none", status=status)

    def _time_is_up(self):
        """Also checked before each proposal, as the cost of a network is known only after building it."""
        if time.monotonic() <= self.deadline:
            return False
        self.stop_reason = "the time is up"
        return True

    def _random_values(self):
        for _ in range(MAX_DRAWS):
            if self._time_is_up():
                return None
            values = super()._random_values()
            if values is None:
                self.stop_reason = "the space is exhausted"
                return None
            if self._is_affordable(values):
                return values
        self.stop_reason = f"{MAX_DRAWS} networks in a row were over budget"
        return None

    def _is_affordable(self, values):
        if self.affordable(values):
            return True
        self.rejected += 1
        self._tried_so_far.add(self._compute_values_hash(values))
        return False

    # Heartbeats of workers.

    def get_trial(self, trial_id) -> Trial:
        """The trial of an id; its worker asks for it now and then, which shows that the worker is alive."""
        self.last_heard = self._heartbeats[trial_id] = time.monotonic()
        return super().get_trial(trial_id)

    def _take_from_silent_workers(self):
        for tuner_id, trial in list(self.ongoing_trials.items()):
            if time.monotonic() - self._heartbeats[trial.trial_id] > self.trial_timeout:
                del self.ongoing_trials[tuner_id]
                self.tuner_ids.discard(tuner_id)
                self._retry_queue.append(trial.trial_id)
                self._display.on_lost_worker(tuner_id, trial)

    # How trials end.

    @keras_tuner.synchronized
    def update_trial(self, trial_id, metrics, step=0) -> Trial:
        """Note the metrics of a trial, unless another worker's result was there first."""
        trial = self.trials[trial_id]
        return trial if trial.status in ENDED else super().update_trial(trial_id, metrics, step)

    @keras_tuner.synchronized
    def end_trial(self, trial) -> None:
        """Note how a trial ended, unless another worker's result was there first."""
        known = self.trials[trial.trial_id]
        if known.status in ENDED and known is not trial:
            return
        trial.hyperparameters = known.hyperparameters  # gRPC rounds numbers to 32 bits
        super().end_trial(trial)
        if trial.trial_id in self._retry_queue:
            self._retry_queue.remove(trial.trial_id)
        self._drop_checkpoints()

    def _drop_checkpoints(self):
        rounds: dict[tuple, list] = {}
        for trial in self.trials.values():
            if trial.status in ENDED:
                values = trial.hyperparameters.values
                rounds.setdefault((values.get("tuner/bracket"), values.get("tuner/round")), []).append(trial)
        for trials in rounds.values():
            for trial in sorted(trials, key=self.badness)[self.keep_checkpoints :]:
                for path in Path(self._get_trial_dir(trial.trial_id)).glob("execution_*/checkpoint.npz"):
                    path.unlink(missing_ok=True)

    def badness(self, trial) -> float:
        """A number that is the lower the better a trial is; infinite for a failed one."""
        if trial.status != TrialStatus.COMPLETED:
            return float("inf")
        return -trial.score if self.objective.direction == "max" else trial.score

    # What is kept.

    def save(self) -> None:
        """Write the state in one step."""
        write_json(self._get_oracle_fname(), self.get_state())

    def _save_trial(self, trial):
        write_json(Path(self._get_trial_dir(trial.trial_id)) / "trial.json", trial.get_state())

    def get_state(self) -> dict:
        """The state for JSON."""
        return {**super().get_state(), "rejected": self.rejected}

    def set_state(self, state) -> None:
        """Take the state from JSON."""
        super().set_state(state)
        self.rejected = state["rejected"]
        self._were_ongoing = state["ongoing_trials"]

    def reload(self) -> None:
        """Resume from the files. Every trial that began and did not end is run again, and no other.

        Raises:
            ValueError: one of the files is damaged or missing; the message names it.
        """
        for path in sorted(Path(self._project_dir).glob("trial_*/trial.json")):
            with naming_damaged_file(path, DAMAGED):
                trial = Trial.from_state(read_json(path, DAMAGED))
                self.trials[trial.trial_id] = trial
        path = Path(self._get_oracle_fname())
        with naming_damaged_file(path, DAMAGED):
            self.set_state(read_json(path, DAMAGED))
            self.ongoing_trials = {}
        for trial_id in set(self.start_order) - set(self.trials):
            raise ValueError(f"{self._get_trial_dir(trial_id)} holds no trial.json any more. {DAMAGED}")
        for trial_id in sorted(set(self.trials) - set(self.start_order)):  # killed before any worker had it
            shutil.rmtree(self._get_trial_dir(trial_id))
            del self.trials[trial_id]
        ended = [trial_id for trial_id in self.start_order if self.trials[trial_id].status in ENDED]
        self.end_order += [trial_id for trial_id in ended if trial_id not in self.end_order]
        self._retry_queue = [trial_id for trial_id in self.start_order if trial_id not in ended]
        if "KERASTUNER_ORACLE_IP" in os.environ:  # only the chief was killed; its workers may still train
            for tuner_id, trial_id in self._were_ongoing.items():
                if trial_id in self._retry_queue:
                    self._retry_queue.remove(trial_id)
                    self.ongoing_trials[tuner_id] = self.trials[trial_id]
                    self.tuner_ids.add(tuner_id)
                    self._heartbeats[trial_id] = time.monotonic()
