"""Batch normalisation as one operation of a training step."""

import contextlib
from collections.abc import Iterator
from types import MethodType

import keras

from pinet_keras.analysis.graph import is_keras_layer
from pinet_keras.layers._batch_norm import BatchNorm


@contextlib.contextmanager
def fused_norms(model: keras.Model) -> Iterator[None]:
    """A context in which a model's training steps, on TensorFlow on a CPU, normalise batches with one operation.

    y = γ (x − mean) / √(variance + ε) + β and the running statistics are those of Keras up to rounding. Keras writes
    them as a dozen operations, of which most read and write the whole batch, and the gradient likewise. One thread took
    1.17 times as long for a training step of `wide_products` (docs/performance.md).

    Args:
        model: a compiled `keras.Model`, whose steps are first traced in the context. With XLA, which fuses by itself,
            it stays as it is; so do layers over several devices, with other weights than float32, and of other inputs
            than `[batch, height, width, channels]`.
    """
    layers = [layer for layer in model._flatten_layers() if _can_be_fused(layer)] if is_fused(model) else []
    for layer in layers:
        layer.call = MethodType(_call, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.call


def is_fused(model) -> bool:
    """Whether operations of a model's steps are replaced by faster ones: on TensorFlow on a CPU, without XLA."""
    if keras.backend.backend() != "tensorflow" or model.jit_compile:
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


def _can_be_fused(layer):
    known = type(layer) is BatchNorm or (type(layer) is keras.layers.BatchNormalization and is_keras_layer(layer))
    return known and in_float32(layer) and not layer.synchronized


def in_float32(layer) -> bool:
    """Whether a layer has weights in float32 and computes in float32, or in bfloat16 as in mixed precision."""
    return layer.variable_dtype == "float32" and layer.compute_dtype in ("float32", "bfloat16")


def _call(layer, inputs, training=None, mask=None):
    """What the layer's own `call` gives, by one operation where it normalises by the batch."""
    last = len(inputs.shape) == 4 and layer.axis in (-1, 3)
    if not (training and layer.trainable and last and mask is None):
        return type(layer).call(layer, inputs, training=training, mask=mask)
    import tensorflow as tf

    x = tf.cast(inputs, layer.compute_dtype)
    channels = x.shape[-1]
    y, mean, unbiased, *_ = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=tf.cast(layer.gamma, tf.float32) if layer.scale else tf.ones(channels),
        offset=tf.cast(layer.beta, tf.float32) if layer.center else tf.zeros(channels),
        mean=tf.zeros(0),
        variance=tf.zeros(0),
        epsilon=layer.epsilon,
    )
    count = tf.cast(tf.size(x) // channels, tf.float32)
    for running, found in ((layer.moving_mean, mean), (layer.moving_variance, unbiased * (count - 1) / count)):
        running.assign(running * layer.momentum + found * (1 - layer.momentum))
    return y
