"""Multiply-accumulates against counts made by hand."""

import keras
import pytest
from keras import layers, ops

from pinet_keras import HermiteActivation, MirrorConv2D, ReLUApproximation
from pinet_keras.analysis import count_macs


def _count(*stack, shape=(8, 8, 3)):
    return count_macs(keras.Sequential([keras.Input(shape), *stack]))


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda: layers.Dense(5), 64 * 3 * 5),
        (lambda: layers.Conv2D(4, 3), 6 * 6 * 9 * 3 * 4),
        (lambda: layers.Conv2D(4, 3, padding="same", strides=2), 4 * 4 * 9 * 3 * 4),
        (lambda: layers.Conv2D(6, 3, groups=3), 6 * 6 * 9 * 1 * 6),
        (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), 6 * 6 * 9 * 3 * 2),
        (lambda: layers.SeparableConv2D(4, 3), 6 * 6 * (9 * 3 + 3 * 4)),
        (lambda: layers.Conv2DTranspose(4, 3, strides=2), 8 * 8 * 9 * 3 * 4),
        (lambda: layers.BatchNormalization(), 0),
        (lambda: layers.AveragePooling2D(2), 0),
        (lambda: layers.TimeDistributed(layers.Dense(5)), 64 * 3 * 5),
        (lambda: layers.EinsumDense("abcd,de->abce", output_shape=(8, 8, 5)), 64 * 3 * 5),
        (lambda: layers.SpectralNormalization(layers.Dense(5)), 64 * 3 * 5),
        (lambda: MirrorConv2D(5, 3, paired=False), 6 * 6 * 9 * 3 * 10),
        (lambda: HermiteActivation(4), 2 * 64 * 3),
        (lambda: ReLUApproximation(6), 3 * 64 * 3),
    ],
)
def test_layers(layer, expected):
    assert _count(layer()) == expected


def test_one_dimensional_convolution():
    assert _count(layers.Conv1D(4, 3), shape=(10, 2)) == 8 * 3 * 2 * 4


def test_products_count_one_per_element():
    x = keras.Input((8, 8, 3))
    assert count_macs(keras.Model(x, layers.Multiply()([x, x, x]))) == 2 * 192
    assert count_macs(keras.Model(x, x * x)) == 192
    assert count_macs(keras.Model(x, ops.square(x))) == 192
    assert count_macs(keras.Model(x, x**3)) == 2 * 192
    assert count_macs(keras.Model(x, x * 2.0)) == 0


def test_matrix_products_and_einsum():
    x = keras.Input((4, 5))
    assert count_macs(keras.Model(x, ops.matmul(x, ops.transpose(x, (0, 2, 1))))) == 4 * 5 * 4
    assert count_macs(keras.Model(x, ops.einsum("bij,bkj->bik", x, x))) == 4 * 5 * 4
    assert count_macs(keras.Model(x, layers.Dot(2)([x, x]))) == 4 * 5 * 4


def test_shared_and_nested_models_count_each_use():
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(6)])
    x = keras.Input((6,))
    assert count_macs(keras.Model(x, inner(inner(x)))) == 72


def test_open_sizes_take_those_of_the_caller_or_are_refused():
    inner = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(2, 1)])
    with pytest.raises(ValueError, match="fixed"):
        count_macs(inner)


class _Block(layers.Layer):
    """A layer of children and ops, as users write them."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Conv2D(4, 3, padding="same")
        self.second = layers.Conv2D(4, 3, padding="same")

    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build(input_shape)
        self.alpha = self.add_weight(name="alpha", shape=(), initializer="ones")

    def call(self, inputs):
        return self.first(inputs) * self.second(inputs) * self.alpha

    def compute_output_shape(self, input_shape):
        return self.first.compute_output_shape(input_shape)


class _Ruled(_Block):
    def macs_rule(self, input_shape):
        return 7 * input_shape[1]


def test_a_layer_of_ones_own_is_opened():
    assert _count(_Block()) == 2 * 64 * 9 * 3 * 4 + 64 * 4


def test_opening_a_layer_leaves_it_as_it_was():
    block = _Block()
    model = keras.Sequential([keras.Input((8, 8, 3)), block])
    before = len(block.first._inbound_nodes)
    count_macs(model)
    assert len(block.first._inbound_nodes) == before


def test_a_rule_goes_before_the_opening():
    assert _count(_Ruled()) == 56


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(ValueError, match="not counted"):
        _count(layers.LSTM(3), shape=(4, 5))
