"""Convolutions with few outputs as matrix products of a training step."""

import contextlib
from collections.abc import Iterator
from types import MethodType

import keras

from zoo.training.fused_norms import in_float32, is_fused

MOST_OUTPUTS, LEAST_FILTERS = 16, 128  # positions of an image, and channels there


@contextlib.contextmanager
def matrix_convolutions(model: keras.Model) -> Iterator[None]:
    """A context in which a model's training steps, on TensorFlow on a CPU, compute convolutions whose outputs have at
    most 4×4 positions and at least 128 channels as products of matrices, where they have strides or no padding.

    y = columns · kernel, where a row of the columns has all inputs of one output. oneDNN computes convolutions row by
    row, and has about half of its speed where a row has four outputs or fewer. One thread took 1.19 times as long for a
    training step of PolyNet, and 1.04 times as long for one of the NCP network of docs/performance.md. With padding and
    without strides, three tenths or more of the columns are zeros, which a convolution leaves out: training a generator
    of 8×8 digits took 1.24 times as long with products.

    Args:
        model: a compiled `keras.Model`, whose steps are first traced in the context. With XLA it stays as it is; so do
            subclasses of `Conv2D`, and layers with groups, dilation, unequal strides, channels first, or other weights
            than float32.
    """
    layers = [layer for layer in model._flatten_layers() if _is_plain(layer)] if is_fused(model) else []
    for layer in layers:
        layer.convolution_op = MethodType(_convolution_op, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.convolution_op


def _is_plain(layer):
    return (
        type(layer) is keras.layers.Conv2D
        and in_float32(layer)
        and layer.data_format == "channels_last"
        and layer.groups == 1
        and layer.dilation_rate == (1, 1)
        and layer.strides[0] == layer.strides[1]
        and layer.filters >= LEAST_FILTERS
        and (layer.strides[0] > 1 or layer.padding == "valid")
    )


def _convolution_op(layer, inputs, kernel):
    """What the layer's own `convolution_op` gives."""
    shape = layer.compute_output_shape(inputs.shape)[1:3]
    if None in shape or shape[0] * shape[1] > MOST_OUTPUTS:
        return type(layer).convolution_op(layer, inputs, kernel)
    import tensorflow as tf

    kernel, stride = tf.convert_to_tensor(kernel), layer.strides[0]
    inputs = _padded(inputs, kernel.shape[:2], stride, shape, layer.padding)
    whole = all(size % stride == 0 for size in kernel.shape[:2])
    return (_of_blocks if whole else _of_columns)(inputs, kernel, stride, shape)


def _padded(inputs, sizes, stride, shape, padding):
    """The inputs that outputs of this shape need: padded with zeros as TensorFlow does, without rows at the end that
    reach no output."""
    import tensorflow as tf

    needed = [(outputs - 1) * stride + size for outputs, size in zip(shape, sizes, strict=True)]
    more = [max(n - own, 0) if padding == "same" else 0 for n, own in zip(needed, inputs.shape[1:3], strict=True)]
    inputs = tf.pad(inputs, [[0, 0], *([each // 2, each - each // 2] for each in more), [0, 0]])
    return tf.slice(inputs, [0, 0, 0, 0], [-1, *needed, -1])


def _of_blocks(inputs, kernel, stride, shape):
    """Of a kernel of whole blocks of stride × stride inputs: a block becomes one position with all its channels."""
    import tensorflow as tf

    height, width, channels, filters = kernel.shape
    rows, columns, depth = height // stride, width // stride, stride * stride * channels
    if stride > 1:
        inputs = tf.nn.space_to_depth(inputs, stride)
        kernel = tf.reshape(kernel, [rows, stride, columns, stride, channels, filters])
        kernel = tf.transpose(kernel, [0, 2, 1, 3, 4, 5])
    # `tf.slice`, as its gradient is a padding: that of an index takes five times as long.
    parts = [
        tf.slice(inputs, [0, row, column, 0], [-1, *shape, -1]) for row in range(rows) for column in range(columns)
    ]
    size = rows * columns * depth
    product = tf.matmul(tf.reshape(tf.concat(parts, -1), [-1, size]), tf.reshape(kernel, [size, filters]))
    return tf.reshape(product, [-1, *shape, filters])


def _of_columns(inputs, kernel, stride, shape):
    """Of any kernel. The gradient in the inputs is that of the convolution, which is faster than adding up columns."""
    import tensorflow as tf

    @tf.custom_gradient
    def convolution(inputs, kernel):
        height, width, _, filters = kernel.shape
        strides = [1, stride, stride, 1]
        columns = tf.image.extract_patches(inputs, [1, height, width, 1], strides, [1, 1, 1, 1], "VALID")
        columns = tf.reshape(columns, [-1, columns.shape[-1]])
        product = tf.matmul(columns, tf.reshape(kernel, [-1, filters]))

        def gradient(upstream):
            of_inputs = tf.nn.conv2d_transpose(upstream, kernel, tf.shape(inputs), strides, "VALID")
            of_kernel = tf.matmul(columns, tf.reshape(upstream, [-1, filters]), transpose_a=True)
            return of_inputs, tf.reshape(of_kernel, kernel.shape)

        return tf.reshape(product, [-1, *shape, filters]), gradient

    return convolution(inputs, kernel)
