"""The messages of TensorFlow Serving's Predict, without TensorFlow.

The classes of `tensorflow_serving.apis` import all of TensorFlow. These hold the fields that a client needs, under
the numbers of TensorFlow Serving's .proto files, so the bytes are the same; unknown fields are skipped.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

METHOD = "/tensorflow.serving.PredictionService/Predict"
DT_STRING = 7  # of tensorflow/core/framework/types.proto
PACKAGE = "pinet_keras"  # a package name of our own, so that TensorFlow's messages can be in the same process

# Message: {field: (number, type)}; `*` stands before the type of a repeated field, `{}` for a map from strings.
MESSAGES = {
    "Version": {"value": (1, "int64")},
    "ModelSpec": {
        "name": (1, "string"),
        "version": (2, "Version"),
        "signature_name": (3, "string"),
        "version_label": (4, "string"),
    },
    "Dimension": {"size": (1, "int64")},
    "TensorShape": {"dim": (2, "*Dimension")},
    "Tensor": {
        "dtype": (1, "int32"),  # an enum, which has the bytes of an int32
        "tensor_shape": (2, "TensorShape"),
        "float_val": (5, "*float"),
        "string_val": (8, "*bytes"),
        "int64_val": (10, "*int64"),
    },
    "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, "{}Tensor")},
    "PredictResponse": {"outputs": (1, "{}Tensor")},
}


def _classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="pinet_keras_predict.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            if kind.startswith("{}"):
                entry = message.nested_type.add(name=f"{field.capitalize()}Entry")
                entry.options.map_entry = True
                _add(entry, "key", 1, "string")
                _add(entry, "value", 2, kind[2:])
                _add(message, field, number, f"*{name}.{entry.name}")
            else:
                _add(message, field, number, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in MESSAGES}


def _add(message, name, number, kind):
    field = message.field.add(name=name, number=number)
    field.label = field.LABEL_REPEATED if kind.startswith("*") else field.LABEL_OPTIONAL
    kind = kind.removeprefix("*")
    scalar = getattr(field, f"TYPE_{kind.upper()}", None)
    if scalar is None:
        field.type, field.type_name = field.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
    else:
        field.type = scalar


_made = _classes()
PredictRequest, PredictResponse = _made["PredictRequest"], _made["PredictResponse"]
