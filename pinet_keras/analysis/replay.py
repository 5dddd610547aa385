"""Copies of a model, rebuilt call by call with changes."""

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import tree
from numpy.typing import ArrayLike

from pinet_keras.analysis.graph import Call, calls_of, graph_of, is_keras_layer


def replay(model: keras.Model, apply: Callable, inputs: list | None = None) -> keras.Model:
    """A new functional model that runs the calls of `model` again, nested models written out flat.

    Args:
        model: a model with a graph.
        apply: `apply(call, args, kwargs, name, is_last)` returns the new outputs of a call, given its new arguments;
            `name` is unique among layers and `is_last` tells whether nothing follows.
        inputs: new symbolic inputs; like the old ones if left out.
    """
    graph = graph_of(model)
    if graph is None:
        raise ValueError(f"A model without a graph cannot be rebuilt. Received: model={model!r}")
    inputs = inputs or [keras.Input(batch_shape=x.shape, dtype=x.dtype) for x in graph.inputs]
    outputs = _replay(graph, inputs, apply, "", True)
    single = len(outputs) == 1
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, outputs[0] if single else outputs)


def _replay(graph: keras.Function, inputs: list, apply: Callable, prefix: str, is_last: bool) -> list:
    values = dict(zip(map(id, graph.inputs), inputs, strict=True))
    calls = calls_of(graph)
    used = {id(x) for call in calls for x in call.tensors}
    for call in calls:
        ends = is_last and not any(id(x) in used for x in call.outputs)
        name = prefix + call.operation.name
        inner = graph_of(call.operation) if isinstance(call.operation, keras.Model) else None
        if inner is not None and not hasattr(call.operation, "degree_rule"):
            results = _replay(inner, [values[id(x)] for x in call.tensors_for(inner)], apply, name + "__", ends)
        else:
            args, kwargs = tree.map_structure(lambda x: _new(x, values), (call.args, call.kwargs))
            results = tree.flatten(apply(call, args, kwargs, name, ends))
        values.update(zip(map(id, call.outputs), results, strict=True))
    return [values[id(x)] for x in graph.outputs]


def _new(argument, values: dict):
    return values[id(argument)] if isinstance(argument, keras.KerasTensor) else argument


class Copier:
    """Copies operations with their weights, one copy for each, and sets the dtype of each copy.

    Args:
        dtype: the dtype of all computations, or None to leave them as they are.
        drop_softmax: whether a softmax with nothing after it is left out.
    """

    def __init__(self, dtype: str | None = None, drop_softmax: bool = False):
        self.dtype = dtype
        self.drop_softmax = drop_softmax
        self._copies: dict = {}

    def __call__(self, call: Call, args: tuple, kwargs: dict, name: str, is_last: bool):
        drops = self.drop_softmax and is_last
        if drops and type(call.operation).__name__ == "Softmax":
            return args[0]
        key = (id(call.operation), drops)
        if key not in self._copies:
            self._copies[key] = copy_operation(call.operation, f"{name}__logits" if drops else name, self.dtype, drops)
            outputs = self._copies[key](*args, **kwargs)
            if isinstance(call.operation, keras.Layer):
                self._copies[key].set_weights(call.operation.get_weights())
            return outputs
        return self._copies[key](*args, **kwargs)


