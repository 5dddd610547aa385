"""`finetune`: a trained classifier, trained further on other data."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.card_types import Card
from zoo.data.data_set import DataSet
from zoo.data.opening import open_data
from zoo.recipes import Recipe, with_changes
from zoo.registry import card as read_card
from zoo.registry import card_for
from zoo.tasks import CLASSIFIERS
from zoo.training.classifiers import train_seeds

TAKEN_OVER = ("flip", "shift", "rotate", "zoom", "cutout", "jpeg", "gain", "label_smoothing")
FRACTION = 0.15  # of the training examples, for validation, where a data set comes without
MAX_BATCH, BATCHES = 128, 5  # a batch is a fifth of the training examples at most
FROZEN_STEPS, STEPS = 200, 600
FROZEN_EPOCHS, EPOCHS = (2, 40), (10, 80)  # the fewest and the most


def finetune(
    name: str | Path,
    data: Any,
    *,
    changes: Sequence[str] = (),
    seeds: int = 1,
    run_dir: str | os.PathLike[str] | None = None,
    out_dir: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    data_dir: str | os.PathLike[str] | None = None,
    console: Any = None,
) -> Card:
    """Train a trained classifier further, on other data or for other classes, and write card and weights.

    The network keeps its layers and its scaling of inputs, and gets a new head. The statistics of batch normalisation
    are computed again from the new examples; then the head alone is trained, and after it the whole network at a lower
    learning rate. Training ends when validation no longer improves, and ships the best epoch. A run that was stopped is
    resumed by the same call.

    Args:
        name: of a shipped classifier, or a folder that `pinet train` or `zoo.save` wrote.
        data: what `zoo.open_data` takes: a folder of class folders, a `.csv`, an `.npz`, a data set of TFDS, arrays, …
            Images get the size of those that the model takes; grey ones become colour ones, or the reverse.
        changes: other values for keys of the recipe, as `pinet train --set` takes them: `["epochs=20", "seed=1"]`. The
            name of the new model, by default `NAME_finetuned`, is the key `name`.
        seeds: number of runs, for mean and spread on the card.
        run_dir: folder of checkpoint and logs; default `runs/NAME` with the name of the new model.
        out_dir: folder that gets card and weights; default the run's folder.
        fresh: start over even if `run_dir` holds a checkpoint.
        data_dir: where TFDS keeps its data sets.
        console: `rich.console.Console` for the progress; default standard error.

    Returns:
        The card; `zoo.load(run_dir)` then gives the model.

    Raises:
        ValueError: no classifier has that name, it is not a data set for it, or `run_dir` holds another run.
        FileNotFoundError: the data set is not there.

    Example:
        >>> images, labels = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), "uint8"), np.arange(60) % 2
        >>> quick = ["name=mine", "frozen_epochs=1", "epochs=2"]  # without it, hundreds of steps
        >>> card = zoo.finetune("pinet_digits", (images, labels), changes=quick, run_dir="mine")
        >>> zoo.load("mine").output_shape, card["degree"]
        ((None, 2), 4)
    """
    data_set = open_for_finetuning(name, data, data_dir)
    recipe = with_changes(finetuning_recipe(name, data_set), list(changes))
    assert isinstance(recipe, Recipe)
    options = {"run_dir": run_dir, "out_dir": out_dir, "fresh": fresh, "console": console}
    card = train_seeds(recipe, seeds, data=data_set, data_dir=data_dir, **options)
    assert card is not None  # one process trains
    return card


def open_for_finetuning(name: str | Path, data: Any, data_dir=None, progress=None) -> DataSet:
    """Open a data set with examples of the shape that a classifier takes.

    Args:
        name: as for `finetune`.
        data: likewise.
        data_dir: likewise.
        progress: called with (done, all) while examples are decoded.
    """
    shape = tuple(card_for(name, *CLASSIFIERS)["input_shape"])
    data_set = open_data(data, shape=shape, data_dir=data_dir, progress=progress)
    if data_set.shape != shape:
        raise ValueError(f"{name} takes examples of the shape {shape}. Received: {data_set.name}, of {data_set.shape}")
    return data_set


def finetuning_recipe(name: str | Path, data_set: DataSet) -> Recipe:
    """The recipe by which a classifier is trained further.

    Batch size and epochs follow from the number of training examples. Augmentation and label smoothing are those of the
    classifier's own recipe, if its card has one.

    Args:
        name: as for `finetune`.
        data_set: from `open_for_finetuning`.
    """
    card = read_card(name)
    own = card["training"].get("recipe", {}) if "training" in card else {}
    validation = data_set.validation or max(1, round(FRACTION * len(data_set.x_train)))
    examples = len(data_set.x_train) - validation
    batch_size = min(MAX_BATCH, 2 ** int(math.log2(max(1, examples / BATCHES))))
    steps = max(1, examples // batch_size)
    frozen_epochs = _within(math.ceil(FROZEN_STEPS / steps), FROZEN_EPOCHS)
    epochs = _within(math.ceil(STEPS / steps), EPOCHS)
    return Recipe(
        name=f"{card['name']}_finetuned",
        description=f"{card['name']}, fine-tuned on {Path(data_set.name).name}",
        dataset=data_set.name,
        architecture=card["architecture"],
        architecture_arguments=card["architecture_arguments"],
        initial=str(name),
        validation=validation,
        batch_size=batch_size,
        frozen_epochs=frozen_epochs,
        frozen_learning_rate=1e-2,
        epochs=frozen_epochs + epochs,
        learning_rate=1e-3,
        weight_decay=0.02,
        early_stopping=max(5, epochs // 4),
        **{key: own[key] for key in TAKEN_OVER if key in own},
    )


def _within(value, bounds):
    return min(max(value, bounds[0]), bounds[1])
