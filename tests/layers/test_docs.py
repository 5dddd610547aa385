"""The page on layers says what happens: each of its blocks of Python runs, and it shows every public layer."""

import re
from pathlib import Path

import keras

import pinet_keras

PAGE = Path(__file__).parents[2] / "docs" / "layers.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_every_block_of_the_page_runs():
    blocks = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    assert len(blocks) >= 6
    names: dict = {"__name__": "layers_page"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)


def test_every_public_layer_is_in_the_first_table_and_has_a_reference():
    layers = {
        name
        for name in pinet_keras.__all__
        if isinstance(found := getattr(pinet_keras, name), type) and issubclass(found, keras.layers.Layer)
    }
    assert len(layers) >= 6
    first, last = TEXT.split("\n## ")[0], TEXT.split("\n## ")[-1]
    for part in (first, last):
        assert layers == set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", part, re.MULTILINE))))
