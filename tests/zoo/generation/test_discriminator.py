"""The discriminator of feature maps: a score for each map, and the weight of the label in it."""

import keras
import numpy as np
import pytest

from zoo.architectures.discriminator import projected_discriminator

SHAPES = [(32, 32, 3), (15, 15, 5), (7, 7, 6), (3, 3, 7)]


def scores(network, labels):
    maps = [np.random.default_rng(0).normal(size=(2, *shape)).astype("float32") for shape in SHAPES]
    return keras.ops.convert_to_numpy(network([*maps, np.array(labels)]))


def test_each_map_is_made_small_and_gets_a_score():
    network = projected_discriminator(SHAPES, 3, width=2)
    assert network.output_shape == (None, 4)
    last = [network.get_layer(f"map_{index}_last_normalised").output.shape[1:] for index in range(4)]
    assert last == [(4, 4, 8), (4, 4, 8), (4, 4, 8), (3, 3, 8)]
    assert projected_discriminator(SHAPES, width=2).output_shape == (None, 4)
    small = projected_discriminator([(3, 3, 7)], width=2)
    assert small.get_layer("map_0_last_normalised").output.shape[1:] == (3, 3, 2)


@pytest.mark.parametrize("weight", [0.5, 0.0])
def test_the_weight_of_the_label(weight):
    whole, weighted = (projected_discriminator(SHAPES, 3, 2, label_weight=each) for each in (1.0, weight))
    weighted.set_weights(whole.get_weights())
    changes = [np.diff([scores(network, [label, 1])[0] for label in (0, 2)], axis=0) for network in (whole, weighted)]
    np.testing.assert_allclose(changes[1], weight * changes[0], rtol=1e-3, atol=1e-4)
    assert np.abs(changes[0]).max() > 0.01
