"""What a person sees of a search."""

import time

from rich.console import Console

from tuning.oracles.search_oracle import ENDED
from tuning.results import read_record, shown, shown_values
from zoo.publishing.formatting import human_count, human_seconds, printable


class SearchDisplay:
    """One line a trial: how it went, how many are left, how long that takes, and the best so far.

    Takes the place of the display of a Keras Tuner's oracle, which tells it of each trial, so that a chief shows the
    trials of all of its workers.

    Args:
        oracle: the `SearchOracle`.
        console: `rich.console.Console`; standard error by default.
    """

    verbose = 1

    def __init__(self, oracle, console=None):
        self.oracle, self.console = oracle, console or Console(stderr=True)
        self.started, self.ended = time.monotonic(), 0

    def on_trial_begin(self, trial):
        """Called when a trial is handed out."""

    def on_silence(self, tuner_id, trial):
        """Called when a trial is taken from a worker that is silent."""
        self._print(f"trial {int(trial.trial_id)}: no sign of life from {tuner_id}; another worker gets it", "yellow")

    def on_trial_end(self, trial):
        """Called when a trial has completed or failed."""
        self.ended += 1
        record = read_record(self.oracle._get_trial_dir(trial.trial_id))
        done = len(self.oracle.end_order)
        planned = f"/{self.oracle.planned}" if self.oracle.planned else ""
        if trial.status == "COMPLETED":
            size = human_count(record.get("parameters", 0))
            how = f"{shown(self.oracle.objective.name, trial.score)} with {size} parameters"
        else:
            message = record.get("message") or (trial.message or "no reason given").strip().splitlines()[-1]
            how = f"failed: {message}"
        took = human_seconds(record.get("seconds", 0))
        line = f"trial {int(trial.trial_id)} ({done}{planned} done)  {how}, {took}{self._best()}{self._left(done)}"
        self._print(line, None if trial.status == "COMPLETED" else "red")

    def _best(self):
        trials = [trial for trial in self.oracle.trials.values() if trial.status == "COMPLETED"]
        if not trials:
            return ""
        best = min(trials, key=self.oracle.badness)
        score = shown(self.oracle.objective.name, best.score)
        return f"  |  best {score}, trial {int(best.trial_id)}: {shown_values(best.hyperparameters.values)}"

    def _left(self, done):
        """A guess from the trials of this run, the workers being as many as now."""
        until_deadline = self.oracle.deadline - time.monotonic()
        guess = until_deadline
        if self.oracle.planned == done:
            return ""
        if self.oracle.planned:
            guess = (self.oracle.planned - done) * (time.monotonic() - self.started) / self.ended
        left = max(0.0, min(guess, until_deadline))
        return "" if left == float("inf") else f"  |  {human_seconds(left)} left"

    def on_search_end(self):
        """Say how the search ended."""
        failed = sum(trial.status == "FAILED" for trial in self.oracle.trials.values())
        completed = sum(trial.status in ENDED for trial in self.oracle.trials.values()) - failed
        words = (
            f"{completed} trials completed, {failed} failed, {self.oracle.rejected} networks over budget not trained"
        )
        reason = f"; {self.oracle.stop_reason}" if self.oracle.stop_reason else ""
        self._print(words + reason, "bold")

    def on_interrupt(self, folder):
        """Say what is left of a search that was stopped by Ctrl-C."""
        ended = sum(trial.status in ENDED for trial in self.oracle.trials.values())
        kept = f"{ended} {'trial is' if ended == 1 else 'trials are'} kept in {folder}"
        self._print(f"stopped; {kept}: the same command resumes the search", "bold")

    def _print(self, line, style=None):
        self.console.print(printable(line), style=style, highlight=False, soft_wrap=True, markup=False)

    def get_state(self):
        """Nothing of it is kept; the oracle asks for it."""
        return {}

    def set_state(self, state):
        """See `get_state`."""
