"""An independent NumPy reference: the full coefficient tensors of each polynomial, then a sum over their entries."""

import itertools

import numpy as np

from .battery import array


def factors_of(layer):
    """The layer's factors as float64 matrices, each with one column a component of x_n."""

    def matrices(children):
        kernels = [array(child.kernel) for child in children]
        return [kernel.reshape(-1, kernel.shape[-1]).astype("float64") for kernel in kernels]

    def vector(weight):
        return array(weight).astype("float64")

    return {
        "inputs": matrices(layer.input_factors),
        "states": matrices(layer.state_factors),
        "skips": matrices(layer.skip_factors),
        "constants": [vector(constant) for constant in layer.constants],
        "output": matrices([layer.output_factor])[0],
        "bias": vector(layer.output_factor.bias) if layer.use_bias else 0.0,
    }


def coefficient_tensors(decomposition, factors):
    """{m: W[m]}, W[m] of shape (o, d, ..., d) with m axes of length d: y = β + Σ_m W[m] z ⊗ ... ⊗ z."""
    inputs = [matrix.T for matrix in factors["inputs"]]  # k×d
    degree = len(inputs)
    readout = factors["output"].T  # o×k
    tensors = dict.fromkeys(range(1, degree + 1), 0.0)
    if decomposition == "ccp":
        # x_N = u_1 ∗ Π (1 + u_n): a term for each set of steps that contains the first.
        for m in tensors:
            for chosen in itertools.combinations(range(1, degree), m - 1):
                tensors[m] = tensors[m] + readout_of_outer(readout, [inputs[n] for n in (0, *chosen)])
        return tensors
    # From the last step back to the one whose constant ends the path, each step is a product with S or a skip by V.
    # `path` is what of C has been reached: (o, k, d, ..., d).
    paths = [readout]
    for n in range(degree - 1, -1, -1):
        later = []
        for path in paths:
            product = np.einsum("ok...,ki->ok...i", path, inputs[n])
            m = product.ndim - 2
            tensors[m] = tensors[m] + np.einsum("ok...,k->o...", product, factors["constants"][n])
            if n == 0:
                continue
            later.append(np.einsum("ok...,jk->oj...", product, factors["states"][n - 1]))
            if decomposition == "ncp_skip":
                later.append(np.einsum("ok...,jk->oj...", path, factors["skips"][n - 1]))
        paths = later
    return tensors


def readout_of_outer(readout, rows):
    """Σ_k C[o, k] rows_1[k, i_1] ... rows_m[k, i_m]."""
    result = readout
    for row in rows:
        result = np.einsum("ok...,ki->ok...i", result, row)
    return result.sum(axis=1)


def evaluate(tensors, bias, z):
    """The polynomial at each row of z."""
    y = np.zeros((len(z), len(tensors[1]))) + bias
    for tensor in tensors.values():
        value = np.broadcast_to(tensor, (len(z), *tensor.shape))
        while value.ndim > 2:
            value = np.einsum("b...i,bi->b...", value, z)
        y = y + value
    return y


def patches(x, kernel_size, strides, padding, dilation):
    """Windows of images (batch, height, width, channels), as (batch, rows, columns, values under the kernel)."""
    pads = []
    for size, kernel, stride, rate in zip(x.shape[1:3], kernel_size, strides, dilation, strict=True):
        reach = (kernel - 1) * rate + 1
        total = max((-(-size // stride) - 1) * stride + reach - size, 0) if padding == "same" else 0
        pads.append((reach - 1, 0) if padding == "causal" and kernel > 1 else (total // 2, total - total // 2))
    x = np.pad(x, [(0, 0), *pads, (0, 0)])
    rows, columns = (
        (size - (kernel - 1) * rate - 1) // stride + 1
        for size, kernel, stride, rate in zip(x.shape[1:3], kernel_size, strides, dilation, strict=True)
    )
    out = np.empty((len(x), rows, columns, kernel_size[0] * kernel_size[1] * x.shape[-1]))
    for row, column in itertools.product(range(rows), range(columns)):
        top, left = row * strides[0], column * strides[1]
        window = x[
            :,
            top : top + (kernel_size[0] - 1) * dilation[0] + 1 : dilation[0],
            left : left + (kernel_size[1] - 1) * dilation[1] + 1 : dilation[1],
        ]
        out[:, row, column] = window.reshape(len(x), -1)
    return out
