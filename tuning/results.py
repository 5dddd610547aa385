"""The results of a search, read from its folder. Imports no backend."""

from dataclasses import dataclass
from pathlib import Path

from zoo.files import naming_damaged_file, read_json

DIRECTIONS = {"val_accuracy": "max", "val_loss": "min"}
RECORDED = ("parameters", "macs", "val_accuracy", "val_loss", "epochs", "seconds", "fit_seconds")
DAMAGED = "Restore it from a copy, or start the search over with --fresh (which deletes its trials)."


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
        """Whether it has results."""
        return self.status == "COMPLETED" and "recipe" in self.record


def read_settings(folder) -> dict:
    """The settings of a search: its fingerprint, and the settings that may change.

    Raises:
        ValueError: the folder holds no search, or a damaged one.
    """
    settings = find_settings(folder)
    if settings is None:
        raise ValueError(f"That folder holds no search. Received: {str(folder)!r}")
    return settings


def find_settings(folder) -> dict | None:
    """As `read_settings`, but `None` where the folder holds no search."""
    path = Path(folder) / "search.json"
    settings = read_json(path, DAMAGED)
    if settings is not None:
        with naming_damaged_file(path, DAMAGED):
            DIRECTIONS[settings["objective"]]
    return settings


def read_results(folder) -> list[Result]:
    """All trials of a search in the order of their numbers.

    Raises:
        ValueError: the folder holds no search, or a damaged file.
    """
    read_settings(folder)
    results = []
    for path in sorted(Path(folder).glob("trial_*/trial.json")):
        state, record = read_json(path, DAMAGED), read_record(path.parent)
        with naming_damaged_file(path, DAMAGED):
            values = dict(state["hyperparameters"]["values"])
            results.append(Result(int(state["trial_id"]), state["status"], values, record))
    return results


def read_record(folder) -> dict:
    """The record that a worker wrote at the end of a trial; empty before.

    Raises:
        ValueError: the file is damaged.
    """
    path = Path(folder) / "record.json"
    record = read_json(path, DAMAGED)
    with naming_damaged_file(path, DAMAGED):
        record = dict(record or {})
        if "recipe" in record:  # the trial was trained to its end
            dict(record["recipe"])
            for name in RECORDED:
                if record[name] is not None or name != "val_loss":  # a loss beyond float32 is null
                    float(record[name])
    return record


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
    """The fraction of the completed trials' time that was spent outside of training, in 0..1."""
    records = [result.record for result in results if result.completed]
    return 1 - sum(record["fit_seconds"] for record in records) / sum(record["seconds"] for record in records)


def format_score(objective, value) -> str:
    """A score as text."""
    return f"{value:.2%}" if objective == "val_accuracy" else f"{value:.4f}"


def format_values(values) -> str:
    """Hyperparameters in one line."""
    return " ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in values.items()
        if not name.startswith("tuner/") or name == "tuner/epochs"
    )
