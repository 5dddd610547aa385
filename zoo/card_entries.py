"""Cards are checked against zoo/card.schema.json, whose types and required entries commands rely on."""

import functools
import json

from zoo.paths import CARD_SCHEMA

KINDS: dict[str, type | tuple[type, ...]] = {
    "array": list,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}


def check_entries(card: object, generator: bool) -> None:
    """Refuse a card that lacks an entry, or holds something of another type in its place.

    This is the part of JSON Schema that the file needs; the tests check all cards by all of it.

    Args:
        card: what the file holds.
        generator: whether it should be that of a generator.

    Raises:
        ValueError: the message names the entry.
    """
    _check(card, _definitions()["generator" if generator else "classifier"], "")


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
    if isinstance(found, dict):
        _check_properties(found, schema, place)
    if isinstance(found, list) and "items" in schema:
        for index, item in enumerate(found):
            _check(item, schema["items"], f"{place}[{index}]")


def _check_type(found, kinds, place):
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if isinstance(found, bool) or not any(isinstance(found, KINDS[kind]) for kind in kinds):
        if kinds == ["object"]:
            raise ValueError(f"{place or 'the whole file'} is not an object")
        raise ValueError(f"{place} is of type {type(found).__name__}")


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
