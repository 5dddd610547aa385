"""The network for spectrograms: time steps are positions, bands are channels, and what it refuses."""

import keras
import numpy as np
import pytest

from pinet_keras import PolyConv1D
from pinet_keras.analysis import certify
from zoo.architectures.temporal import temporal


def network(shape=(5, 12, 1), **arguments):
    inputs = keras.Input(shape)
    return keras.Model(inputs, temporal(inputs, **{"width": 4, "stages": 2, "kernel_size": 3, **arguments}))


def spectrograms(count, shape=(5, 12, 1)):
    return np.random.default_rng(0).normal(size=(count, *shape)).astype("float32")


@pytest.mark.parametrize(("degree", "decomposition"), [(2, "ccp"), (3, "ncp"), (2, "ncp_skip")])
def test_the_degree_is_that_of_a_layer_to_the_power_of_the_stages(degree, decomposition):
    model = network(degree=degree, decomposition=decomposition, growth=1.5)
    certificate = certify(model)
    assert certificate.degree == degree**2
    assert certificate.verify(model, spectrograms(6), lines=2).holds
    made = [layer for layer in model.layers if isinstance(layer, PolyConv1D)]
    assert [(layer.filters, layer.rank, layer.decomposition) for layer in made] == [
        (4, 4, decomposition),
        (6, 6, decomposition),
    ]


def test_the_kernels_move_along_the_time_and_see_all_bands():
    model = keras.Model((whole := network(stages=1)).input, whole.get_layer("stage_0").output)
    before = spectrograms(1)
    after = before.copy()
    after[0, 4, 6] += 1.0  # one band at one time step
    changed = np.abs(model.predict(after, verbose=0) - model.predict(before, verbose=0))[0].max(axis=-1) > 0
    assert np.flatnonzero(changed).tolist() == [5, 6, 7]
    assert model.get_layer("stage_0").input_factors[0].kernel.shape == (3, 5, 4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"decomposition": "cp"}, "`decomposition` must be one of 'ccp', 'ncp', 'ncp_skip'. Received: decomp"),
        ({"stages": 4}, "of 12 steps is too short. Received: stages=4"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        network(**arguments)
