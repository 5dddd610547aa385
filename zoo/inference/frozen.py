"""A network as one TensorFlow graph, its weights constants."""

import numpy as np
import tensorflow as tf


def frozen(model, inputs=None):
    """A model as one tf.function with its weights as constants: TensorFlow optimises constants, and not variables.

    Args:
        model: `keras.Model`.
        inputs: `tf.TensorSpec` of its input, or a list of them; `None` for those of the model.

    Returns:
        A tf.function of the input, or of the list of inputs.
    """
    if inputs is None:
        specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in model.inputs]
        inputs = specs if len(specs) > 1 else specs[0]
    weights = [
        [np.asarray(variable) for variable in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    ]

    @tf.function(input_signature=[inputs])
    def network(values):
        constants = [[tf.constant(array) for array in arrays] for arrays in weights]
        return model.stateless_call(*constants, values, training=False)[0]

    return network
