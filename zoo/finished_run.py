"""The folder of a training run, `runs/NAME`, used as a model's name. Imports no backend."""

import csv
import shlex
from pathlib import Path

from zoo.epochs import has_ended
from zoo.files import naming_damaged_file, read_json
from zoo.paths import RECIPES

STARTS = "starts.json"  # in a run's folder: when, where and how it was started, and how each start ended
ADVICE = "Restore it from a copy, or name the run's card, cards/NAME.json in its folder."


def list_runs() -> list[str]:
    """The folders in `runs/` that hold a run, finished or not."""
    return sorted(str(path.parent) for path in Path("runs").glob("*/run.json"))


def card_of_run(folder: Path) -> Path:
    """The card that a finished run wrote to its folder.

    Args:
        folder: what `pinet train` made, or what its `--out` named.

    Raises:
        ValueError: the folder holds no run, one that is not finished, or several cards.
    """
    cards = sorted((folder / "cards").glob("*.json"))
    unfinished = _what_is_left(folder, cards)
    if unfinished:
        raise ValueError(f"{unfinished} Received: {str(folder)!r}")
    if len(cards) > 1:
        raise ValueError(f"The folder holds several models; name one of {', '.join(map(str, cards))}.")
    if not cards:
        raise ValueError(
            "The folder holds no training run and no saved model: `pinet train` and `zoo.save` write cards/NAME.json "
            f"and weights/NAME.weights.h5 there. Received: {str(folder)!r}"
        )
    return cards[0]


def _what_is_left(folder, cards):
    """What a run has not done yet, and how it is resumed; empty for a finished one, and where no record tells."""
    path = folder / "run.json"
    record = read_json(path, ADVICE)
    if record is None:
        return ""
    with naming_damaged_file(path, ADVICE):
        values = dict(record["recipe"])
        name, epochs = str(values["name"]), int(values["epochs"])
    log = read_log(folder)
    with naming_damaged_file(folder / "log.csv", ADVICE):
        ended = has_ended(log, values | {"epochs": epochs})
    done = len(log)
    again = f"`{_command(folder, name)}`, with the options it was started with,"
    if not ended:
        earlier = f" The card in it is of an earlier run; give {cards[0]} for that." if cards else ""
        return f"The run is not finished: {done} of {epochs} epochs are done. {again} resumes it.{earlier}"
    if not cards:
        return (
            f"The run has done all of its {done} epochs, and its card is not here: it is in the folder that --out "
            f"named, or {again} writes it."
        )
    return ""


def _command(folder, name):
    """The command that resumes a run: of a fine-tuning the one that started it."""
    with naming_damaged_file(folder / STARTS, ADVICE):
        commands = [str(start["command"]) for start in read_json(folder / STARTS, ADVICE) or []]
    if commands and commands[-1].startswith("pinet finetune "):
        return commands[-1]
    recipe = name if (RECIPES / f"{name}.toml").is_file() else f"{name}.toml"
    return shlex.join(["pinet", "train", recipe, "--run-dir", str(folder)])


def read_log(folder: Path) -> list[dict[str, str]]:
    """The rows of a run's `log.csv`, one for each epoch that is done; none before the first epoch is.

    Raises:
        DamagedFile: the file holds something else.
    """
    path = folder / "log.csv"
    with naming_damaged_file(path, ADVICE):
        try:
            with open(path, newline="", encoding="utf-8") as file:
                return list(csv.DictReader(file))
        except FileNotFoundError:  # it is written at the end of an epoch
            return []
