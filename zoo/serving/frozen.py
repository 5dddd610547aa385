"""Functions that the signatures of all served models use."""

import numpy as np
import tensorflow as tf

from zoo.serving.configs import MAX_BATCH_SIZE


def frozen(model, inputs):
    """A model as one tf.function with its weights as constants: TensorFlow optimises constants, and not variables.

    Args:
        model: `keras.Model`.
        inputs: `tf.TensorSpec` of its input, or a list of them.

    Returns:
        A tf.function; the signatures of a served model share it.
    """
    weights = [
        [np.asarray(variable) for variable in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    ]

    @tf.function(input_signature=[inputs])
    def network(values):
        constants = [[tf.constant(array) for array in arrays] for arrays in weights]
        return model.stateless_call(*constants, values, training=False)[0]

    return network


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
