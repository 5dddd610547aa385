"""Networks of affine maps, ReLUs and max-pools along a line: piecewise linear, piece by piece."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike

from pinet_keras.analysis.graph import Call, calls_of, is_keras_layer
from pinet_keras.analysis.replay import Copier, Evaluator, float64_enabled, replay
from pinet_keras.analysis.rules import step_of

RELUS = (keras.activations.relu, keras.activations.relu6, keras.activations.leaky_relu)
POOLS = ("MaxPooling1D", "MaxPooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D")
# Two bends nearer than this are one; a slope that changes by less, relatively, does not change.
CLOSE = 1e-12
SAME_SLOPE = 1e-9


@dataclass(frozen=True)
class Pieces:
    """A piecewise linear function of t, as `linear_regions_on_line` finds it.

    Attributes:
        ts: `[points]`, in rising order: the ends of the line, and the places where the function bends.
        values: `[points, outputs]`, the function there. It is straight between neighbouring points.

    Example:
        >>> from pinet_keras import analysis
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.ReLU()])
        >>> pieces = analysis.linear_regions_on_line(model, x=[0, 0], direction=[1, -1])
        >>> pieces.ts, pieces.values  # max(t, 0) and max(-t, 0)
        (array([-1., 0., 1.]), array([[0., 1.], [0., 0.], [1., 0.]]))
        >>> pieces([0.5])
        array([[0.5, 0. ]])
    """

    ts: np.ndarray
    values: np.ndarray

    @property
    def count(self) -> int:
        """Number of linear pieces."""
        return len(self.ts) - 1

    def __call__(self, t: ArrayLike) -> np.ndarray:
        """The values of the function.

        Args:
            t: points `[n]`.

        Returns:
            float64 `[n, outputs]`.
        """
        return np.stack(
            [np.interp(np.asarray(t, dtype="float64"), self.ts, column) for column in self.values.T], axis=-1
        )


def linear_regions_on_line(
    model: keras.Model, x: ArrayLike, direction: ArrayLike, domain: tuple[float, float] = (-1.0, 1.0)
) -> Pieces:
    """Find the linear pieces of a ReLU network along x + t·direction: the counterpart of `restrict`.

    Every tensor is followed as a piecewise linear function of t, kept as its values at all bends so far. An affine
    map moves the values; a ReLU or a max-pool adds the points where one of its units changes sides, which are zeros of
    linear functions. Nothing is sampled.

    Args:
        model: a model of affine maps, ReLUs (also leaky ones and relu6) and max-pools.
        x: one input, without the batch axis.
        direction: the direction, of the same shape.
        domain: range of t.

    Returns:
        `Pieces` of the logits; a softmax on them is left out.

    Raises:
        ValueError: a layer of another kind, several inputs, or wrong shapes.

    Reference:
        Zhang, Naitzat, Lim, Tropical Geometry of Deep Neural Networks, ICML 2018.

    Example:
        >>> from pinet_keras import analysis
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.ReLU()])
        >>> pieces = analysis.linear_regions_on_line(model, x=[0, 0], direction=[1, -1])
        >>> pieces.count  # the ReLUs bend at t = 0
        2
    """
    evaluator = Evaluator(model)
    if len(evaluator.shapes) != 1:
        raise ValueError(f"Models of one input are followed. Received: {len(evaluator.shapes)} inputs")
    start, step = evaluator.points(x, "x")[0], evaluator.points(direction, "direction")[0]
    ts = np.array(domain, dtype="float64")
    with float64_enabled():
        graph = replay(evaluator.model, _Splitter())
        tensors = {id(graph.inputs[0]): start + ts.reshape(-1, *[1] * start.ndim) * step}
        calls = calls_of(graph)
        for position, call in enumerate(calls):
            ts = _follow(call, tensors, ts)
            later = {id(x) for following in calls[position + 1 :] for x in following.tensors}
            needed = later | {id(x) for x in graph.outputs}
            tensors = {key: value for key, value in tensors.items() if key in needed}
    values = np.concatenate([tensors[id(x)].reshape(len(ts), -1) for x in graph.outputs], axis=1)
    return _merged(ts, values)


class _Splitter(Copier):
    """Copies a model, each ReLU inside another layer made a layer of its own."""

    def __call__(self, call: Call, args: tuple, kwargs: dict, name: str, is_last: bool):
        activation = getattr(call.operation, "activation", None)
        if activation not in RELUS or isinstance(call.operation, layers.Activation):
            return super().__call__(call, args, kwargs, name, is_last)
        weights = call.operation.get_weights()
        call.operation.activation = keras.activations.linear  # of a copy that no one else has
        outputs = super().__call__(call, args, kwargs, name, is_last)
        call.operation.activation = activation
        self._copies[(id(call.operation), False)].set_weights(weights)
        return layers.Activation(activation, dtype="float64")(outputs)


def _follow(call: Call, tensors: dict, ts: np.ndarray) -> np.ndarray:
    """Compute a call's outputs at all bends, after adding the bends that it makes; the new bends."""
    corners = _corners(call.operation)
    if corners is not None:
        values = tensors[id(call.tensors[0])].reshape(len(ts), -1)
        ts = _refine(tensors, ts, np.concatenate([_zeros(ts, values - corner) for corner in corners]))
    elif type(call.operation).__name__ in POOLS and call.operation.data_format == "channels_last":
        ts = _refine(tensors, ts, _pool_bends(call, tensors, ts))
    else:
        kind = step_of(call, {id(x): 1 for x in call.tensors}, False).kind
        if kind not in ("affine", "sum", "identity", "scaling"):
            raise ValueError(f"Affine maps, ReLUs and max-pools are followed. Received: {call.operation.name} ({kind})")
    filled = keras.tree.map_structure(
        lambda x: ops.convert_to_tensor(tensors[id(x)], "float64") if isinstance(x, keras.KerasTensor) else x,
        (call.args, call.kwargs),
    )
    results = keras.tree.flatten(call.operation(*filled[0], **filled[1]))
    for output, result in zip(call.outputs, results, strict=True):
        tensors[id(output)] = np.asarray(ops.convert_to_numpy(result), dtype="float64")
    return ts


