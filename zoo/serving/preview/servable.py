"""One version of a model, loaded."""

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.example import example_pb2

from zoo.serving.configs import MAX_BATCH_SIZE
from zoo.serving.preview.batcher import Batcher
from zoo.serving.preview.request_error import RequestError
from zoo.serving.preview.tensors import check_batch

DEFAULT_SIGNATURE = "serving_default"
CLASSIFY = "tensorflow/serving/classify"


class Servable:
    """A SavedModel in a session, as TensorFlow Serving runs it; requests that wait at the same time share a run.

    Args:
        name: the model.
        version: its number.
        folder: the SavedModel.

    Raises:
        OSError, ValueError, tf.errors.OpError: the folder holds no SavedModel that can be loaded.
    """

    def __init__(self, name, version, folder):
        self.name, self.version = name, version
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph)
        with graph.as_default():
            meta_graph = tf.compat.v1.saved_model.load(self._session, ["serve"], str(folder))
        # Keys such as __saved_model_init_op are TensorFlow's own, and not signatures.
        names = [name for name in meta_graph.signature_def if not name.startswith("__saved_model")]
        self.signatures = {name: meta_graph.signature_def[name] for name in names}
        self._batched = Batcher(self._run, MAX_BATCH_SIZE)

    def signature(self, name, error_code=grpc.StatusCode.FAILED_PRECONDITION):
        """The SignatureDef of this name; the default one for an empty name.

        Raises:
            RequestError: the model has no such signature.
        """
        name = name or DEFAULT_SIGNATURE
        if name not in self.signatures:
            raise RequestError(f'Serving signature key "{name}" not found.', error_code)
        return self.signatures[name]

    def predict(self, signature_name, inputs, output_filter=()) -> dict[str, np.ndarray]:
        """Run a signature.

        Args:
            signature_name: its name, or "" for the default one.
            inputs: arrays by input name.
            output_filter: names of the wanted outputs; empty for all.

        Returns:
            Arrays by output name.

        Raises:
            RequestError: unknown names, wrong shapes or types, or the model itself refuses the values.
        """
        signature = self.signature(signature_name)
        if set(inputs) != set(signature.inputs):
            raise RequestError(
                f"input size does not match signature: got {{{','.join(sorted(inputs))}}}, "
                f"expected {{{','.join(sorted(signature.inputs))}}}."
            )
        wanted = list(output_filter) or sorted(signature.outputs)
        for name in wanted:
            if name not in signature.outputs:
                raise RequestError(f"output tensor alias not found in signature: {name}")
        for name, array in inputs.items():
            _check(name, array, signature.inputs[name])
        kind = (signature_name or DEFAULT_SIGNATURE, tuple(wanted))
        return (self._batched if _is_of_rows(signature, inputs, wanted) else self._run)(kind, inputs)

    def _run(self, kind, inputs):
        signature, wanted = self.signatures[kind[0]], kind[1]
        feeds = {signature.inputs[name].name: array for name, array in inputs.items()}
        fetches = {name: signature.outputs[name].name for name in wanted}
        try:
            return {name: np.asarray(value) for name, value in self._session.run(fetches, feeds).items()}
        except tf.errors.OpError as error:
            code = next(code for code in grpc.StatusCode if code.value[0] == error.error_code)
            raise RequestError(_reason(error.message), code) from error
        except UnicodeDecodeError as error:  # TensorFlow's message quotes bytes of the request that are no text
            raise RequestError(_reason(error.object.decode(errors="replace"))) from error

    def classify(self, signature_name, examples) -> list[list[tuple[str, float]]]:
        """Run a signature for classification.

        Args:
            signature_name: its name, or "" for the default one.
            examples: a list of `tf.train.Example`.

        Returns:
            For each example its pairs of class and score.

        Raises:
            RequestError: no such signature, another kind of signature, or the model refuses the examples.
        """
        signature = self.signature(signature_name, grpc.StatusCode.INVALID_ARGUMENT)
        if signature.method_name != CLASSIFY:
            raise RequestError(
                f"Expected classification signature method_name to be {CLASSIFY}. Was: {signature.method_name}"
            )
        if not examples:
            raise RequestError("Input is empty.")
        check_batch("examples", (len(examples),))
        serialized = np.array([example.SerializeToString() for example in examples], object)
        outputs = self.predict(signature_name, {"inputs": serialized})
        return [
            [(label.decode(errors="replace"), float(score)) for label, score in zip(labels, scores, strict=True)]
            for labels, scores in zip(outputs["classes"], outputs["scores"], strict=True)
        ]


def merge_context(context, examples) -> list:
    """Examples, each merged with the features of the context."""
    if context is None:
        return list(examples)
    result = []
    for example in examples:
        whole = example_pb2.Example()
        whole.CopyFrom(context)
        whole.MergeFrom(example)
        result.append(whole)
    return result


def _is_of_rows(signature, inputs, wanted):
    """Whether a request has as many rows in each input, and the signature says that its outputs have as many."""
    infos = [*signature.inputs.values(), *(signature.outputs[name] for name in wanted)]
    shapes = [info.tensor_shape for info in infos]
    free = all(not shape.unknown_rank and shape.dim and shape.dim[0].size == -1 for shape in shapes)
    fixed = all(dim.size >= 0 for info in signature.inputs.values() for dim in info.tensor_shape.dim[1:])
    return free and fixed and len({array.shape[0] for array in inputs.values()}) == 1


def _check(name, array, info):
    check_batch(name, array.shape)
    dtype = tf.dtypes.as_dtype(info.dtype)
    given = tf.string if array.dtype == object else tf.dtypes.as_dtype(array.dtype)
    if given != dtype:
        raise RequestError(f'input "{name}" must be of type {dtype.name}, and is of type {given.name}.')
    if not tf.TensorShape(info.tensor_shape).is_compatible_with(array.shape):
        expected = ", ".join("?" if dim.size < 0 else str(dim.size) for dim in info.tensor_shape.dim)
        raise RequestError(
            f'input "{name}" has the shape [{", ".join(map(str, array.shape))}], not compatible with [{expected}].'
        )


def _reason(message):
    """TensorFlow's message without the names of the nodes that it passed through, and without most of a quoted file."""
    return message.removeprefix("Graph execution error:\n\n").split("\n")[0].strip()[:500]
