"""Merging of convolutions with the same input into one, followed by a split, which reads the input once."""

import keras
import numpy as np
from keras import ops

SAME = ("kernel_size", "strides", "padding", "dilation_rate", "groups", "data_format", "use_bias", "dtype")


def merge_siblings(model) -> keras.Model:
    """Merge `Conv2D` layers of the same input and shape of kernel; the function stays what it was.

    A product of two convolutions, as in PolyNet, so runs faster on single images, and about as fast on batches;
    `python -m benchmarks.serving` measures the export as a whole.

    Args:
        model: a functional `keras.Model`.

    Returns:
        A model with the same weights, or the very same model where nothing can be merged.
    """
    groups = _groups(model)
    if not groups:
        return model
    members = {id(layer): (group, index) for group in groups for index, layer in enumerate(group)}
    outputs: dict[int, list] = {}

    def call(layer, *args, **kwargs):
        if id(layer) not in members:
            return layer(*args, **kwargs)
        group, index = members[id(layer)]
        if id(group) not in outputs:
            ends = np.cumsum([member.filters for member in group])[:-1].tolist()
            outputs[id(group)] = ops.split(_merged(group, args[0]), ends, axis=-1)
        return outputs[id(group)][index]

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)


def _groups(model):
    """Lists of two or more layers that can be one."""
    alike: dict[tuple, list] = {}
    for layer in model.layers:
        if type(layer) is keras.layers.Conv2D and len(layer._inbound_nodes) == 1 and layer.groups == 1:
            config = layer.get_config()
            if config["activation"] == "linear" and layer.data_format == "channels_last":
                key = (id(layer.input), *(str(config[name]) for name in SAME))
                alike.setdefault(key, []).append(layer)
    return [group for group in alike.values() if len(group) > 1]


def _merged(group, inputs):
    filters = sum(member.filters for member in group)
    layer = keras.layers.Conv2D.from_config(
        {**group[0].get_config(), "name": "_".join(member.name for member in group), "filters": filters}
    )
    outputs = layer(inputs)
    layer.set_weights(
        [np.concatenate(weights, axis=-1) for weights in zip(*(m.get_weights() for m in group), strict=True)]
    )
    return outputs
