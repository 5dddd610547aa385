"""Merged convolutions compute what the single ones did."""

import keras
import numpy as np

import zoo
from pinet_keras.analysis import fold
from zoo.serving.merging import merge_siblings


def convolutions(model):
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]


def test_polynets_pairs_become_one_each():
    model = fold(zoo.load("polynet_mnist"))
    merged = merge_siblings(model)
    assert (len(convolutions(model)), len(convolutions(merged))) == (10, 5)
    images = np.random.default_rng(0).uniform(0, 255, (3, 28, 28, 1)).astype("float32")
    before, after = model.predict(images, verbose=0), merged.predict(images, verbose=0)
    assert np.abs(after - before).max() <= 1e-6 * np.abs(before).max()


def test_what_differs_stays_apart():
    x = keras.Input((8, 8, 2))
    a = keras.layers.Conv2D(3, 3, padding="same")(x)
    b = keras.layers.Conv2D(4, 3, padding="same")(x)
    other_kernel = keras.layers.Conv2D(3, 1)(x)
    activated = keras.layers.Conv2D(3, 3, padding="same", activation="tanh")(x)
    later = keras.layers.Conv2D(3, 3, padding="same")(a)
    shared = keras.layers.Conv2D(2, 3, padding="same")
    outputs = keras.layers.Concatenate()([a, b, other_kernel, activated, later, shared(x), shared(x)])
    model = keras.Model(x, outputs)
    merged = merge_siblings(model)
    assert len(convolutions(merged)) == len(convolutions(model)) - 1
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 2)).astype("float32")
    np.testing.assert_allclose(merged.predict(images, verbose=0), model.predict(images, verbose=0), atol=1e-5)
    alone = keras.Model(x, b)
    assert merge_siblings(alone) is alone
