"""Names and cards of the shipped models. Imports no backend."""

import json
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from zoo.card_entries import NewerCard, check_entries
from zoo.card_types import Card
from zoo.finished_run import card_of_run, list_runs
from zoo.former_names import rename_entries
from zoo.hub import MOST_CARD_BYTES, SCHEME, download
from zoo.paths import CARDS, FACES, WEIGHTS
from zoo.tasks import TASKS


def list_models(pattern: str = "*", task: str | None = None) -> list[str]:
    """Names of the shipped models that match a shell pattern, sorted.

    Args:
        pattern: shell-style pattern such as `"*cifar10*"`.
        task: `"image classification"`, `"audio classification"`, `"node classification"`,
            `"image generation"`, or `None` for all.

    Returns:
        A list of names.

    Raises:
        ValueError: there are no models for such a task.

    Example:
        >>> zoo.list_models("polynet_*")
        ['polynet_cifar10', 'polynet_mnist']
        >>> "pinet_spoken_digit" in zoo.list_models(task="audio classification")
        True
    """
    if task is not None and task not in TASKS:
        raise ValueError(f"`task` must be one of {', '.join(map(repr, TASKS))}, or None. Received: task={task!r}")
    names = sorted(path.stem for path in CARDS.glob("*.json") if fnmatchcase(path.stem, pattern))
    return names if task is None else [name for name in names if card(name)["task"] == task]


def card(name: str | Path) -> Card:
    """The card of a model: task, tier, degree, size, accuracy, how it was trained, its golden outputs.

    Args:
        name: name of a shipped model; or folder that `pinet train` or `zoo.save` wrote, such as `"runs/NAME"`, or path
            of the card (`.json`) in it; or address on the Hugging Face Hub, `"hf://user/model"` or
            `"hf://user/model@revision"`.

    Returns:
        What the card's JSON file holds, a `dict`; `help(zoo.Card)` explains its entries.

    Raises:
        ValueError: no model has that name (the message suggests near ones), the run is not finished, or the file is no
            card.

    Example:
        >>> card = zoo.card("polynet_mnist")
        >>> card["tier_name"], card["degree"], card["input_shape"]
        ('polynomial', 32, [28, 28, 1])
    """
    return _read_card(card_path(name))


def card_path(name: str | Path) -> Path:
    """The file of a model's card. All functions that take a model's name resolve it here.

    Args:
        name: as for `card`. A shipped model comes before a folder of the same name.

    Raises:
        ValueError: no model has that name, or the folder or repository holds no finished run.
        ConnectionError: the Hub cannot be reached, and the model was not downloaded before.
        ImportError: huggingface_hub is not installed.
    """
    known = list_models()
    if name in known:
        return CARDS / f"{name}.json"
    if name == FACES.name:
        return card_of_run(FACES)
    if str(name).startswith(SCHEME):
        return card_of_run(download(str(name)))
    path = Path(str(name))
    if path.suffix == ".json":
        return path
    if path.is_dir():
        return card_of_run(path)
    raise ValueError(f"No model has that name{suggestion(str(name), [*known, *list_runs()])} Received: name={name!r}")


def has_weights(name: str) -> bool:
    """Whether the weights of a shipped model are installed: the wheel leaves out those of the baselines."""
    return (WEIGHTS / card(name)["weights"]["file"]).is_file()


def card_for(name: str | Path, *tasks: str) -> Card:
    """The card of a model, which must be one for these tasks.

    Args:
        name: as for `card`.
        *tasks: some of those of `list_models`.

    Raises:
        ValueError: as of `card`, or a model for another task.
    """
    found = card(name)
    if found["task"] not in tasks:
        known = ", ".join(other for task in tasks for other in list_models(task=task)) or "none yet"
        wanted = " and ".join(tasks)
        raise ValueError(f"{name} is a model for {found['task']}; for {wanted} there are: {known}. Received: {name!r}")
    return found


def _read_card(path):
    try:
        if path.stat().st_size > MOST_CARD_BYTES:
            raise ValueError(f"it has more than {MOST_CARD_BYTES:,} bytes")
        values = json.loads(path.read_text(encoding="utf-8"))
        rename_entries(values)
        task = TASKS.get(str(values.get("task"))) if isinstance(values, dict) else None
        check_entries(values, task is not None and task.card == "generator")
        return values
    except FileNotFoundError as error:
        raise ValueError(f"There is no card of that name. Received: {str(path)!r}") from error
    except NewerCard as error:
        raise ValueError(f"{path} cannot be read: {error}.") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{path} is not a model card, or is damaged: {error}. Restore it from a copy, or give `pinet train` the "
            "command of its run again, which rewrites it."
        ) from error


def suggestion(name: str, known: list[str]) -> str:
    """Half a sentence that names the near ones among `known`, or all of them."""
    near = get_close_matches(str(name), known, n=3, cutoff=0.5)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; known are: {', '.join(known) or 'none yet'}."
