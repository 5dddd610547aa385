"""Recipes with some keys changed, as `pinet train --set` changes them. Imports no backend."""

import tomllib
from dataclasses import fields, replace

from zoo.recipes.generator_recipe import GeneratorRecipe
from zoo.recipes.node_recipe import NodeRecipe
from zoo.recipes.recipe import Recipe
from zoo.registry import suggestion

TRUTH = {"true": True, "false": False}


def with_changes(
    recipe: Recipe | GeneratorRecipe | NodeRecipe, changes: list[str]
) -> Recipe | GeneratorRecipe | NodeRecipe:
    """A recipe with other values for some of its keys.

    Args:
        recipe: the recipe, which stays as it is.
        changes: `"KEY=VALUE"` each, the value in the type that the key has; a key within a table as `"TABLE.KEY=VALUE"`
            with a value as in TOML, such as `"architecture_arguments.width=16"`.

    Raises:
        ValueError: a change of another form, an unknown key, a key that is given twice, or a value of another type
            or out of its range.
    """
    values: dict = {}
    seen: set[str] = set()
    types = {item.name: item.type for item in fields(recipe)}
    for change in changes:
        place, equals, text = change.partition("=")
        place, text = place.strip(), text.strip()
        if not equals:
            raise ValueError(f"A change of a recipe is KEY=VALUE, such as learning_rate=3e-3. Received: {change!r}")
        key, dot, inner = place.partition(".")
        if key not in types:
            raise ValueError(f"A recipe has no such key{suggestion(key, list(types))} Received: {change!r}")
        if place in seen or (key in seen if dot else key in values):
            raise ValueError(f"Recipe key {place!r} is changed twice. Received: {', '.join(changes)}")
        seen.add(place)
        if not dot:
            values[key] = _value(text, types[key], change)
        elif types[key] is dict and inner:
            values[key] = {**values.get(key, getattr(recipe, key)), inner: _toml(text, change)}
        else:
            raise ValueError(f"Recipe key {key!r} holds no keys of its own. Received: {change!r}")
    return replace(recipe, **values)


def _value(text, kind, change):
    if kind is str:
        return text
    try:
        if kind is bool:
            return TRUTH[text.lower()]
        if kind in (int, float):
            return kind(text)
    except (KeyError, ValueError) as error:
        words = "true or false" if kind is bool else f"of type {kind.__name__}"
        raise ValueError(f"The value must be {words}. Received: {change!r}") from error
    return _toml(text, change)


def _toml(text, change):
    """A value as in a TOML file; text without quotes is a string, as shells remove quotes."""
    if text.isidentifier() and text not in TRUTH:
        return text
    try:
        (value,) = tomllib.loads(f"value = {text}").values()
        return value
    except ValueError as error:
        raise ValueError(f"The value must be one as in TOML ({error}). Received: {change!r}") from error
