"""Conversion between JSON or protos and arrays, by the rules of TensorFlow Serving's REST API."""

import base64
import binascii
import json
import math

import numpy as np
import tensorflow as tf
from tensorflow.core.example import example_pb2
from tensorflow.core.framework import tensor_pb2

from zoo.serving.configs import MAX_BATCH_SIZE
from zoo.serving.preview.request_error import RequestError

MAX_ELEMENTS = 2**24  # a proto of a few bytes can declare any shape
FIELDS = {
    tf.float32: "float_val",
    tf.float64: "double_val",
    tf.int32: "int_val",
    tf.int16: "int_val",
    tf.int8: "int_val",
    tf.uint8: "int_val",
    tf.int64: "int64_val",
    tf.string: "string_val",
    tf.bool: "bool_val",
    tf.uint32: "uint32_val",
    tf.uint64: "uint64_val",
}


def read_json(body) -> dict:
    """The JSON object in the bytes of a request.

    Raises:
        RequestError: there is none.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"JSON Parse error: {str(error) or 'nested too deeply'}") from error
    if not isinstance(value, dict):
        raise RequestError(f"JSON Value: {_shown(value)} Is not object")
    return value


def signature_name(value) -> str:
    """The signature that a request names; "" for the default one."""
    name = value.get("signature_name", "")
    if not isinstance(name, str):
        raise RequestError(f"'signature_name' key must be a string value. Received: {_shown(name)}")
    return name


def predict_inputs(value, infos) -> tuple[dict[str, np.ndarray], bool]:
    """The arrays of a `:predict` request.

    Args:
        value: the JSON object.
        infos: the TensorInfo of each input, by name.

    Returns:
        The arrays by name, and whether the request was in row form.

    Raises:
        RequestError: it is in neither form, or holds other things than the inputs.
    """
    if "instances" in value and "inputs" in value:
        raise RequestError("Expecting only one of 'inputs' or 'instances' keys to exist")
    if "instances" in value:
        return _rows(value["instances"], infos), True
    if "inputs" in value:
        return _columns(value["inputs"], infos), False
    raise RequestError("Missing 'inputs' or 'instances' key")


def predict_answer(outputs, row_form) -> dict:
    """The JSON object that answers a `:predict` request."""
    columns = {name: _plain(name, array) for name, array in sorted(outputs.items())}
    if not row_form:
        return {"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}
    sizes = {array.shape[:1] for array in outputs.values()}
    if len(sizes) > 1 or () in sizes:
        raise RequestError("The outputs have no batch size in common; ask in column form, with 'inputs'.")
    if len(columns) == 1:
        return {"predictions": next(iter(columns.values()))}
    return {"predictions": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]}


def classify_examples(value) -> tuple[object, list]:
    """The context (or None) and the examples of a `:classify` request, as `tf.train.Example`.

    Raises:
        RequestError: there are none, or they hold something that is no feature.
    """
    if "examples" not in value:
        raise RequestError("When method is classify, key 'examples' is expected and was not found")
    examples = value["examples"]
    if not isinstance(examples, list) or not examples:
        raise RequestError(f"Expecting 'examples' value to be a list with values. Received: {_shown(examples)}")
    check_batch("examples", (len(examples),))
    context = _example(value["context"]) if "context" in value else None
    return context, [_example(example) for example in examples]


def check_batch(name, shape) -> None:
    """Refuse more items than the exported graphs take, before they are in memory.

    Raises:
        RequestError: the first axis is longer than `MAX_BATCH_SIZE`.
    """
    if len(shape) and shape[0] > MAX_BATCH_SIZE:
        raise RequestError(f'A request has at most {MAX_BATCH_SIZE} items; "{name}" has {shape[0]}. Send it in parts.')


def from_proto(name, proto) -> np.ndarray:
    """The array in a TensorProto.

    Raises:
        RequestError: the proto is malformed, or too large.
    """
    sizes = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
        raise RequestError(f'input "{name}" has no whole shape.')
    check_batch(name, sizes)
    if math.prod(sizes) > MAX_ELEMENTS:
        raise RequestError(f'input "{name}" has more than {MAX_ELEMENTS} elements: its shape is {sizes}.')
    if proto.dtype == tf.string.as_datatype_enum and len(proto.string_val) != math.prod(sizes):
        # For numbers the last one stands for all that follow; a file of megabytes, so repeated, would take gigabytes.
        raise RequestError(f'input "{name}" has {len(proto.string_val)} strings; its shape is {sizes}.')
    try:
        return np.asarray(tf.make_ndarray(proto))
    except Exception as error:  # TensorFlow raises TypeError, ValueError and others for what does not fit together
        raise RequestError(f'input "{name}" is no well-formed tensor: {error}') from error


def to_proto(array):
    """A TensorProto with its values in the typed field, as TensorFlow Serving answers: clients read `float_val`."""
    dtype = tf.string if array.dtype == object else tf.dtypes.as_dtype(array.dtype)
    proto = tensor_pb2.TensorProto(dtype=dtype.as_datatype_enum, tensor_shape=tf.TensorShape(array.shape).as_proto())
    getattr(proto, FIELDS[dtype]).extend(array.ravel().tolist())
    return proto


def _rows(instances, infos):
    if not isinstance(instances, list) or not instances:
        raise RequestError(f"Expecting 'instances' to be a list with values. Received: {_shown(instances)}")
    objects = [isinstance(row, dict) and not _is_base64(row) for row in instances]
    if not any(objects):
        return {_only(infos): _array(_only(infos), instances, infos)}
    if not all(objects):
        raise RequestError(f"Expecting only objects, or none, at item {objects.index(not objects[0])} of 'instances'")
    for number, row in enumerate(instances):
        if set(row) != set(infos):
            raise RequestError(
                f"Failed to process element: {number} of 'instances' list. JSON object: {_shown(row)} "
                f"keys must be equal to: {','.join(sorted(infos))}"
            )
    return {name: _array(name, [row[name] for row in instances], infos) for name in infos}


def _columns(inputs, infos):
    if not isinstance(inputs, dict) or _is_base64(inputs):
        return {_only(infos): _array(_only(infos), inputs, infos)}
    for name in infos:
        if name not in inputs:
            raise RequestError(f"Missing named input: {name} in 'inputs' object.")
    return {name: _array(name, inputs[name], infos) for name in infos}


def _only(infos):
    if len(infos) > 1:
        raise RequestError(f"Several inputs need an object with the keys {','.join(sorted(infos))}")
    return next(iter(infos))


def _array(name, value, infos):
    dtype = tf.dtypes.as_dtype(infos[name].dtype)
    try:
        array = np.array(_bytes(value), object) if dtype == tf.string else np.array(value)
    except (ValueError, RecursionError) as error:  # lists of unequal length, no base64, nested too deep
        raise RequestError(f'"{name}" is no array of type {dtype.name}: {error}') from error
    return array if dtype == tf.string else _as_type(name, value, array, dtype)


def _as_type(name, value, array, dtype):
    kinds = {"b": "b", "i": "iu", "u": "iu", "f": "iuf"}[dtype.as_numpy_dtype(0).dtype.kind]
    if array.size and array.dtype.kind not in kinds:
        raise RequestError(f'"{name}": {_shown(value)} is not of expected type: {dtype.name}')
    if array.size and dtype.is_integer and not dtype.min <= array.min() <= array.max() <= dtype.max:
        raise RequestError(f'"{name}" must lie in {dtype.min}..{dtype.max}, and is in {array.min()}..{array.max()}')
    with np.errstate(over="ignore"):
        return array.astype(dtype.as_numpy_dtype)


def _bytes(value):
    """Strings and base64 objects as bytes, lists as they are."""
    if isinstance(value, list):
        return [_bytes(item) for item in value]
    if isinstance(value, str):
        return value.encode()
    if _is_base64(value):
        return _decoded(value)
    raise ValueError(f"{_shown(value)} is neither a string nor {{'b64': string}}")


def _is_base64(value):
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def _decoded(value):
    try:
        return base64.b64decode(value["b64"], validate=True)
    except binascii.Error as error:
        raise ValueError(f"Unable to base64 decode: {error}") from error


def _example(value):
    if not isinstance(value, dict):
        raise RequestError(f"Example must be JSON object. Received: {_shown(value)}")
    example = example_pb2.Example()
    for name, content in value.items():
        try:
            _fill(example.features.feature[name], content if isinstance(content, list) else [content])
        except (ValueError, TypeError) as error:  # protobuf's own: out of range, mixed types, no UTF-8
            raise RequestError(f"Feature: {_shown(name)} cannot be read: {error}") from error
    return example


def _fill(feature, values):
    for value in values:
        if isinstance(value, bool | int):
            kind, value = "int64_list", int(value)
        elif isinstance(value, float):
            kind = "float_list"
        else:
            kind, value = "bytes_list", _bytes(value)
        if feature.WhichOneof("kind") not in (None, kind) or isinstance(value, list):
            raise ValueError(f"unexpected element type {_shown(value)}")
        getattr(feature, kind).value.append(value)


def _plain(name, array):
    if array.dtype != object:
        return array.tolist()
    if name.endswith("_bytes"):
        return _nested(array.tolist(), lambda item: {"b64": base64.b64encode(item).decode()})
    return _nested(array.tolist(), lambda item: item.decode(errors="replace"))


def _nested(value, convert):
    return [_nested(item, convert) for item in value] if isinstance(value, list) else convert(value)


def _shown(value):
    return repr(value)[:256]
