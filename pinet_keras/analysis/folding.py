"""Folding of affine steps into weights: the same function with fewer operations."""

import keras
import numpy as np
from keras import ops, tree
from numpy.typing import ArrayLike

from pinet_keras.analysis.graph import Call, calls_of, class_name, is_keras_layer, is_keras_op
from pinet_keras.analysis.operation_kinds import IDENTITIES
from pinet_keras.analysis.replay import Copier, copy_operation, replay
from pinet_keras.layers.mirror_conv2d import MirrorConv2D

# Layers whose last axis of outputs can take a factor and a shift, and the axis of the kernel that holds it.
SCALABLE = ("Dense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D",
            "SeparableConv2D")  # fmt: skip


def fold(model: keras.Model) -> keras.Model:
    """Rewrite a model into one with the same function and fewer operations: affine steps merge into the map before.

    Batch normalisations, and products and sums with constants (a scalar α, a scale per channel), that follow a dense
    layer or a convolution go into its kernel and bias: γ(Wx + b − μ)/σ + β = (γ/σ W)x + (γ(b − μ)/σ + β). So they do
    where a reshape that splits each position's channels into equal parts stands in between. Layers that do nothing at
    inference are left out. Nested models and the library's own layers are written out as their parts, a `MirrorConv2D`
    as a `Conv2D` with twice its weights; the result is a plain functional model, for inference: it has no training
    behaviour to keep.

    Args:
        model: a built model with a graph.

    Returns:
        A new `keras.Model`. The model given stays as it was.

    Raises:
        ValueError: a model without a graph.

    Example:
        >>> from pinet_keras import analysis
        >>> layers = [keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
        >>> model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
        >>> [type(layer).__name__ for layer in analysis.fold(model).layers]
        ['InputLayer', 'Conv2D']
    """
    flat = replay(model, _Opener())
    return replay(flat, _Folder(_plan(flat)))


class _Opener(Copier):
    """Copies a model and writes out the library's own layers as their children and operations."""

    def __call__(self, call: Call, args: tuple, kwargs: dict, name: str, is_last: bool):
        operation = call.operation
        if type(operation).__name__ in IDENTITIES and is_keras_layer(operation):
            return args[0]
        if is_keras_layer(operation) or not type(operation).__module__.startswith("pinet_keras.layers"):
            return super().__call__(call, args, kwargs, name, is_last)
        key = id(operation)
        if key not in self._copies:
            self._copies[key] = self._opened(operation, args[0], name)
        copy = self._copies[key]
        return copy(args[0]) if is_keras_layer(copy) else copy.call(args[0])

    def _opened(self, layer, inputs, name):
        if isinstance(layer, MirrorConv2D):
            return layer.as_conv2d(name)
        copy = copy_operation(layer, name)
        copy.build(tree.map_structure(lambda x: x.shape, inputs))
        copy.set_weights(layer.get_weights())
        _rename(copy, name)
        return copy


def _rename(layer: keras.layers.Layer, prefix: str) -> None:
    """Give the children of an opened layer unique names: two opened layers have children of the same name."""
    for child in layer._flatten_layers(include_self=False):
        child.name = f"{prefix}__{child.name}"


