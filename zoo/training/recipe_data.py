"""The data set that a recipe is trained on."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo.data.array_source import read_npz
from zoo.data.batches import Batches
from zoo.data.catalog import SETS
from zoo.data.data_set import ARRAYS, DataSet
from zoo.data.loading import load_set
from zoo.data.opening import open_data
from zoo.data.source_kinds import kind_of
from zoo.publishing.formatting import printable
from zoo.recipes import Recipe
from zoo.recipes.checks import check_kind

MEASURED = 8  # batches


def recipe_data(recipe: Recipe, data: Any = None, data_dir=None, progress=None) -> tuple[Recipe, DataSet]:
    """Open the data set of a recipe, or another one in its place.

    Args:
        recipe: the `Recipe`.
        data: what `zoo.open_data` takes, in place of the recipe's data set; `None` for that. An `.npz` of the shape of
            a data set that the zoo knows by name, without `class_names`, replaces the arrays of the recipe's.
        data_dir: where TFDS keeps its data sets.
        progress: called with (done, all) while examples are decoded.

    Returns:
        The recipe as it will be trained, and the data set. The recipe names the data set; with `data`, and where it
        says 0, its `validation` is the length of the data set's own validation split.

    Raises:
        ValueError: it is not a data set for classification, or the recipe has keys that have no meaning for it.
        FileNotFoundError: the data set is not there.
    """
    if data is not None and replaces_arrays(recipe, data):
        return recipe, load_set(recipe.dataset, data, data_dir)
    source = recipe.dataset if data is None else data
    data_set = open_data(source, shape=recipe.shape, data_dir=data_dir, progress=progress)
    if data_set.validation and (data is not None or not recipe.validation):
        recipe = replace(recipe, validation=data_set.validation, dataset=data_set.name)
    elif data is not None:
        recipe = replace(recipe, dataset=data_set.name)
    check_kind(recipe, data_set.is_audio)
    return recipe, data_set


def replaces_arrays(recipe, data) -> bool:
    """Whether data are an `.npz` with other examples of the recipe's data set, which the zoo knows by name."""
    if not isinstance(data, str | os.PathLike) or kind_of(os.fspath(data)) != "npz" or recipe.dataset not in SETS:
        return False
    if recipe.shape not in (None, tuple(SETS[recipe.dataset]["shape"])):
        return False
    arrays = read_npz(Path(data).expanduser())
    same = {key: array.shape[1:] == tuple(SETS[recipe.dataset]["shape"]) for key, array in arrays.items()}
    return "class_names" not in arrays and set(ARRAYS) <= set(arrays) and same["x_train"]


def report_data(recipe: Recipe, data_set: DataSet, console) -> None:
    """Print what was found in a data set that the zoo does not know by name, and how fast its batches are read.

    Args:
        recipe: the `Recipe`, as `recipe_data` gives it.
        data_set: the `DataSet`.
        console: `rich.console.Console`.
    """
    if data_set.summary is None:
        return
    rate = (
        f"one thread reads and augments {reading_rate(recipe, data_set):,.0f} examples/s; faster training has to wait"
    )
    for line in (f"{data_set.name}: {data_set.summary.source}", *data_set.summary.lines(), rate):
        console.print(printable(line), highlight=False, soft_wrap=True, markup=False)


def reading_rate(recipe: Recipe, data_set: DataSet) -> float:
    """Examples a second that one thread reads and augments, measured on a few batches."""
    kept = len(data_set.x_train) - recipe.validation
    batches = Batches(data_set.x_train[:kept], data_set.y_train[:kept, None], recipe.untaught)
    started, count = time.perf_counter(), 0
    for step in range(min(len(batches), MEASURED)):
        count += len(batches[step][0])
    return count / (time.perf_counter() - started) if count else 0.0
