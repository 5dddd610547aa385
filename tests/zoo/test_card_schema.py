"""zoo/card.schema.json describes the cards, and `zoo.card` checks by it."""

import copy
import json
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

import jsonschema
import pytest

import zoo
from benchmarks.card_types import TYPES, card_types, definitions
from zoo.card_entries import KINDS, check_entries
from zoo.card_types import Card
from zoo.paths import CARD_SCHEMA
from zoo.tasks import TASKS

SCHEMA = json.loads(CARD_SCHEMA.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
# With seeds, a curve, baselines.
EXAMPLES = ["pinet_cifar10_encrypted", "pinet_spoken_digit_lite", "pinet_mnist_generator"]


def schemas(part=SCHEMA, place="$"):
    """All schemas within the schema, each with its place."""
    yield place, part
    for key in ("properties", "$defs"):
        for name, below in part.get(key, {}).items():
            yield from schemas(below, f"{place}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(part.get(key), dict):
            yield from schemas(part[key], f"{place}.{key}")


def test_the_schema_is_one_and_documents_every_entry():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    entries = [part for _, schema in schemas() for name, part in schema.get("properties", {}).items() if name != "task"]
    assert len(entries) > 60
    assert all(part["description"].endswith(".") for part in entries)
    assert SCHEMA["$defs"]["every"]["properties"]["task"]["enum"] == list(TASKS)


MEASURED = {"ece", "ece_calibrated", "reliability", "reliability_calibrated"}


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_card_fits_the_schema(name):
    """And it lacks nothing of what only models that somebody saved need not have."""
    card = zoo.card(name)
    measured = ("quality", "baselines") if card["task"] == "image generation" else ("accuracy",)
    assert {*measured, "training", "golden"} <= card.keys() and card["dataset"]["sha256"] and card["license"]
    assert "accuracy" not in measured or card["calibration"].keys() >= MEASURED
    errors = [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(zoo.card(name))]
    assert not errors


OF_FINE_TUNING = ("training.initial_sha256", "training.best_epoch")  # on cards of test_finetuning.py


def test_every_entry_of_the_schema_stands_on_a_card(tmp_path):
    """None that no card has: such an entry would be a wrong name."""
    cards = [*map(zoo.card, zoo.list_models()), zoo.save(zoo.load("pinet_digits"), tmp_path / "saved")]
    found = {f"$.{key}" for card in cards for key in places(card)}
    for kind in ("classifier", "generator"):
        for name, below in {**SCHEMA["$defs"]["every"]["properties"], **SCHEMA["$defs"][kind]["properties"]}.items():
            for inner in [name, *(f"{name}.{key}" for key in below.get("properties", {}))]:
                assert f"$.{inner}" in found or inner in OF_FINE_TUNING, inner
    for metric in SCHEMA["$defs"]["metrics"]["properties"]:
        assert f"$.quality.{metric}" in found


def places(value, prefix=""):
    for key, below in value.items():
        yield prefix + key
        if isinstance(below, dict):
            yield from places(below, f"{prefix}{key}.")


def changed(card):
    """Copies of a card, each with one required entry gone or of another type, and what says so."""
    for place in places(card):
        if place.startswith(("training.recipe.", "architecture_arguments.")):
            continue
        for change in ("missing", "wrong"):
            copied = copy.deepcopy(card)
            *path, last = place.split(".")
            inner = copied
            for key in path:
                inner = inner[key]
            if change == "missing":
                del inner[last]
            else:
                inner[last] = True
            yield place, copied


@pytest.mark.parametrize("name", EXAMPLES)
def test_reading_a_card_refuses_what_the_schema_refuses(name):
    """The short check of `zoo.card` against jsonschema's, entry by entry."""
    card, refused = zoo.card(name), 0
    generator = card["task"] == "image generation"
    for place, wrong in changed(card):
        expected = not VALIDATOR.is_valid(wrong)
        try:
            check_entries(wrong, generator)
            found = False
        except ValueError as error:
            found = place in str(error)
        assert found == expected, place
        refused += expected
    assert refused > 60


def test_the_type_of_a_card_is_that_of_the_schema():
    assert TYPES.read_text(encoding="utf-8") == card_types(definitions()), "python -m benchmarks.card_types writes it"


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_card_has_the_type_that_type_checkers_are_told(name):
    assert not list(differences(zoo.card(name), Card, ""))


def test_another_type_is_a_difference():
    card = zoo.card("pinet_cifar10_encrypted")
    card["accuracy"]["test"], card["input_shape"][1], card["task"] = None, "8", "image"
    del card["weights"]["dtype"]
    card["training"]["versions"]["keras"], card["colour"] = 3, "red"
    places = ["accuracy.test", "colour", "input_shape.1", "task", "training.versions.keras", "weights"]
    assert sorted(differences(card, Card, "")) == places
    del card["degree"]
    assert list(differences(card, Card, "")) == [""]


def differences(value, kind, place):
    """Places where a value is not of an annotated type."""
    origin, inner = get_origin(kind), get_args(kind)
    plain = dict if is_typeddict(kind) else origin or kind
    if origin is UnionType:
        fits = any(not list(differences(value, each, place)) for each in inner)
    elif origin is Literal:
        fits = value in inner
    elif kind is Any:
        fits = True
    else:
        fits = isinstance(value, (int, float) if plain is float else plain)
    if not fits or (is_typeddict(kind) and not kind.__required_keys__ <= value.keys()):
        yield place
    elif is_typeddict(kind):
        hints = get_type_hints(kind)
        for key, below in value.items():
            at = f"{place}.{key}".strip(".")
            yield from differences(below, hints[key], at) if key in hints else [at]
    elif plain in (list, dict):
        for key, below in value.items() if plain is dict else enumerate(value):
            yield from differences(below, inner[-1], f"{place}.{key}")


def test_the_short_check_knows_all_types_of_the_schema():
    for place, schema in schemas():
        kinds = schema.get("type", [])
        assert {kinds} <= KINDS.keys() if isinstance(kinds, str) else set(kinds) <= KINDS.keys(), place
