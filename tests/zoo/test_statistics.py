"""The recomputed statistics of batch normalisation."""

import keras
import numpy as np

from zoo.training.batch_norm import AT_A_TIME, recompute_statistics


def normed(momentum=0.9):
    norm = keras.layers.BatchNormalization(momentum=momentum)
    return keras.Sequential([keras.Input((3,)), norm]), norm


def test_they_become_those_of_a_typical_batch():
    model, norm = normed()
    values = np.random.default_rng(0).normal(2, 3, (8 * AT_A_TIME, 3)).astype("float32")
    values[5] = 1e6  # it would dominate a mean over batches
    recompute_statistics(model, values)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_mean), 2, atol=0.3)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_variance), 9, rtol=0.15)
    assert norm.momentum == 0.9


def test_one_batch_is_its_own_median():
    model, norm = normed()
    values = np.random.default_rng(0).normal(2, 3, (AT_A_TIME // 2, 3)).astype("float32")
    recompute_statistics(model, values)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_mean), values.mean(0), rtol=1e-4)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_variance), values.var(0), rtol=1e-3)


def test_a_network_without_them_is_left_alone():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    before = model.get_weights()
    recompute_statistics(model, np.zeros((5, 3), "float32"))
    assert all((old == new).all() for old, new in zip(before, model.get_weights(), strict=True))
