"""The space of a search: fixed values and searched hyperparameters. Imports no backend."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuning.dimension import Dimension
from zoo.recipes import Recipe, read_named_toml
from zoo.registry import suggestion

if TYPE_CHECKING:
    import keras_tuner

SEARCHES = Path(__file__).parent / "searches"
RECIPE_KEYS = tuple(item.name for item in fields(Recipe) if item.name not in ("name", "description", "note"))
NOT_SEARCHED = ("dataset", "architecture", "architecture_arguments", "validation", "seed")


@dataclass(frozen=True)
class Space:
    """Recipes that differ in some of their keys and of their architecture's arguments.

    Args:
        fixed: recipe keys with one value.
        network: arguments of the architecture with one value.
        dimensions: what may be chosen.
        searched: names of those dimensions that are arguments of the architecture.

    Example:
        >>> import tuning
        >>> values = {"dataset": "digits", "validation": 300, "epochs": 8, "batch_size": 64}
        >>> rate = {"min": 1e-3, "max": 1e-2}
        >>> space = tuning.Space.from_dict({**values, "learning_rate": rate, "network": {"width": [4, 8, 16]}})
        >>> [dimension.name for dimension in space.dimensions]
        ['width', 'learning_rate']
        >>> space.recipe({"width": 8, "learning_rate": 0.005}).architecture_arguments
        {'width': 8}
    """

    fixed: dict
    network: dict
    dimensions: tuple[Dimension, ...]
    searched: frozenset[str]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Space":
        """A space from what a search file holds.

        Args:
            values: recipe keys, and under `network` the architecture's arguments. A plain value is fixed; a list, or a
                table with `choices` or with `min` and `max`, is searched; what is left out has its default.

        Raises:
            ValueError: an unknown key, or one that cannot be searched.
        """
        values = dict(values)
        network = values.pop("network", {})
        if not isinstance(network, dict):
            raise ValueError(f"Search key 'network' must be a table. Received: {network!r}")
        for key in values:
            if key not in RECIPE_KEYS or key == "architecture_arguments":
                raise ValueError(f"Unknown search key{suggestion(key, list(RECIPE_KEYS))} Received: {key!r}")
            if key in NOT_SEARCHED and isinstance(values[key], list | dict):
                raise ValueError(f"Search key {key!r} must have one value. Received: {values[key]!r}")
        for key in network:
            if key in RECIPE_KEYS:
                raise ValueError(f"{key!r} is a key of the recipe and stands above [network].")
        fixed, recipe_dimensions = _split_fixed(values)
        arguments, network_dimensions = _split_fixed(network)
        known = {**fixed, **arguments}
        chosen = []
        for dimension in (*network_dimensions, *recipe_dimensions):
            if dimension := _without_fixed_conditions(dimension, known):
                chosen.append(dimension)
        space = cls(
            {"architecture": "pinet", **fixed},
            arguments,
            _parents_first(chosen),
            frozenset(dimension.name for dimension in network_dimensions),
        )
        space.first_recipe()  # refuses bad keys now
        return space

    @property
    def dataset(self) -> str:
        """Name of the data set."""
        return self.fixed["dataset"]

    def declare(self, hp: "keras_tuner.HyperParameters") -> dict:
        """Tell a Keras Tuner's `HyperParameters` of every dimension.

        Args:
            hp: `keras_tuner.HyperParameters`.

        Returns:
            The values of the active dimensions.
        """
        values: dict = {}
        for dimension in self.dimensions:
            with contextlib.ExitStack() as scopes:
                for parent, allowed in dimension.where:
                    scopes.enter_context(hp.conditional_scope(parent, list(allowed)))
                value = dimension.declare(hp)
            if self._is_active(dimension, values):
                values[dimension.name] = value
        return values

    def recipe(
        self, values: Mapping[str, Any], name: str = "trial", description: str = "a trial of a search"
    ) -> Recipe:
        """The recipe of one point of the space.

        Args:
            values: value of each active dimension; others, such as Hyperband's own, are ignored.
            name: name of the recipe.
            description: its sentence.
        """
        keys, arguments = dict(self.fixed), dict(self.network)
        seen: dict = {}
        for dimension in self.dimensions:
            if dimension.name not in values or not self._is_active(dimension, seen):
                continue
            seen[dimension.name] = dimension.convert(values[dimension.name])
            (arguments if dimension.name in self.searched else keys)[dimension.name] = seen[dimension.name]
        try:
            return Recipe(name=name, description=description, architecture_arguments=arguments, **keys)
        except TypeError as error:  # a key without a default is missing
            raise ValueError(f"The search file is incomplete: {str(error).split('__() ')[-1]}") from error

    def first_recipe(self) -> Recipe:
        """The recipe of the first value of each dimension."""
        return self.recipe({each.name: each.choices[0] if each.choices else each.low for each in self.dimensions})

    def as_dict(self) -> dict:
        """The content of the space, for JSON and comparison."""
        dimensions = [{**vars(dimension), "where": dict(dimension.where)} for dimension in self.dimensions]
        return {"fixed": self.fixed, "network": self.network, "dimensions": dimensions}

    @staticmethod
    def _is_active(dimension, values):
        return all(values.get(parent) in allowed for parent, allowed in dimension.where)


def list_searches() -> list[str]:
    """Names of the searches that are shipped, sorted.

    Returns:
        A list of names, which `read_space` and `search` take.

    Example:
        >>> import tuning
        >>> "digits" in tuning.list_searches()
        True
    """
    return sorted(path.stem for path in SEARCHES.glob("*.toml"))


def read_space(name_or_path: str | Path) -> Space:
    """Read a space by the name of a shipped search or from a TOML file.

    Args:
        name_or_path: name of a shipped search, or path of a search file.

    Returns:
        `Space`.

    Raises:
        ValueError: no such search, no TOML, or keys that make no space.

    Example:
        >>> import tuning
        >>> space = tuning.read_space("digits")
        >>> space.dataset, "width" in {dimension.name for dimension in space.dimensions}
        ('digits', True)
    """
    _, values = read_named_toml(name_or_path, SEARCHES, "search")
    return Space.from_dict(values)


def _split_fixed(values):
    """Fixed values, and dimensions; a list of one value is fixed."""
    fixed, dimensions = {}, []
    for key, value in values.items():
        if isinstance(value, list) and len(value) == 1:
            fixed[key] = value[0]
        elif isinstance(value, list | dict):
            dimensions.append(Dimension.read(key, value))
        else:
            fixed[key] = value
    return fixed, dimensions


def _without_fixed_conditions(dimension, fixed):
    """The dimension with only those conditions that are open, or nothing if a fixed value rules it out."""
    where = dict(dimension.where)
    for parent in [parent for parent in where if parent in fixed]:
        if fixed[parent] not in where.pop(parent):
            return None
    return Dimension(**{**vars(dimension), "where": tuple(where.items())})


def _parents_first(dimensions):
    placed: list[Dimension] = []
    waiting = list(dimensions)
    while waiting:
        names = {dimension.name for dimension in placed}
        ready = [d for d in waiting if all(parent in names for parent, _ in d.where)]
        if not ready:
            parents = sorted({parent for d in waiting for parent, _ in d.where} - names)
            raise ValueError(f"`where` must name other keys of the search file, without a circle. Received: {parents}")
        placed += ready
        waiting = [d for d in waiting if d not in ready]
    return tuple(placed)
