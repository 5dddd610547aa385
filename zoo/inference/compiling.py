"""From a `keras.Model` to the network that an engine runs. Imports Keras, and TensorFlow to convert."""

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
from zoo.inference.engines import COMPILED, NotCompiled
from zoo.inference.spectrograms import without_fourier_transform
from zoo.keras_file import brief

TOLERANCE = 1e-4  # of the largest output
EXAMPLES = 4


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
    _give_constants_all_axes(path)


def _give_constants_all_axes(path):
    """Rewrite single numbers in sums and products from shape `[]` or `[1]` to `[1, ..., 1]`.

    Where the other factor has one channel, as grey images have, ONNX Runtime 1.31 takes 30 times as long for the first.
    """
    import onnx

    file = onnx.shape_inference.infer_shapes(onnx.load(str(path)))
    axes = {x.name: len(x.type.tensor_type.shape.dim) for x in [*file.graph.input, *file.graph.value_info]}
    for constant in file.graph.initializer:
        users = [node for node in file.graph.node if constant.name in node.input]
        others = {axes.get(name) for node in users for name in node.input if name != constant.name}
        arithmetic = all(node.op_type in ("Add", "Sub", "Mul", "Div") for node in users)
        if list(constant.dims) in ([], [1]) and arithmetic and len(others) == 1 and (found := others.pop()):
            constant.dims[:] = [1] * found
    onnx.save(file, str(path))


def write_litert(model, path) -> None:
    """Write a model as a LiteRT file: folded, its weights constants, with Fourier transforms as for `write_onnx`.

    Args:
        model: `keras.Model`.
        path: the file.

    Raises:
        Exception: as the converter raises it for operations that it does not know.
    """
    import tensorflow as tf

    from zoo.inference.frozen import frozen

    concrete = frozen(fold(without_fourier_transform(model))).get_concrete_function()
    # Without an object that holds the variables, of which there are none: by way of a SavedModel it takes twice as
    # long, and the convolutions of generators are not converted.
    path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())


def compiled(model, engine: str) -> bytes:
    """The contents of a model's file for an engine, which was run and gives what the model gives.

    Args:
        model: `keras.Model`, a classifier or a `GeneratorModel`.
        engine: one of `COMPILED`.

    Raises:
        NotCompiled: the model cannot be converted, or the network gives other outputs.
    """
    write = {"litert": write_litert, "onnx": write_onnx}[engine]
    with tempfile.TemporaryDirectory(prefix="pinet-network-") as folder, _quiet_converter():
        path = Path(folder) / f"network{COMPILED[engine].suffix}"
        try:
            write(model, path)
            network = path.read_bytes()
            found = COMPILED[engine].network(network, threads=1)(_examples(model))
        except Exception as error:  # Keras, converters and engines raise what they find
            raise NotCompiled(f"{model.name} cannot be converted for the engine {engine}: {brief(error)}") from error
        expected = keras.ops.convert_to_numpy(model(_as_inputs(_examples(model))))
    difference = float(np.abs(found - expected).max() / np.abs(expected).max())
    if not difference <= TOLERANCE:
        raise NotCompiled(
            f"{model.name} cannot be compiled for the engine {engine}: its outputs differ from the model's by "
            f"{difference:.1g} of the largest one, and {TOLERANCE:g} is allowed"
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
    """A context without the converters' lines about what they do, and without warnings about their code and Keras'."""
    loggers = [logging.getLogger(name) for name in ("tf2onnx", "absl", "tensorflow")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
