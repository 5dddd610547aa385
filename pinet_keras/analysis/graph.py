"""The calls of a Keras model, in the order in which they run."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import tree
from keras.layers import BatchNormalization
from keras.src.models.functional import Functional  # has no public name; needed to tell a graph from a subclass


@dataclass(frozen=True)
class Call:
    """One application of an operation: its symbolic arguments and what came out."""

    operation: Any
    args: tuple
    kwargs: dict
    outputs: list

    @property
    def tensors(self) -> list:
        """The symbolic tensors among the arguments, a mask left out: it says where, not what."""
        values = {key: value for key, value in self.kwargs.items() if key != "mask"}
        return [x for x in tree.flatten((self.args, values)) if isinstance(x, keras.KerasTensor)]


def graph_of(model) -> Functional | None:
    """The functional graph of a model, or None when the model is Python code rather than a graph.

    Raises:
        ValueError: a Sequential model that was never built.
    """
    if type(model).__call__ is keras.Sequential.__call__ and isinstance(model, keras.Sequential):
        if not model.built or model._functional is None:
            raise ValueError(f"The model must be built before it is analysed. Received: model={model.name}, not built")
        return model._functional
    if isinstance(model, Functional) and type(model).call is Functional.call:
        return model
    return None


def calls_of(graph) -> list[Call]:
    """Every call of a functional graph, inputs first; a shared layer appears once for each use."""
    nodes = [node for depth in sorted(graph._nodes_by_depth, reverse=True) for node in graph._nodes_by_depth[depth]]
    return [
        Call(node.operation, node.arguments.args, node.arguments.kwargs, list(node.outputs))
        for node in nodes
        if not node.is_input
    ]


def class_name(operation) -> str:
    """The name of an operation's class; a batch normalisation that changes only its training is the one of Keras."""
    if isinstance(operation, BatchNormalization) and type(operation).call is BatchNormalization.call:
        return "BatchNormalization"
    return type(operation).__name__


def is_keras_layer(operation) -> bool:
    """Whether this is a layer of Keras itself; a subclass may compute anything, so it does not count."""
    if class_name(operation) == "BatchNormalization":
        return isinstance(operation, BatchNormalization)
    return isinstance(operation, keras.Layer) and type(operation).__module__.startswith("keras.src.layers.")


def is_keras_op(operation) -> bool:
    """Whether this is a function of `keras.ops` that stands as a node in a graph."""
    return type(operation).__module__.startswith("keras.src.ops.")


def trace(layer, input_shapes: list[tuple]):
    """Open a layer: the graph of `keras.ops` and child layers that its `call` runs on one example.

    A fresh copy is traced, so that the layer's own history stays as it was.

    Raises:
        ValueError: the layer cannot be copied, or does more than `keras.ops` can record.
    """
    try:
        copy = type(layer).from_config(layer.get_config())
        inputs = [keras.Input(batch_shape=(1, *shape[1:]), dtype=copy.compute_dtype) for shape in input_shapes]
        single = len(inputs) == 1
        if not copy.built:
            copy.build(inputs[0].shape if single else [x.shape for x in inputs])
        return keras.Function(inputs, copy.call(inputs[0] if single else inputs))
    except Exception as error:  # a stranger's layer may fail in any way
        raise ValueError(
            f"The layer cannot be opened by a symbolic call: {error}. Received: layer={layer!r}"
        ) from error
