"""Commands for a model that has just been trained, to copy. Imports no backend."""

import shlex
from pathlib import Path

from zoo.card_types import Card
from zoo.data.catalog import SETS
from zoo.paths import SAMPLES
from zoo.tasks import TASKS


def next_commands(card: Card, folder: Path, data=None, data_dir=None) -> list[str]:
    """Commands that use a trained model.

    Args:
        card: its card.
        folder: where the training wrote card and weights.
        data: the `.npz` that it was trained on, if it was one.
        data_dir: where TFDS keeps its data sets, if it was given.

    Returns:
        Lines for a shell, with paths relative to the current folder.
    """
    cards = list((folder / "cards").glob("*.json"))
    model = str(folder if len(cards) == 1 else folder / "cards" / f"{card['name']}.json")
    options = [*(["--data", str(data)] if data else []), *(["--data-dir", str(data_dir)] if data_dir else [])]
    task = TASKS[card["task"]]
    ends = {"generate": ["-o", "generated.png"], "predict": [_sample(card["dataset"]["name"])]}
    measured = ["--verify"] if task.arrays else []  # the inputs of others, such as a graph's, are too large for it
    commands = [["evaluate", model, *options], ["certify", model, *measured]]
    if task.command in ends:
        commands.insert(0, [task.command, model, *ends[task.command]])
    if task.formats:
        commands.append(["export", model, "models/"])
    return [shlex.join(["pinet", *command]) for command in commands]


def _sample(dataset):
    if dataset not in SETS:
        return "FILE"
    path = min(SAMPLES.glob(f"{dataset}_*"))
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