def _corners(operation: keras.Operation) -> tuple[float, ...] | None:
    """Where a ReLU bends, or None for other layers."""
    name = type(operation).__name__
    if isinstance(operation, layers.Activation) and operation.activation in RELUS:
        return (0.0, 6.0) if operation.activation is keras.activations.relu6 else (0.0,)
    if is_keras_layer(operation) and name == "ReLU" and operation.threshold == 0:
        return (0.0,) if operation.max_value is None else (0.0, float(operation.max_value))
    return {"LeakyReLU": (0.0,), "PReLU": (0.0,), "Relu": (0.0,), "Relu6": (0.0, 6.0), "LeakyRelu": (0.0,)}.get(name)


def _zeros(ts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Every t strictly between two bends at which some column of `values` changes sign."""
    before, after = values[:-1], values[1:]
    piece, column = np.nonzero(before * after < 0)
    a, b = before[piece, column], after[piece, column]
    return ts[piece] + (ts[piece + 1] - ts[piece]) * a / (a - b)


def _pool_bends(call: Call, tensors: dict, ts: np.ndarray) -> np.ndarray:
    """Where two values of one pooling window are equal: among these are all where the largest changes."""
    values, layer = tensors[id(call.tensors[0])], call.operation
    if type(layer).__name__.startswith("Global"):
        windows = values.reshape(len(values), -1, values.shape[-1]).swapaxes(1, 2)
    else:
        padded = _padded(values, layer.pool_size, layer.strides) if layer.padding == "same" else values
        axes = tuple(range(1, values.ndim - 1))
        view = np.lib.stride_tricks.sliding_window_view(padded, layer.pool_size, axes)
        view = view[(slice(None), *(slice(None, None, stride) for stride in layer.strides))]
        windows = view.reshape(len(values), -1, math.prod(layer.pool_size))
    found = [np.empty(0)]
    for i in range(windows.shape[2]):
        for j in range(i):
            with np.errstate(invalid="ignore"):  # padding less padding
                gap = windows[:, :, i] - windows[:, :, j]
            found.append(_zeros(ts, np.nan_to_num(gap)))
    return np.concatenate(found)


def _padded(values: np.ndarray, size: Sequence[int], strides: Sequence[int]) -> np.ndarray:
    """What "same" padding adds; minus infinity never is the largest."""
    totals = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(values.shape[1:-1], size, strides, strict=True)]
    pads = [(0, 0), *((total // 2, total - total // 2) for total in totals), (0, 0)]
    return np.pad(values, pads, constant_values=-np.inf)


def _refine(tensors: dict, ts: np.ndarray, extra: np.ndarray) -> np.ndarray:
    """Add bends, and every tensor's values there: between bends all are straight."""
    new = np.unique(np.concatenate([ts, extra]))
    new = new[np.concatenate([[True], np.diff(new) > CLOSE])]
    left = np.clip(np.searchsorted(ts, new, side="right") - 1, 0, len(ts) - 2)
    fraction = (new - ts[left]) / (ts[left + 1] - ts[left])
    for key, values in tensors.items():
        weight = fraction.reshape(-1, *[1] * (values.ndim - 1))
        tensors[key] = values[left] * (1 - weight) + values[left + 1] * weight
    return new


def _merged(ts: np.ndarray, values: np.ndarray) -> Pieces:
    """Leave out the bends at which the outputs do not bend."""
    slopes = np.diff(values, axis=0) / np.diff(ts)[:, None]
    change = np.abs(np.diff(slopes, axis=0)).max(axis=1)
    bends = np.flatnonzero(change > SAME_SLOPE * max(np.abs(slopes).max(), np.finfo(float).tiny)) + 1
    kept = np.concatenate([[0], bends, [len(ts) - 1]])
    return Pieces(ts[kept], values[kept])
