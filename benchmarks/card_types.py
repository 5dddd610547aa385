"""The Python types of a model card, from zoo/card.schema.json: python -m benchmarks.card_types writes them."""

import json
import textwrap

from zoo.paths import CARD_SCHEMA, ROOT

TYPES = ROOT / "card_types.py"
PLAIN = {"boolean": "bool", "integer": "int", "null": "None", "number": "float", "string": "str"}
HEAD = '''"""The types of a model card. `python -m benchmarks.card_types` writes this file from zoo/card.schema.json."""

from typing import Any, Literal, NotRequired, TypedDict

'''
CARD = """What is known of a trained model, as `zoo.card` gives it: a `dict` that type checkers know.

{}
    The JSON's null is `None`.
"""
EXAMPLE = """
    Example:
        >>> card: zoo.Card = zoo.card("pinet_digits")
        >>> card["task"], card["degree"], card["accuracy"]["test_examples"]
        ('image classification', 4, 360)
"""


def card_types(definitions: dict) -> str:
    """The text of zoo/card_types.py: a class for each object of the schema, `Card` last.

    Args:
        definitions: the `$defs` of the schema.
    """
    return _Writer(definitions).text()


class _Writer:
    """Collects the schemas of each class: an object of the same name on both kinds of cards is one class."""

    def __init__(self, definitions):
        self.definitions, self.schemas = definitions, {}

    def text(self):
        kinds = [self.definitions["classifier"], self.definitions["generator"]]
        card = self._class("Card", kinds, _card_words(*kinds))
        done = {}
        while waiting := [name for name in self.schemas if name not in done]:  # a class may name others
            for name in waiting:
                found = self.schemas[name]
                done[name] = self._class(name, found, found[0]["description"])
        return HEAD + "\n".join(f"\n{text}" for text in [*(done[name] for name in reversed(self.schemas)), card])

    def _class(self, name, schemas, words):
        base = "TypedDict" if name == "Card" else self._base(schemas[0])
        parts = [self._parts(schema) if base == "TypedDict" else self._own(schema) for schema in schemas]
        keys = {}
        for properties, _ in parts:
            for key, below in properties.items():
                keys.setdefault(key, []).append(below)
        required = set.intersection(*(required for _, required in parts))
        lines = [f"class {name}({base}):", f'    """{words}', "", "    Attributes:"]
        for key, found in keys.items():
            entry = f"{key}: {found[0].get('description', '')}"
            lines += textwrap.wrap(entry, 120, initial_indent=" " * 8, subsequent_indent=" " * 12)
        lines += [*(EXAMPLE.rstrip().split("\n") if name == "Card" else ()), '    """', ""]
        for key, found in keys.items():
            kinds = [self._type(key, each) for each in found]
            lines.append(f"    {key}: {kinds[0] if key in required else f'NotRequired[{kinds[0]}]'}")
        return "\n".join(lines) + "\n"

    def _parts(self, schema):
        """Properties and required keys, those of `allOf` first."""
        properties, required = {}, set()
        for part in schema.get("allOf", ()):
            others = self._parts(self._resolved(part))
            properties, required = properties | others[0], required | others[1]
        own, own_required = self._own(schema)
        return properties | {key: own[key] for key in own if key not in properties}, required | own_required

    @staticmethod
    def _own(schema):
        return schema.get("properties", {}), set(schema.get("required", ()))

    def _base(self, schema):
        """The class of an object that this one extends: a schema within `allOf`."""
        others = schema.get("allOf", ())
        return self._type("", others[0]) if others else "TypedDict"

    def _resolved(self, schema):
        return self.definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def _type(self, key, schema):
        if "$ref" in schema:
            return self._type(schema["$ref"].rpartition("/")[2], self._resolved(schema))
        if len(schema.get("allOf", ())) == 1 and "properties" not in schema:
            return self._type(key, schema["allOf"][0])
        if "enum" in schema:
            return f"Literal[{', '.join(json.dumps(value, allow_nan=False) for value in schema['enum'])}]"
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return " | ".join(self._one_type(key, kind, schema) for kind in kinds)

    def _one_type(self, key, kind, schema):
        if kind == "array":
            return f"list[{self._type(key, schema['items'])}]"
        if kind != "object":
            return PLAIN[kind]
        if "properties" in schema:
            name = key.capitalize()
            self.schemas[name] = [*self.schemas.pop(name, []), schema]  # last: the text has it before who names it
            return name
        values = schema.get("additionalProperties")
        return f"dict[str, {self._type(key, values) if isinstance(values, dict) else 'Any'}]"


def _card_words(classifier, generator):
    """The first lines of `Card`'s docstring: which entries only one kind of cards has."""
    own = [
        sorted(kind["properties"].keys() - other["properties"].keys())
        for kind, other in ((classifier, generator), (generator, classifier))
    ]
    only = [
        f"only those of {kind} have {', '.join(f'`{key}`' for key in keys)}"
        for kind, keys in zip(("classifiers", "generators"), own, strict=True)
    ]
    lines = textwrap.wrap(f"Of all cards, {'; '.join(only)}.", 120, initial_indent="    ", subsequent_indent="    ")
    return CARD.format("\n".join(lines)).rstrip()


def definitions() -> dict:
    """The `$defs` of zoo/card.schema.json."""
    return json.loads(CARD_SCHEMA.read_text(encoding="utf-8"))["$defs"]


if __name__ == "__main__":
    TYPES.write_text(card_types(definitions()), encoding="utf-8")
