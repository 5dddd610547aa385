"""The matrices of affine layers, as sparse matrices over one flattened example."""

import itertools
from collections.abc import Callable

import keras
import numpy as np
from keras import ops, tree
from scipy import sparse

from zoo.encrypted.forms import selection

UNIT_VECTORS = 4096  # more inputs than this are not mapped one by one


def gather(function: Callable, shapes: list[tuple]) -> list[tuple[sparse.csr_array, tuple]]:
    """The matrices of a function that moves, copies and drops values: it is run on their indices.

    Args:
        function: takes one array `[1, *shape]` for each shape and gives one tensor, or several.
        shapes: shapes of its inputs without the batch axis.

    Returns:
        For each output its matrix over all inputs, one after the other, and its shape.

    Raises:
        ValueError: the function does more than move values.
    """
    sizes = [int(np.prod(shape)) for shape in shapes]
    starts = np.cumsum([1, *sizes])
    indices = [np.arange(a, b).reshape(1, *shape) for a, b, shape in zip(starts, starts[1:], shapes, strict=False)]
    found = []
    for tensor in tree.flatten(function(*(index.astype("float64") for index in indices))):
        values = ops.convert_to_numpy(tensor)
        index = np.rint(values).astype(int)
        if (index != values).any() or index.min() < 0 or index.max() >= starts[-1]:
            raise ValueError("It does more than move values.")
        found.append((selection(index.ravel() - 1, sum(sizes)), values.shape[1:]))
    return found


def elementwise(function: Callable, shape: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Factor and shift of a function that is affine in each value alone: its values at 0 and at 1.

    Raises:
        ValueError: its values at 3 are others than these tell.
    """
    zero, one, three = (ops.convert_to_numpy(function(np.full((1, *shape), float(x)))).ravel() for x in (0, 1, 3))
    _check(three, zero + 3 * (one - zero))
    return one - zero, zero


def unit_vectors(function: Callable, shape: tuple) -> tuple[sparse.csr_array, np.ndarray, tuple]:
    """Matrix, shift and output shape of any affine function, run on every unit vector.

    Raises:
        ValueError: there are too many of them, or the function is not affine.
    """
    size = int(np.prod(shape))
    if size > UNIT_VECTORS:
        raise ValueError(f"It has no rule, and {size:,} inputs are too many to be tried one by one.")
    zero = ops.convert_to_numpy(function(np.zeros((1, *shape))))
    columns = []
    for start in range(0, size, 256):
        units = np.eye(min(256, size - start), size, start)
        moved = ops.convert_to_numpy(function(units.reshape(-1, *shape))) - zero
        columns.append(sparse.csr_array(moved.reshape(len(units), -1)))
    matrix = sparse.csr_array(sparse.vstack(columns).T)
    probe = np.random.default_rng(0).normal(size=size)
    _check(ops.convert_to_numpy(function(probe.reshape(1, *shape))).ravel(), matrix @ probe + zero.ravel())
    return matrix, zero.ravel(), zero.shape[1:]


def _check(found: np.ndarray, wanted: np.ndarray) -> None:
    if not np.allclose(found, wanted, rtol=1e-6, atol=1e-6 * np.abs(wanted).max(initial=1)):
        raise ValueError("It is not affine.")


def dense(kernel: np.ndarray, shape: tuple) -> sparse.csr_array:
    """A dense layer on the last axis."""
    rows = int(np.prod(shape[:-1]))
    return sparse.csr_array(sparse.kron(sparse.eye_array(rows), kernel.T))


def _windows(layer, kernel_size: tuple, shape: tuple, weigh: Callable) -> tuple[sparse.csr_array, tuple]:
    """The sum over the places of a window of matrices that mix channels there: convolutions and poolings.

    Args:
        layer: has `strides`, `padding` and perhaps `dilation_rate`, as Keras' layers do.
        kernel_size: size of the window.
        shape: `[*space, channels]`.
        weigh: `weigh(place)` gives the matrix `[channels out, channels in]` for a place of the window.
    """
    space = shape[:-1]
    index = np.arange(int(np.prod(space))).reshape(space)
    dilation = getattr(layer, "dilation_rate", 1)
    dilation = dilation if isinstance(dilation, tuple) else (dilation,) * len(space)
    strides = layer.strides if isinstance(layer.strides, tuple) else (layer.strides,) * len(space)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    if layer.padding == "same":
        out = [-(-n // s) for n, s in zip(space, strides, strict=True)]
        lacking = [max((o - 1) * s + r - n, 0) for o, s, r, n in zip(out, strides, reach, space, strict=True)]
        index = np.pad(index, [(n // 2, n - n // 2) for n in lacking], constant_values=-1)
    elif layer.padding == "causal":
        index, out = np.pad(index, (reach[0] - 1, 0), constant_values=-1), [-(-space[0] // strides[0])]
    else:
        out = [(n - r) // s + 1 for n, s, r in zip(space, strides, reach, strict=True)]
    total, channels_out = None, 0
    for place in itertools.product(*map(range, kernel_size)):
        at = tuple(
            slice(p * d, p * d + (o - 1) * s + 1, s) for p, d, o, s in zip(place, dilation, out, strides, strict=True)
        )
        mixing = weigh(place)
        channels_out = mixing.shape[0]
        part = sparse.kron(selection(index[at].ravel(), int(np.prod(space))), mixing, format="csr")
        total = part if total is None else total + part
    return sparse.csr_array(total), (*out, channels_out)


def convolution(layer, shape: tuple) -> tuple[sparse.csr_array, tuple]:
    """A `Conv1D`, `Conv2D` or `Conv3D` with its groups, and a `DepthwiseConv` of these; channels last."""
    kernel = np.asarray(ops.convert_to_numpy(layer.kernel), dtype="float64")
    if type(layer).__name__.startswith("Depthwise"):
        return _windows(layer, kernel.shape[:-2], shape, lambda place: sparse.block_diag([*kernel[place][..., None]]))
    return _windows(layer, kernel.shape[:-2], shape, lambda place: _grouped(kernel[place], layer.groups))


def _grouped(kernel: np.ndarray, groups: int) -> sparse.csr_array:
    """The matrix of one place of a convolution; `kernel` is `[channels in of a group, channels out]`."""
    return sparse.csr_array(sparse.block_diag([part.T for part in np.split(kernel, groups, axis=1)]))


def average_pooling(layer, shape: tuple) -> tuple[sparse.csr_array, tuple]:
    """An `AveragePooling` layer; places of the padding are not counted."""
    eye = sparse.eye_array(shape[-1])
    size = layer.pool_size if isinstance(layer.pool_size, tuple) else (layer.pool_size,) * (len(shape) - 1)
    total, out = _windows(layer, size, shape, lambda place: eye)
    return sparse.csr_array(sparse.diags_array(1 / total.sum(axis=1)) @ total), out


def is_channels_last(layer) -> bool:
    """Whether a layer works on `[*space, channels]`."""
    return getattr(layer, "data_format", None) in (None, "channels_last")


def bias(layer, size: int) -> np.ndarray | float:
    """The bias of a layer for every place of its output, or 0."""
    if not layer.use_bias:
        return 0.0
    vector = np.asarray(ops.convert_to_numpy(layer.bias), dtype="float64")
    return np.tile(vector, size // vector.size)


def is_linear(layer) -> bool:
    """Whether a layer ends without an activation function."""
    return getattr(layer, "activation", None) in (None, keras.activations.linear)
