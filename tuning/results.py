"""What the trials of a search came to, read from its folder. Imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path

from tuning.files import read_json

DIRECTIONS = {"val_accuracy": "max", "val_loss": "min"}


@dataclass(frozen=True)
class Result:
    """One trial.

    Args:
        trial: its number.
        status: `"COMPLETED"`, `"FAILED"`, or `"RUNNING"` for one that has not ended, or not yet again after a kill.
        values: its hyperparameters.
        record: what the worker wrote at its end: parameters, macs, val_accuracy, seconds, recipe, message ...
    """

    trial: int
    status: str
    values: dict
    record: dict

    @property
    def completed(self) -> bool:
        """Whether it has figures."""
        return self.status == "COMPLETED" and "recipe" in self.record


def read_settings(folder) -> dict:
    """What a search was asked for: its fingerprint, and the settings that may change.

    Raises:
        ValueError: the folder holds no search.
    """
    settings = read_json(Path(folder) / "search.json")
    if settings is None:
        raise ValueError(f"That folder holds no search. Received: {str(folder)!r}")
    return settings


def read_results(folder) -> list[Result]:
    """All trials of a search in the order of their numbers.

    Raises:
        ValueError: the folder holds no search.
    """
    read_settings(folder)
    results = []
    for path in sorted(Path(folder).glob("trial_*/trial.json")):
        state = read_json(path)
        record = read_json(path.parent / "record.json") or {}
        results.append(Result(int(state["trial_id"]), state["status"], state["hyperparameters"]["values"], record))
    return results


def best_first(results, objective="val_accuracy") -> list[Result]:
    """The completed trials, the best first; of equals, the smaller network first.

    Args:
        results: of `read_results`.
        objective: `"val_accuracy"` or `"val_loss"`.
    """
    sign = -1 if DIRECTIONS[objective] == "max" else 1
    completed = [result for result in results if result.completed]
    return sorted(completed, key=lambda result: (sign * result.record[objective], result.record["parameters"]))


def overhead(results) -> float:
    """The share of the completed trials' time that passed outside of training, in 0..1."""
    records = [result.record for result in results if result.completed]
    return 1 - sum(record["fit_seconds"] for record in records) / sum(record["seconds"] for record in records)


def shown(objective, value) -> str:
    """A score for people."""
    return f"{value:.2%}" if objective == "val_accuracy" else f"{value:.4f}"


def shown_values(values) -> str:
    """Hyperparameters in one line."""
    return " ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in values.items()
        if not name.startswith("tuner/") or name == "tuner/epochs"
    )