def copy_operation(
    operation: keras.Operation, name: str, dtype: str | None = None, drop_softmax: bool = False
) -> keras.Operation:
    """A copy of a layer or op from its config, without weights yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # initializers that Keras cannot save are left out below
        config = operation.get_config()
    if isinstance(operation, keras.Layer):
        config["name"] = name
    if is_keras_layer(operation):
        config = _without_training(config)
    if callable(getattr(operation, "activation", None)):
        config["activation"] = operation.activation  # itself: a function of the user's may have no name to load it by
    if dtype:
        config = _with_dtype(config, dtype)
    if drop_softmax and config.get("activation") is keras.activations.softmax:
        config["activation"] = "linear"
    return type(operation).from_config(config)


def _without_training(config: dict) -> dict:
    """The config of a Keras layer without what matters in training only: the copy gets its weights anyway."""
    plain = {"_initializer": "zeros", "_regularizer": None, "_constraint": None}
    return {key: next((new for end, new in plain.items() if key.endswith(end)), old) for key, old in config.items()}


def _with_dtype(config, dtype: str):
    """The config with each real dtype in it, however deep, replaced."""
    if isinstance(config, dict):
        return {
            key: dtype if key == "dtype" and _is_real(value) else _with_dtype(value, dtype)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return type(config)(_with_dtype(value, dtype) for value in config)
    return config


def _is_real(dtype) -> bool:
    if isinstance(dtype, dict):
        return dtype.get("class_name") == "DTypePolicy"
    return dtype is None or "float" in str(dtype)


class Evaluator:
    """A copy of a model in one dtype, softmax on the logits left out, evaluated on NumPy arrays.

    Args:
        model: a built `keras.Model`.
        dtype: the dtype of all computations.
        batch_size: examples at a time.
        progress: `progress(done, all)`, called after each batch; None for none.

    Example:
        >>> from pinet_keras import analysis
        >>> x = keras.Input((2,))
        >>> model = keras.Model(x, keras.layers.multiply([x, x]))  # two logits: the squares of the inputs
        >>> evaluator = analysis.Evaluator(model)
        >>> evaluator([np.array([[1e-30, 3.0]])])  # beyond float32
        array([[1.e-60, 9.e+00]])
    """

    def __init__(
        self,
        model: keras.Model,
        dtype: str = "float64",
        batch_size: int = 256,
        progress: Callable[[int, int], object] | None = None,
    ):
        self.dtype, self.batch_size, self.progress = dtype, batch_size, progress
        with float64_enabled():
            graph = graph_of(model)
            if graph is None:
                self.shapes = [tuple(x.shape[1:]) for x in tree.flatten(getattr(model, "inputs", None) or [])]
                self.model = copy_operation(model, model.name, dtype)
                self.model.build(model.input_shape if not self.shapes else (None, *self.shapes[0]))
                self.model.set_weights(model.get_weights())
            else:
                self.shapes = [tuple(x.shape[1:]) for x in graph.inputs]
                inputs = [keras.Input(batch_shape=(None, *shape), dtype=dtype) for shape in self.shapes]
                self.model = replay(model, Copier(dtype, drop_softmax=True), inputs)

    @functools.cached_property
    def coarse(self) -> "Evaluator":
        """The same in float32: how far its values are from these tells how large the rounding errors are."""
        return Evaluator(self.model, "float32", self.batch_size)

    def __call__(self, arrays: list[np.ndarray]) -> np.ndarray:
        """The outputs of the model.

        Args:
            arrays: one array `[n, ...]` for each input.

        Returns:
            `[n, outputs]`, all outputs flattened.
        """
        parts, count = [], len(arrays[0])
        for start in range(0, count, self.batch_size):
            end = min(start + self.batch_size, count)
            parts.append(self._batch([array[start:end] for array in arrays]))
            if self.progress is not None:
                self.progress(end, count)
        return np.concatenate(parts)

    def _batch(self, arrays: list[np.ndarray]) -> np.ndarray:
        with float64_enabled():
            tensors = [keras.ops.convert_to_tensor(array, dtype=self.dtype) for array in arrays]
            results = tree.flatten(self.model(tensors[0] if len(tensors) == 1 else tensors, training=False))
            values = [keras.ops.convert_to_numpy(keras.ops.stop_gradient(result)) for result in results]
        return np.concatenate([value.reshape(len(value), -1) for value in values], axis=1)

    def points(self, values: ArrayLike, name: str) -> list[np.ndarray]:
        """Check one example.

        Args:
            values: an array without the batch axis; a list of them for several inputs.
            name: what the message of the error calls it.

        Returns:
            A list with one float64 array for each input.

        Raises:
            ValueError: a wrong shape.
        """
        inputs: Any = values if len(self.shapes) > 1 else [values]
        arrays = [np.asarray(value, dtype="float64") for value in inputs]
        for array, shape in zip(arrays, self.shapes, strict=True):
            if len(array.shape) != len(shape) or any(
                n not in (None, m) for n, m in zip(shape, array.shape, strict=True)
            ):
                raise ValueError(f"`{name}` must have the shape of one input, {shape}. Received: shape {array.shape}")
        return arrays


@contextlib.contextmanager
def float64_enabled() -> Iterator[None]:
    """A context in which Keras and its backend compute in float64 when asked.

    TensorFlow always does. JAX has a switch. On both other backends Keras' own promotion table also makes float32 of
    float64, within single operations and silently; it has no public switch, so the entry is changed meanwhile.
    """
    if keras.backend.backend() == "tensorflow":
        yield
        return
    table = keras.src.backend.common.dtypes.BIT64_TO_BIT32_DTYPE
    demoted = table["float64"]
    table["float64"] = "float64"
    try:
        with _jax_float64() if keras.backend.backend() == "jax" else contextlib.nullcontext():
            yield
    finally:
        table["float64"] = demoted


def _jax_float64() -> contextlib.AbstractContextManager:
    import jax

    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # where older versions keep it

    return enable_x64()
