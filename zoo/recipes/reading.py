"""Reading recipes from TOML files. Imports no backend."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from zoo.paths import RECIPES
from zoo.registry import suggestion
from zoo.tasks import CLASSIFICATION, TASKS, task_function


def list_recipes() -> list[str]:
    """Names of the recipes that are shipped, sorted."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(name_or_path):
    """Read a recipe by the name of a shipped one or from a TOML file.

    Returns:
        A `Recipe`; a `GeneratorRecipe` where the file says `task = "image generation"`, and a `NodeRecipe` where it
        says `task = "node classification"`.

    Raises:
        ValueError: no such recipe, not TOML, an unknown or missing key, a value out of its range.
    """
    path, values = read_named_toml(name_or_path, RECIPES, "recipe")
    task = values.pop("task", CLASSIFICATION)
    known = [name for name, row in TASKS.items() if row.recipe]
    if task not in known:
        raise ValueError(f"Recipe key 'task' must be one of {', '.join(map(repr, known))}. Received: {task!r}")
    kind: Any = task_function(task, "recipe")
    known_keys = [item.name for item in fields(kind)]
    for key in values:
        if key not in known_keys:
            raise ValueError(f"Unknown key in {path.name}{suggestion(key, known_keys)} Received: {key!r}")
    try:
        return kind(**values)
    except TypeError as error:  # a key without a default is missing
        raise ValueError(f"{path.name} is incomplete: {str(error).split('__() ')[-1]}") from error


def read_named_toml(name_or_path, folder, kind) -> tuple[Path, dict]:
    """Read a TOML file by the name of a shipped one or by its path.

    Args:
        name_or_path: a path that ends in `.toml`, or a name.
        folder: where the shipped ones are.
        kind: what such a file is called in messages.

    Returns:
        The path and the values.

    Raises:
        ValueError: no such file, or not TOML.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = folder / f"{name_or_path}.toml"
        if not path.is_file():
            known = suggestion(str(name_or_path), sorted(other.stem for other in folder.glob("*.toml")))
            raise ValueError(f"No {kind} has that name{known} Received: {str(name_or_path)!r}")
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"There is no {kind} file of that name. Received: {str(path)!r}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not valid TOML: {error}") from error
