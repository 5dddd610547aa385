"""Cards are checked against zoo/card.schema.json: a card may come from anybody, and commands rely on what it says."""

import functools
import json
import math
import re

from zoo.card_types import Card, Quality
from zoo.paths import CARD_SCHEMA

KINDS: dict[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}


CARD_FORMAT = 1  # the newest that is read here, and what `zoo.save` writes
MOST_NUMBERS = 2**24  # in one input: 4,096 × 4,096 grey levels
# Whether a value exceeds a bound of the schema, by its keyword.
BOUNDS = {
    "minimum": lambda value, bound: value < bound,
    "maximum": lambda value, bound: value > bound,
    "exclusiveMinimum": lambda value, bound: value <= bound,
    "minItems": lambda value, bound: len(value) < bound,
    "maxItems": lambda value, bound: len(value) > bound,
    "maxLength": lambda value, bound: len(value) > bound,
    "pattern": lambda value, bound: not re.fullmatch(bound, value),
    "enum": lambda value, bound: value not in bound,
}
APPLIES = {"minItems": list, "maxItems": list, "maxLength": str, "pattern": str, "enum": object}


class NewerCard(ValueError):
    """A card in a format that only a newer version of this package reads."""


def check_entries(card: object, generator: bool) -> None:
    """Refuse a card that lacks an entry, or holds another type, or a value out of its range, in its place.

    This is the part of JSON Schema that the file needs; the tests check all cards by all of it.

    Args:
        card: what the file holds.
        generator: whether it should be that of a generator.

    Raises:
        NewerCard: the card is in a newer format.
        ValueError: the message names the entry.
    """
    newest = card.get("card_format") if isinstance(card, dict) else None
    if isinstance(newest, int) and newest > CARD_FORMAT:
        raise NewerCard(
            f"it was written by a newer pinet-keras, in format {newest} where this one reads up to {CARD_FORMAT}; "
            "`pip install --upgrade pinet-keras` brings one that reads it"
        )
    _check(card, _definitions()["generator" if generator else "classifier"], "")
    assert isinstance(card, dict)
    if math.prod(card["input_shape"]) > MOST_NUMBERS:
        raise ValueError(f"input_shape {card['input_shape']} has more than {MOST_NUMBERS:,} numbers")


def quality_of(card: Card) -> Quality:
    """The metrics of a generator's images.

    Raises:
        ValueError: its card holds none.
    """
    if "quality" not in card:
        raise ValueError(
            "A generator is measured in the features of the classifier that its card names, and this card has no "
            f"metrics. Received: {card['name']}"
        )
    return card["quality"]


def qualities(card: Card) -> list[Quality]:
    """The metrics of a generator's images in the features of each classifier that evaluated it.

    Raises:
        ValueError: its card holds none.
    """
    second = [card["second_evaluation"]["quality"]] if "second_evaluation" in card else []
    return [quality_of(card), *second]


@functools.cache
def _definitions():
    return json.loads(CARD_SCHEMA.read_text(encoding="utf-8"))["$defs"]


def _check(found, schema, place):
    if "$ref" in schema:
        _check(found, _definitions()[schema["$ref"].rpartition("/")[2]], place)
    for part in schema.get("allOf", ()):
        _check(found, part, place)
    if "type" in schema:
        _check_type(found, schema["type"], place)
    _check_bounds(found, schema, place)
    if isinstance(found, dict):
        _check_properties(found, schema, place)
    if isinstance(found, list) and "items" in schema:
        for index, item in enumerate(found):
            _check(item, schema["items"], f"{place}[{index}]")


def _check_type(found, kinds, place):
    kinds = kinds if isinstance(kinds, list) else [kinds]
    is_bool = isinstance(found, bool)  # which Python counts among the integers
    if not any(isinstance(found, KINDS[kind]) and is_bool == (kind == "boolean") for kind in kinds):
        if kinds == ["object"]:
            raise ValueError(f"{place or 'the whole file'} is not an object")
        raise ValueError(f"{place} is of type {type(found).__name__}")


def _check_bounds(found, schema, place):
    if isinstance(found, float) and not math.isfinite(found):
        raise ValueError(f"{place} is {found}")
    for keyword in schema.keys() & BOUNDS.keys():
        if isinstance(found, APPLIES.get(keyword, (int, float))) and BOUNDS[keyword](found, schema[keyword]):
            words = repr(found) if len(repr(found)) <= 80 else f"{repr(found)[:80]} …"
            raise ValueError(f"{place} is {words}, and its {keyword} is {schema[keyword]}")


def _check_properties(found, schema, place):
    known = schema.get("properties", {})
    for key in schema.get("required", ()):
        if key not in found:
            raise ValueError(f"{_join(place, key)} is missing")
    others = schema.get("additionalProperties", {})
    for key, value in found.items():
        below = known.get(key, others)
        if isinstance(below, dict):
            _check(value, below, _join(place, key))


def _join(place, key):
    return f"{place}.{key}" if place else key
