"""The running statistics of batch normalisation."""

import keras
import numpy as np
from keras import ops

AT_A_TIME = 250  # examples, about as many as in a training batch


def recompute_statistics(model: keras.Model, inputs: np.ndarray | list[np.ndarray]) -> None:
    """Recompute the moving statistics of batch normalisation, which averaging the weights has made wrong.

    They become the median over batches, which a typical training batch was normalised with. Products have long tails:
    the mean would be dominated by the few batches with the most extreme examples.

    Args:
        model: a built model.
        inputs: an array, or a list of arrays, as the model takes them.

    Reference:
        Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, arXiv 1803.05407,
        section 3.2.
    """
    norms = [
        layer
        for child in model.layers
        for layer in child._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    if not norms:
        return
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0  # the moving statistics are then those of the last batch
    arrays = inputs if isinstance(inputs, list) else [inputs]
    count, found = len(arrays[0]), []
    for rows in np.array_split(np.arange(count), -(-count // AT_A_TIME)):
        parts = [array[rows] for array in arrays]
        model(parts if isinstance(inputs, list) else parts[0], training=True)
        found.append([ops.convert_to_numpy(value) for value in _statistics(norms)])
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
    for variable, values in zip(_statistics(norms), zip(*found, strict=True), strict=True):
        variable.assign(np.median(values, axis=0))


def _statistics(norms: list[keras.layers.BatchNormalization]) -> list[keras.Variable]:
    return [variable for layer in norms for variable in (layer.moving_mean, layer.moving_variance)]
