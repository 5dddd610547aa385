"""From a `keras.Model` to the network that ONNX Runtime runs. Imports Keras, and TensorFlow to convert."""

import contextlib
import logging
import tempfile
import warnings
from pathlib import Path

import keras
import numpy as np

from pinet_keras.analysis import fold
from zoo.architectures.parts.generator_model import GeneratorModel
from zoo.data.samples import patterns
from zoo.inference.onnx_network import OnnxNetwork
from zoo.inference.spectrograms import without_fourier_transform
from zoo.keras_file import brief

TOLERANCE = 1e-4  # of the largest output
EXAMPLES = 4


class NotCompiled(ValueError):
    """A model that cannot be converted, or whose conversion gives other outputs: it runs on Keras alone."""


def write_onnx(model, path) -> None:
    """Write a model as an ONNX file: folded, with audio models' Fourier transforms as a convolution.

    Args:
        model: `keras.Model`.
        path: the file.

    Raises:
        ImportError: tf2onnx or onnx is not installed.
        Exception: as tf2onnx raises it for operations that it does not know.
    """
    folded = fold(without_fourier_transform(model))
    folded(_zeros(folded))  # Keras exports no model that was never called
    folded.export(str(path), format="onnx", verbose=False)


def compiled(model) -> bytes:
    """The contents of a model's ONNX file, which was run and gives what the model gives.

    Args:
        model: `keras.Model`, a classifier or a `GeneratorModel`.

    Raises:
        NotCompiled: the model cannot be converted, or the network gives other outputs.
    """
    with tempfile.TemporaryDirectory(prefix="pinet-onnx-") as folder, _quiet_converter():
        path = Path(folder) / "network.onnx"
        try:
            write_onnx(model, path)
            network = path.read_bytes()
            found = OnnxNetwork(network, threads=1)(_examples(model))
        except Exception as error:  # Keras, tf2onnx and ONNX Runtime raise what they find
            raise NotCompiled(f"{model.name} cannot be converted to ONNX: {brief(error)}") from error
        expected = keras.ops.convert_to_numpy(model(_as_inputs(_examples(model))))
    difference = float(np.abs(found - expected).max() / np.abs(expected).max())
    if not difference <= TOLERANCE:
        raise NotCompiled(
            f"{model.name} cannot be compiled: the ONNX network's outputs differ from the model's by {difference:.1g} "
            f"of the largest one, and {TOLERANCE:g} is allowed"
        )
    return network


def _examples(model):
    """Random inputs of a model: images or audio clips, or noise and labels."""
    first = model.inputs[0]
    if not isinstance(model, GeneratorModel):
        return [patterns(first.shape[1:], EXAMPLES)]
    noise = np.random.default_rng(0).uniform(-1, 1, (EXAMPLES, *first.shape[1:])).astype("float32")
    return [noise] if model.num_classes is None else [noise, np.arange(EXAMPLES) % model.num_classes]


def _zeros(model):
    return _as_inputs([np.zeros((1, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs])


def _as_inputs(arrays):
    return arrays if len(arrays) > 1 else arrays[0]


@contextlib.contextmanager
def _quiet_converter():
    """A context without tf2onnx's lines about what it does, and without warnings that concern its code and Keras'."""
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)
