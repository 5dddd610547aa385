"""A folded network on Keras' backend."""

import keras
import numpy as np

from pinet_keras.analysis import fold


class KerasNetwork:
    """A `keras.Model`, folded, called with the arrays of its inputs; on TensorFlow as one graph.

    Args:
        model: `keras.Model`.
    """

    engine = "keras"

    def __init__(self, model: keras.Model):
        folded = fold(model)
        self._run = _graph(folded) if keras.backend.backend() == "tensorflow" else folded.predict_on_batch
        self._dtypes = [tensor.dtype for tensor in folded.inputs]

    def __call__(self, arrays: list[np.ndarray]) -> np.ndarray:
        given = [array.astype(dtype, copy=False) for array, dtype in zip(arrays, self._dtypes, strict=True)]
        return np.asarray(self._run(given if len(given) > 1 else given[0]))


def _graph(model):
    from zoo.inference.frozen import frozen  # imports TensorFlow

    return frozen(model)