class _Chain:
    """The factor and shift per output channel that come after an affine map."""

    def __init__(self, channels: int):
        self.factor = np.ones(channels)
        self.shift = np.zeros(channels)

    def then(self, factor: np.ndarray, shift: np.ndarray) -> None:
        """One number each, one for each channel, or one for each of equal parts of the channels."""
        factor, shift = (np.tile(each, len(self.factor) // len(each)) for each in (factor, shift))
        self.factor = self.factor * factor
        self.shift = self.shift * factor + shift

    @property
    def changes_values(self) -> bool:
        """False where only casts to the same dtype come after the map: it then needs no bias."""
        return bool((self.factor != 1).any() or self.shift.any())


class _Plan:
    """Which layers take what, and which calls therefore vanish."""

    def __init__(self) -> None:
        self.chains: dict[int, _Chain] = {}
        self.vanishing: set[int] = set()


def _plan(graph: keras.Function) -> _Plan:
    """Follow every affine map to the steps that can go into it.

    A step goes in when it alone uses the map's result, and the map is called once.
    """
    calls = calls_of(graph)
    uses: dict[int, list[Call]] = {}
    for call in calls:
        for x in call.tensors:
            uses.setdefault(id(x), []).append(call)
    times: dict[int, int] = {}
    for call in calls:
        times[id(call.operation)] = times.get(id(call.operation), 0) + 1
    outputs = {id(x) for x in graph.outputs}
    plan = _Plan()
    for call in calls:
        if not _is_scalable(call.operation) or times[id(call.operation)] > 1:
            continue
        tensor = call.outputs[0]
        chain = _Chain(tensor.shape[-1])
        while id(tensor) not in outputs and len(uses.get(id(tensor), [])) == 1:
            following = uses[id(tensor)][0]
            step = _affine_step(following, tensor)
            if times[id(following.operation)] > 1 or (step is None and not _splits_channels(following, tensor)):
                break
            if step is not None:
                chain.then(*step)
                plan.vanishing.add(id(following.outputs[0]))
            tensor = following.outputs[0]
        if chain.changes_values:
            plan.chains[id(call.operation)] = chain
    return plan


def _is_scalable(operation: keras.Operation) -> bool:
    return (
        is_keras_layer(operation)
        and type(operation).__name__ in SCALABLE
        and operation.activation is keras.activations.linear
        and getattr(operation, "data_format", "channels_last") in (None, "channels_last")
    )


def _affine_step(call: Call, tensor: keras.KerasTensor) -> tuple[np.ndarray, np.ndarray] | None:
    """Factor and shift of a call that scales and shifts each channel, or None."""
    operation, channels = call.operation, tensor.shape[-1]
    name = class_name(operation)
    if name == "BatchNormalization" and is_keras_layer(operation):
        return _batch_norm(operation) if operation.axis in (-1, len(tensor.shape) - 1) else None
    if name == "Cast":
        return (np.ones(1), np.zeros(1)) if call.outputs[0].dtype == tensor.dtype else None
    if name not in ("Multiply", "Add", "Subtract") or is_keras_layer(operation) or len(call.args) != 2:
        return None
    constants = [x for x in call.args if not isinstance(x, keras.KerasTensor)]
    vector = _per_channel(constants[0], channels) if len(constants) == 1 else None
    if vector is None or (name == "Subtract" and call.args[1] is tensor):
        return None
    if name == "Multiply":
        return vector, np.zeros(1)
    return np.ones(1), vector if name == "Add" else -vector


def _splits_channels(call: Call, tensor: keras.KerasTensor) -> bool:
    """Whether a call is a reshape that makes positions with fewer channels of each position, in order."""
    keras_own = is_keras_layer(call.operation) or is_keras_op(call.operation)
    if not keras_own or class_name(call.operation) != "Reshape":
        return False
    channels, part = tensor.shape[-1], call.outputs[0].shape[-1]
    return None not in (channels, part) and channels % part == 0


def _per_channel(constant: ArrayLike, channels: int) -> np.ndarray | None:
    """A constant that is one number, or one for each channel in the last axis, as a vector."""
    array = np.asarray(ops.convert_to_numpy(constant), dtype="float64")
    if array.size == 1 or (array.size == channels == array.shape[-1]):
        return array.reshape(-1)
    return None


def _batch_norm(layer: keras.layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    mean, variance = _array(layer.moving_mean), _array(layer.moving_variance)
    factor = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        factor = factor * _array(layer.gamma)
    shift = -mean * factor
    return factor, shift + _array(layer.beta) if layer.center else shift


def _array(variable: keras.Variable) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(variable.value), dtype="float64")


class _Folder(Copier):
    """Copies a flat model by the plan."""

    def __init__(self, plan: _Plan):
        super().__init__()
        self.plan = plan

    def __call__(self, call: Call, args: tuple, kwargs: dict, name: str, is_last: bool):
        if id(call.outputs[0]) in self.plan.vanishing:
            return next(x for x in args if isinstance(x, keras.KerasTensor))
        args, kwargs = tree.map_structure(_plain, (args, kwargs))
        chain = self.plan.chains.get(id(call.operation))
        if chain is None:
            return super().__call__(call, args, kwargs, name, is_last)
        layer = _with_bias(call.operation)
        outputs = layer(*args)
        layer.set_weights(_scaled_weights(call.operation, layer, chain))
        return outputs


def _plain(argument):
    """Constants as arrays: a tensor of TensorFlow would be one more input of a graph that is converted to ONNX."""
    return ops.convert_to_numpy(argument) if ops.is_tensor(argument) else argument


def _with_bias(layer: keras.layers.Layer) -> keras.layers.Layer:
    copy = copy_operation(layer, layer.name)
    copy.use_bias = True
    return copy


def _scaled_weights(old: keras.layers.Layer, new: keras.layers.Layer, chain: _Chain) -> list[np.ndarray]:
    """The weights of `old`, with the factor in the kernel and the shift in the bias."""
    *kernels, bias = new.get_weights()
    weights = [np.asarray(w, dtype="float64") for w in old.get_weights()]
    if old.use_bias:
        *weights, bias = weights
    last = weights[-1]
    if type(old).__name__.startswith("DepthwiseConv"):
        weights[-1] = last * chain.factor.reshape(last.shape[-2:])
    else:
        weights[-1] = last * chain.factor
    new_weights = [*weights, bias * chain.factor + chain.shift]
    return [w.astype(k.dtype).reshape(k.shape) for w, k in zip(new_weights, [*kernels, bias], strict=True)]
