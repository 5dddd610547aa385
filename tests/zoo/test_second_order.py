"""The networks of the zoo make their products with the library's layers, none by hand."""

import pytest

import zoo
from pinet_keras import PolyConv2D, SecondOrder2D

ARCHITECTURES = ("pinet", "pinet_vgg", "pinet_generator")
LINEAR = ("linear_cifar10_generator", "linear_mnist_generator")  # sums in the place of products
NAMES = [name for name in zoo.list_models() if zoo.card(name)["architecture"] in ARCHITECTURES and name not in LINEAR]


@pytest.mark.parametrize("name", NAMES)
def test_every_product_is_a_layer_of_the_library(name):
    layers = zoo.load(name, weights=None).layers
    poly = zoo.card(name)["architecture_arguments"].get("block") == "poly"
    assert any(isinstance(layer, PolyConv2D if poly else SecondOrder2D) for layer in layers)
    assert "Multiply" not in {type(layer).__name__ for layer in layers}
