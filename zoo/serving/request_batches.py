"""Batches of a request to a served model."""

import tensorflow as tf

from zoo.serving.configs import MAX_BATCH_SIZE


def batch_of(values, shape):
    """1 to `MAX_BATCH_SIZE` items, each of this shape; checked before anything is computed of them."""
    values = tf.ensure_shape(values, (None, *shape))
    items = tf.shape(values)[0]
    some = tf.debugging.Assert(items > 0, ["A batch needs at least one item."], name="not_empty")
    words = f"A request has at most {MAX_BATCH_SIZE} items; send it in parts. Received:"
    with tf.control_dependencies(
        [some, tf.debugging.Assert(items <= MAX_BATCH_SIZE, [words, items], name="not_too_many")]
    ):
        return tf.identity(values)
