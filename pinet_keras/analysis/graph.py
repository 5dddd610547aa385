"""The calls of a Keras model, in the order in which they run."""

import inspect
from dataclasses import dataclass, replace
from typing import Any

import keras
from keras import tree
from keras.layers import BatchNormalization
from keras.src.models.functional import Functional  # has no public name; needed to tell a graph from a subclass


def names(words: str) -> frozenset[str]:
    """The words of a string as a set."""
    return frozenset(words.split())


# The methods through which a call of a functional model runs its graph.
CALL_PATH = names("__call__ call _standardize_inputs _convert_inputs_to_tensors _adjust_input_rank _run_through_graph")
if keras.backend.backend() == "torch":  # where a layer is a `torch.nn.Module` too
    CALL_PATH |= {"forward"}
# What a subclass of `BatchNormalization` may define without being another function at inference.
TRAINING_ONLY = names("__init__ _moments get_config from_config")
WRAPPED_BY_KERAS = ("build", "quantize")  # in every layer, as attributes of the instance


@dataclass(frozen=True)
class Call:
    """One application of an operation: its symbolic arguments and what came out."""

    operation: Any
    args: tuple
    kwargs: dict
    outputs: list

    @property
    def tensors(self) -> list:
        """The symbolic tensors among the arguments, without a mask."""
        values = {key: value for key, value in self.kwargs.items() if key != "mask"}
        return [x for x in tree.flatten((self.args, values)) if isinstance(x, keras.KerasTensor)]

    @property
    def training(self) -> bool:
        """Whether the graph holds a `training` that is not False: an inference runs it in training mode."""
        training = self.kwargs.get("training")  # never positional: that is for tensors
        return training is not None and training is not False

    @property
    def mask(self) -> keras.KerasTensor | None:
        """The mask in its arguments, where that is a symbolic tensor."""
        masks = tree.flatten(self.kwargs.get("mask"))
        return next((x for x in masks if isinstance(x, keras.KerasTensor)), None)

    def in_training(self) -> "Call":
        """The same call as made by a model in training mode, which tells all its layers."""
        return replace(self, kwargs={**self.kwargs, "training": True})

    def tensors_for(self, graph: keras.Function) -> list:
        """The symbolic tensors that go into a nested model's graph, in the order of its inputs."""
        values = self.args[0] if self.args else None
        if isinstance(values, dict) and not isinstance(graph._inputs_struct, dict):
            return [values[x.name] for x in graph.inputs]
        return self.tensors


def graph_of(model: keras.Model | keras.layers.Layer) -> Functional | None:
    """The functional graph of a model, or None when the model is Python code rather than a graph.

    Raises:
        ValueError: a Sequential model that was never built.
    """
    if not isinstance(model, Functional | keras.Sequential) or overridden_call(model):
        return None
    if isinstance(model, Functional):
        return model
    if not model.built or model._functional is None:
        raise ValueError(f"The model must be built before it is analysed. Received: model={model.name}, not built")
    return model._functional


def overridden_call(model: keras.Model) -> str | None:
    """Why a call of a functional model may not run its graph, or None.

    A class that overrides `__call__` and still computes its graph, say after a check of the inputs, declares that with
    a class attribute `computes_its_graph = True`. Its subclasses do not inherit the declaration for what they override.
    """
    for cls in type(model).__mro__:
        if cls in keras.Layer.__mro__:  # what every layer is, on torch a `torch.nn.Module`
            continue
        found = sorted(CALL_PATH & vars(cls).keys())
        if found and not cls.__module__.startswith("keras.src.") and not vars(cls).get("computes_its_graph"):
            return f"{cls.__name__} overrides {', '.join(found)}, so it may compute something else than its graph"
    found = sorted(CALL_PATH & vars(model).keys())
    return f"{', '.join(found)} was replaced after construction" if found else torch_hooks(model)


def replaced_methods(operation: keras.Operation) -> list[str]:
    """Methods of an operation that were replaced in the instance, or its `call` in its class, after construction."""
    kind = type(operation)
    found = {name for name in vars(operation) if name not in WRAPPED_BY_KERAS and _is_method(kind, name)}
    if isinstance(operation, keras.Model):  # which holds what compiling and training need as well
        found &= CALL_PATH
    if kind.__module__.startswith("keras.src.") and not kind.call.__module__.startswith("keras.src."):
        found.add("call")
    return sorted(found)


def torch_hooks(operation: keras.Operation) -> str | None:
    """A sentence if PyTorch hooks run before or after each call, or None."""
    hooked = any(getattr(operation, name, None) for name in ("_forward_hooks", "_forward_pre_hooks"))
    return "has PyTorch hooks, which may change what goes in or comes out" if hooked else None


def _is_method(kind: type, name: str) -> bool:
    return inspect.isfunction(inspect.getattr_static(kind, name, None))


def calls_of(graph: keras.Function) -> list[Call]:
    """Every call of a functional graph, inputs first; a shared layer appears once for each use."""
    nodes = [node for depth in sorted(graph._nodes_by_depth, reverse=True) for node in graph._nodes_by_depth[depth]]
    return [
        Call(node.operation, node.arguments.args, node.arguments.kwargs, list(node.outputs))
        for node in nodes
        if not node.is_input
    ]


def class_name(operation: keras.Operation) -> str:
    """The name of an operation's class; a batch normalisation that changes only its training is the one of Keras."""
    return "BatchNormalization" if _is_batch_norm(operation) else type(operation).__name__


def _is_batch_norm(operation: keras.Operation) -> bool:
    if not isinstance(operation, BatchNormalization):
        return False
    kinds = type(operation).__mro__
    own = [item for kind in kinds[: kinds.index(BatchNormalization)] for item in vars(kind).items()]
    return {
        name for name, value in own if callable(value) or isinstance(value, property | classmethod)
    } <= TRAINING_ONLY


def is_keras_layer(operation: keras.Operation) -> bool:
    """Whether this is a layer of Keras itself; a subclass may compute anything, so it does not count."""
    is_keras = isinstance(operation, keras.Layer) and type(operation).__module__.startswith("keras.src.layers.")
    return is_keras or _is_batch_norm(operation)


def is_keras_op(operation: keras.Operation) -> bool:
    """Whether this is a function of `keras.ops` that stands as a node in a graph."""
    return type(operation).__module__.startswith("keras.src.ops.")


def trace(layer: keras.layers.Layer, input_shapes: list[tuple]) -> keras.Function:
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
    except Exception as error:  # a third-party layer may fail in any way
        raise ValueError(
            f"The layer cannot be opened by a symbolic call: {error}. Received: layer={layer!r}"
        ) from error
