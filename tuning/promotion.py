"""Recipes from trials. Imports no backend."""

from dataclasses import MISSING, fields, replace
from pathlib import Path

import tomli_w

from tuning.results import Result, best_first, format_score, read_results, read_settings
from zoo.files import replacing
from zoo.publishing.formatting import human_count
from zoo.recipes import read_recipe
from zoo.recipes.recipe import Recipe


def promote(folder, path, *, trial=None, best_under_params=None, epochs=None, description=None) -> Result:
    """Write the recipe of a trial, for `pinet train`.

    Args:
        folder: of the search.
        path: the `.toml` file to write; its stem becomes the model's name.
        trial: number of the trial; default the best one.
        best_under_params: the best one with at most so many parameters.
        epochs: instead of the trial's.
        description: one sentence for `pinet list`.

    Returns:
        The trial.

    Raises:
        ValueError: no such trial, or one that has not completed; a path that is no `.toml` file, or exists.
    """
    path = Path(path)
    if path.suffix != ".toml" or not path.stem.isidentifier():
        raise ValueError(f"A recipe is a .toml file named by letters, digits and _. Received: {str(path)!r}")
    if path.exists():
        raise ValueError(f"That file exists already. Received: {str(path)!r}")
    objective = read_settings(folder)["objective"]
    chosen = _choose(read_results(folder), objective, trial, best_under_params)
    recipe = Recipe(**chosen.record["recipe"])
    words = description or f"a polynomial network found by a search on {recipe.dataset}"
    recipe = replace(recipe, name=path.stem, description=words, epochs=epochs or recipe.epochs)
    score = format_score(objective, chosen.record[objective])
    comment = (
        f"# Trial {chosen.trial} of a search by `pinet tune`: {human_count(chosen.record['parameters'])} parameters, "
        f"{score} {objective} after {chosen.record['epochs']} epochs.\n"
        f"# `pinet train {path.name}`\n"
    )
    with replacing(path) as partial:
        partial.write_bytes((comment + as_toml(recipe)).encode())
    if read_recipe(path) != recipe:
        raise AssertionError(f"{path} does not read as it was written")
    return chosen


def as_toml(recipe) -> str:
    """A recipe as TOML, without keys that have their default values."""
    values = {}
    for item in fields(Recipe):
        value = getattr(recipe, item.name)
        default = item.default_factory() if item.default_factory is not MISSING else item.default
        if value != default:
            values[item.name] = value
    return tomli_w.dumps(values)


def _choose(results, objective, trial, best_under_params):
    if trial is not None and best_under_params is not None:
        raise ValueError(f"Choose by `trial` or by `best_under_params`. Received: both, trial={trial!r}")
    candidates = best_first(results, objective)
    if trial is not None:
        candidates = [result for result in candidates if result.trial == trial]
        if not candidates:
            known = ", ".join(str(result.trial) for result in results if result.completed) or "none"
            raise ValueError(f"No such trial has completed; completed are: {known}. Received: trial={trial!r}")
    if best_under_params is not None:
        candidates = [result for result in candidates if result.record["parameters"] <= best_under_params]
    if not candidates:
        raise ValueError(f"No completed trial is that small. Received: best_under_params={best_under_params!r}")
    return candidates[0]
