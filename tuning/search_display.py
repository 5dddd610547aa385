"""Progress of a search on the terminal."""

import time

from rich.console import Console

from tuning.oracles.search_oracle import ENDED
from tuning.results import format_score, format_values, read_record
from zoo.publishing.formatting import human_count, human_seconds, printable


class SearchDisplay:
    """One line per trial: result, remaining trials and time, and the best so far.

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
        """Called when a trial is given to a worker."""

    def on_lost_worker(self, tuner_id, trial):
        """Called when a trial is taken from a worker that does not answer."""
        self._print(f"trial {int(trial.trial_id)}: no heartbeat from {tuner_id}; another worker gets it", "yellow")

    def on_trial_end(self, trial):
        """Called when a trial has completed or failed."""
        self.ended += 1
        record = read_record(self.oracle._get_trial_dir(trial.trial_id))
        done = len(self.oracle.end_order)
        planned = f"/{self.oracle.planned}" if self.oracle.planned else ""
        if trial.status == "COMPLETED":
            size = human_count(record.get("parameters", 0))
            how = f"{format_score(self.oracle.objective.name, trial.score)} with {size} parameters"
        else:
            message = record.get("message") or (trial.message or "no reason given").strip().splitlines()[-1]
            how = f"failed: {message}"
        took = human_seconds(record.get("seconds", 0))
        line = f"trial {int(trial.trial_id)} ({done}{planned} done)  {how}, {took}{self._best()}{self._remaining(done)}"
        self._print(line, None if trial.status == "COMPLETED" else "red")

    def _best(self):
        trials = [trial for trial in self.oracle.trials.values() if trial.status == "COMPLETED"]
        if not trials:
            return ""
        best = min(trials, key=self.oracle.badness)
        score = format_score(self.oracle.objective.name, best.score)
        return f"  |  best {score}, trial {int(best.trial_id)}: {format_values(best.hyperparameters.values)}"

    def _remaining(self, done):
        """The remaining time, estimated from the trials of this run and the current number of workers."""
        until_deadline = self.oracle.deadline - time.monotonic()
        guess = until_deadline
        if self.oracle.planned == done:
            return ""
        if self.oracle.planned:
            guess = (self.oracle.planned - done) * (time.monotonic() - self.started) / self.ended
        left = max(0.0, min(guess, until_deadline))
        return "" if left == float("inf") else f"  |  {human_seconds(left)} left"

    def on_search_end(self):
        """Print how the search ended."""
        failed = sum(trial.status == "FAILED" for trial in self.oracle.trials.values())
        completed = sum(trial.status in ENDED for trial in self.oracle.trials.values()) - failed
        words = (
            f"{completed} trials completed, {failed} failed, {self.oracle.rejected} networks over budget not trained"
        )
        reason = f"; {self.oracle.stop_reason}" if self.oracle.stop_reason else ""
        self._print(words + reason, "bold")

    def on_interrupt(self, folder):
        """Print what a search that was stopped by Ctrl-C keeps."""
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
