"""Models whose weights hide no mistakes."""

import keras
import numpy as np
from keras import layers, ops


def randomised(model, seed=0):
    """The model with other weights than the initial ones, which hide mistakes: zeros, ones, equal numbers."""
    rng = np.random.default_rng(seed)
    model.set_weights(
        [np.abs(rng.normal(0.5, 0.2, w.shape)) * rng.choice([-1, 1], w.shape) for w in model.get_weights()]
    )
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_variance.assign(ops.abs(layer.moving_variance) + 0.5)
    return model


def residual():
    """Three products with shortcuts; joined with these, the maps of a block have more than 80 weights."""
    inputs = x = keras.Input((6,))
    for i in range(3):
        product = layers.BatchNormalization()(layers.Dense(6)(x) * layers.Dense(6)(x))
        x = layers.Add()([layers.Dense(6)(x) if i == 1 else x, product])
    return randomised(keras.Model(inputs, layers.Dense(3)(x))), np.random.default_rng(5).normal(size=(4, 6))
