"""Checks that all recipes share. Imports no backend."""

import math
from dataclasses import fields

from zoo.paths import ARCHITECTURES
from zoo.registry import suggestion


def check_values(recipe, above_0, from_0, fractions):
    """Raise an error for a recipe with values of the wrong type or out of range.

    Args:
        recipe: a dataclass with a `name`.
        above_0: keys whose values must be above 0.
        from_0: keys whose values must be 0 or more.
        fractions: keys whose values must be at least 0 and below 1.
    """
    for item in fields(recipe):
        assert isinstance(item.type, type)  # no recipe postpones its annotations
        value, allowed = getattr(recipe, item.name), (int, float) if item.type is float else (item.type,)
        if not isinstance(value, allowed) or (isinstance(value, bool) and item.type is not bool):
            raise ValueError(f"Recipe key {item.name!r} must be of type {item.type.__name__}. Received: {value!r}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"Recipe key {item.name!r} must be a finite number. Received: {value!r}")
    _check_names(recipe)
    for keys, holds, words in (
        (above_0, lambda value: value > 0, "above 0"),
        (from_0, lambda value: value >= 0, "0 or more"),
        (fractions, lambda value: 0 <= value < 1, "at least 0 and below 1"),
        (("name",), str.isidentifier, "a plain name of letters, digits and _"),
    ):
        for key in keys:
            if not holds(getattr(recipe, key)):
                raise ValueError(f"Recipe key {key!r} must be {words}. Received: {key}={getattr(recipe, key)!r}")


def _check_names(recipe):
    """Check before a backend is imported and data are read."""
    check_known("architecture", recipe.architecture, {path.stem for path in ARCHITECTURES.glob("[!_]*.py")})


def check_known(key, value, known):
    """Raise an error for a recipe key with a name that is none of those known."""
    if value not in known:
        near = suggestion(value, sorted(known))
        raise ValueError(f"Recipe key {key!r} is unknown{near} Received: {key}={value!r}")


def check_kind(recipe, is_audio):
    """Raise an error for keys that have no meaning for the kind of the recipe's data set.

    Args:
        recipe: the `Recipe`.
        is_audio: whether the examples are audio clips; else they are images.
    """
    # spectrograms are of float32
    images = ("flip", "rotate", "cutout", "jpeg", "mixup", "mixed_versions", "image_size", "bfloat16")
    others = images if is_audio else ("gain", "samples")
    for key in others:
        if getattr(recipe, key):
            kind = "audio clips" if is_audio else "images"
            raise ValueError(
                f"Recipe key {key!r} has no meaning for {recipe.dataset}, which holds {kind}. "
                f"Received: {getattr(recipe, key)!r}"
            )
