"""The client's own messages have the bytes of TensorFlow Serving's, and asking over gRPC imports no TensorFlow."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from zoo.paths import SAMPLES
from zoo.serving.predict_messages import DT_STRING, PredictRequest, PredictResponse


@pytest.mark.parametrize("chosen", [{"version": 7}, {"label": "stable"}], ids=str)
def test_a_request_is_read_as_tensorflow_servings_own(chosen):
    images = [b"\x00\xff", b"", b"png"]
    request, official = PredictRequest(), predict_pb2.PredictRequest()
    for message in (request, official):
        message.model_spec.name = "pinet_digits"
        message.model_spec.signature_name = "encoded"
        if "version" in chosen:
            message.model_spec.version.value = chosen["version"]
        else:
            message.model_spec.version_label = chosen["label"]
    tensor = request.inputs["image_bytes"]
    tensor.dtype = DT_STRING
    tensor.tensor_shape.dim.add(size=3)
    tensor.string_val.extend(images)
    official.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(images))
    read = predict_pb2.PredictRequest.FromString(request.SerializeToString())
    assert read == official
    assert tf.make_ndarray(read.inputs["image_bytes"]).tolist() == images


def test_a_response_of_tensorflow_serving_is_read():
    official = predict_pb2.PredictResponse()
    official.model_spec.name = "a field that the client has no use for"
    columns = {
        "class_id": tf.make_tensor_proto([3, -1], dtype=tf.int64),
        "class_name": tf.make_tensor_proto(["cat", "dog"]),
        "probability": tf.make_tensor_proto([0.25, 0.5], dtype=tf.float32),
    }
    columns["probability"].tensor_content = b""
    columns["probability"].float_val[:] = [0.25, 0.5]
    columns["class_id"].tensor_content = b""
    columns["class_id"].int64_val[:] = [3, -1]
    for name, column in columns.items():
        official.outputs[name].CopyFrom(column)
    outputs = PredictResponse.FromString(official.SerializeToString()).outputs
    assert list(outputs["class_id"].int64_val) == [3, -1]
    assert list(outputs["class_name"].string_val) == [b"cat", b"dog"]
    np.testing.assert_array_equal(outputs["probability"].float_val, [0.25, 0.5])


def test_the_client_needs_no_tensorflow_over_grpc():
    script = f"""
import sys
sys.argv = ["pinet", "client", "grpc://127.0.0.1:9", "pinet_digits", {str(SAMPLES / "digits_5_0.png")!r}]
from zoo.cli.commands import main
try:
    main()
finally:
    heavy = ("tensorflow", "tensorflow_serving", "keras", "numpy")
    print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (1, "[]"), done.stderr
    assert done.stderr.startswith("Error: The server answered UNAVAILABLE") and done.stderr.count("\n") == 1
