"""The running statistics of batch normalisation."""

import keras
import numpy as np

AT_A_TIME = 1000  # examples; outside of a compiled function few large batches are much faster than many small ones


def renew_statistics(model, inputs) -> None:
    """Measure the statistics of batch normalisation anew: after an averaging of weights they belong to the old ones.

    Args:
        model: a built model; the statistics become the mean over batches of its inputs.
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
    arrays = inputs if isinstance(inputs, list) else [inputs]
    count = len(arrays[0])
    for step, rows in enumerate(np.array_split(np.arange(count), -(-count // AT_A_TIME))):
        for layer in norms:
            layer.momentum = step / (step + 1)  # makes the running statistics the mean over the batches so far
        parts = [array[rows] for array in arrays]
        model(parts if isinstance(inputs, list) else parts[0], training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
