"""The networks of the zoo make their products with the library's layers, as docs/layers.md says, and none by hand."""

import re
from pathlib import Path

import keras
import pytest

import pinet_keras
import zoo
from pinet_keras import normalized_adjacency
from zoo.architectures import build_node_classifier
from zoo.tasks import TASKS

PAGE = (Path(__file__).parents[2] / "docs" / "layers.md").read_text(encoding="utf-8")
PUBLIC = {
    name: layer
    for name in pinet_keras.__all__
    if isinstance(layer := getattr(pinet_keras, name), type) and issubclass(layer, keras.layers.Layer)
}


@pytest.fixture(scope="module")
def kinds():
    """The classes of each shipped model's layers."""
    return {name: classes(network(zoo.card(name))) for name in zoo.list_models()}


def classes(model):
    """The classes of a model's layers, and of those of the models in it: the body of a mirrored network is one."""
    inner = [classes(layer) for layer in model.layers if isinstance(layer, keras.Model)]
    return {type(layer) for layer in model.layers}.union(*inner)


def network(card):
    """The untrained model; one for nodes on a made graph, as its own is not shipped."""
    if TASKS[card["task"]].arrays:
        return zoo.load(card["name"], weights=None)
    arguments = (card["architecture"], card["architecture_arguments"], card["input_shape"][-1])
    return build_node_classifier(*arguments, normalized_adjacency([[0, 1]], 2), len(card["class_names"]))


def test_every_product_is_a_layer_of_the_library(kinds):
    by_hand = {name for name, found in kinds.items() if keras.layers.Multiply in found}
    assert by_hand == set(zoo.list_models("polynet_*"))  # as the article has it
    without = {name for name, found in kinds.items() if not found & set(PUBLIC.values())}
    no_products = {*zoo.list_models("dcgan_*"), *zoo.list_models("linear_*")}
    assert without == by_hand | no_products


def test_the_page_names_the_models_of_every_layer(kinds):
    (section,) = re.findall(r"^## The trained models .*?(?=^## )", PAGE, re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\| `(\w+)` \|(.*)", section, re.MULTILINE)
    table = {layer: re.findall(r"`(\w+)`", models) for layer, models in rows}
    used = {layer: [name for name, found in kinds.items() if kind in found] for layer, kind in PUBLIC.items()}
    assert table == used
