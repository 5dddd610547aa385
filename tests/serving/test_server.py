"""Servers as their users meet them: curl's requests, stubs from tensorflow-serving-api, labels, new versions.

The same tests run against `tensorflow_model_server` where it is on the PATH.
"""

import base64
import http.client
import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import grpc
import numpy as np
import pytest

import zoo
from zoo.data.samples import sample_inputs
from zoo.paths import SAMPLES
from zoo.serving.client import classify_images
from zoo.serving.rollout import load_version, remove_labels, set_labels, unload_version

from .helpers import Server, engines

DIGIT = SAMPLES / "digits_5_0.png"
ASK = "/v1/models/pinet_digits:predict"


@pytest.fixture(scope="module", params=engines())
def server(request, exported, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "models"
    shutil.copytree(exported, folder)
    server = Server(folder, request.param)
    server.engine = request.param
    yield server
    code = server.stop()
    assert server.engine != "preview" or code == 0


@pytest.fixture(scope="module")
def stubs(server):
    from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

    with grpc.insecure_channel(server.address) as channel:
        yield (
            prediction_service_pb2_grpc.PredictionServiceStub(channel),
            model_service_pb2_grpc.ModelServiceStub(channel),
        )


@pytest.fixture(scope="module")
def images():
    return sample_inputs(zoo.card("pinet_digits"))


@pytest.fixture(scope="module")
def logits(images):
    return zoo.load("pinet_digits").predict(images, verbose=0)


def close(found, logits):
    return np.abs(np.asarray(found) - logits).max() <= 1e-5 * np.abs(logits).max()


def test_the_real_server_is_among_the_engines():
    if "tensorflow_model_server" not in engines():
        pytest.skip("tensorflow_model_server is not on this machine's PATH; these tests ran against the preview alone")


def test_status(server):
    status, reply = server.ask("/v1/models/pinet_digits")
    assert status == 200
    assert reply == {
        "model_version_status": [
            {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        ]
    }
    assert server.ask("/v1/models/pinet_digits/versions/1") == (status, reply)
    assert server.ask("/v1/models/pinet_digits/labels/stable") == (status, reply)


def test_metadata(server):
    status, reply = server.ask("/v1/models/pinet_digits/metadata")
    assert status == 200
    assert reply["model_spec"]["name"] == "pinet_digits" and reply["model_spec"]["version"] == "1"
    signatures = reply["metadata"]["signature_def"]["signature_def"]
    assert signatures["classify"]["method_name"] == "tensorflow/serving/classify"
    images = signatures["serving_default"]["inputs"]["images"]
    assert images["dtype"] == "DT_UINT8"
    assert [dim["size"] for dim in images["tensor_shape"]["dim"]] == ["-1", "8", "8", "1"]


def test_predict_in_row_form(server, images, logits):
    for instances in (images.tolist(), [{"images": image.tolist()} for image in images]):
        status, reply = server.ask(ASK, {"instances": instances})
        assert status == 200, reply
        assert [row["class_id"] for row in reply["predictions"]] == list(range(10))
        assert [row["class_name"] for row in reply["predictions"]] == list("0123456789")
        assert close([row["logits"] for row in reply["predictions"]], logits)


def test_predict_in_column_form(server, images, logits):
    for inputs in (images.tolist(), {"images": images.tolist()}):
        status, reply = server.ask(ASK, {"inputs": inputs})
        assert status == 200, reply
        assert set(reply["outputs"]) == {"class_id", "class_name", "probability", "logits"}
        assert close(reply["outputs"]["logits"], logits)


def test_images_as_base64(server, logits):
    b64 = {"b64": base64.b64encode(DIGIT.read_bytes()).decode()}
    for body in ({"instances": [b64, b64]}, {"instances": [{"image_bytes": b64}] * 2}):
        status, reply = server.ask(ASK, {"signature_name": "encoded", **body})
        assert status == 200, reply
        assert close([row["logits"] for row in reply["predictions"]], logits[[5, 5]])


def test_classify(server):
    b64 = {"b64": base64.b64encode(DIGIT.read_bytes()).decode()}
    examples = {"signature_name": "classify", "examples": [{"image/encoded": b64}, {"image/encoded": [b64]}]}
    status, reply = server.ask("/v1/models/pinet_digits/versions/1:classify", examples)
    assert status == 200, reply
    assert len(reply["results"]) == 2
    assert [label for label, _ in reply["results"][0]] == list("0123456789")
    assert max(reply["results"][0], key=lambda pair: pair[1])[0] == "5"
    shared = {"signature_name": "classify", "context": {"image/encoded": b64}, "examples": [{}]}
    (row,) = server.ask("/v1/models/pinet_digits:classify", shared)[1]["results"]
    assert max(row, key=lambda pair: pair[1])[0] == "5"


def test_curl_as_in_the_documentation(server):
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine's PATH")
    b64 = base64.b64encode(DIGIT.read_bytes()).decode()
    body = f'{{"signature_name": "encoded", "instances": [{{"b64": "{b64}"}}]}}'
    done = subprocess.run(["curl", "-s", "-X", "POST", "-d", body, server.url + ASK], capture_output=True, text=True)
    assert '"class_name": "5"' in done.stdout


@pytest.mark.parametrize(
    "path, body, status, reason",
    [
        ("/v1/models/none", None, 404, "none"),
        ("/v1/models/none:predict", {"instances": [1]}, 404, "Servable not found for request: Latest(none)"),
        ("/v1/models/pinet_digits/versions/9:predict", {"instances": [1]}, 404, "Servable not found"),
        ("/v1/models/pinet_digits/labels/old:predict", {"instances": [1]}, 400, "Unrecognized servable version label"),
        ("/v1/models/pinet_digits", {"instances": [1]}, 400, "Malformed request: POST"),
        ("/nothing", None, 400, "Malformed request: GET"),
        (ASK, b"", 400, "JSON"),
        (ASK, b"{", 400, "JSON Parse error"),
        (ASK, b"\xff\xfe\x00", 400, "JSON"),
        (ASK, b"[" * 100_000, 400, ""),
        (ASK, [1], 400, "object"),
        (ASK, {}, 400, "Missing 'inputs' or 'instances' key"),
        (ASK, {"instances": []}, 400, "instances"),
        (ASK, {"instances": 3}, 400, "instances"),
        (ASK, {"instances": [1], "inputs": [1]}, 400, "inputs"),
        (ASK, {"instances": [[1, 2], [3]]}, 400, ""),
        (ASK, {"instances": [["x"]]}, 400, ""),
        (ASK, {"instances": [{"pixels": 1}]}, 400, "pixels"),
        (ASK, {"instances": np.zeros((1, 9, 9, 1)).astype(int).tolist()}, 400, "compatible"),
        (ASK, {"instances": [[[1.5]]]}, 400, ""),
        (ASK, {"signature_name": 3, "instances": [1]}, 400, "signature_name"),
        (ASK, {"signature_name": "none", "instances": [1]}, 400, "none"),
        (ASK, {"signature_name": "encoded", "instances": [{"b64": "?"}]}, 400, "base64"),
        (ASK, {"signature_name": "encoded", "instances": [{"b64": "eA=="}]}, 400, "neither PNG nor JPEG"),
        ("/v1/models/pinet_digits:classify", {"examples": [{}]}, 400, "classification signature"),
        ("/v1/models/pinet_digits:classify", {"signature_name": "classify"}, 400, "examples"),
        ("/v1/models/pinet_digits:classify", {"signature_name": "classify", "examples": [{}]}, 400, "image/encoded"),
        ("/v1/models/pinet_digits:regress", {"examples": [{}]}, 400, "regression"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_reason(server, images, path, body, status, reason):
    found, reply = server.ask(path, body)
    assert found == status, reply
    assert set(reply) == {"error"} and reason in reply["error"]
    assert server.ask(ASK, {"instances": images[:1].tolist()})[0] == 200  # and it keeps serving


def test_grpc_predict_with_the_official_stub(server, stubs, images, logits):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "pinet_digits"
    request.model_spec.version_label = "stable"
    request.inputs["images"].CopyFrom(tf.make_tensor_proto(images))
    reply = stubs[0].Predict(request, 30)
    assert reply.model_spec.version.value == 1 and reply.model_spec.signature_name == "serving_default"
    assert list(reply.outputs["class_id"].int64_val) == list(range(10))  # the typed fields, as clients read them
    assert close(np.reshape(reply.outputs["logits"].float_val, (10, 10)), logits)
    assert close(tf.make_ndarray(reply.outputs["logits"]), logits)
    request.output_filter.append("class_name")
    assert list(stubs[0].Predict(request, 30).outputs) == ["class_name"]


def test_tensorflow_servings_mnist_client(server, stubs):
    """The request that its example client, mnist_client.py, sends, and the field that it reads."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    for label, image in enumerate(sample_inputs(zoo.card("polynet_mnist"))):
        image = np.multiply(image.reshape(784).astype("float32"), 1.0 / 255.0)
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "polynet_mnist"  # the client's own model is called mnist
        request.model_spec.signature_name = "predict_images"
        request.inputs["images"].CopyFrom(tf.make_tensor_proto(image, shape=[1, image.size]))
        response = np.array(stubs[0].Predict.future(request, 30.0).result().outputs["scores"].float_val)
        assert np.argmax(response) == label


def test_grpc_classify_metadata_and_status(stubs):
    from tensorflow_serving.apis import classification_pb2, get_model_metadata_pb2, get_model_status_pb2

    request = classification_pb2.ClassificationRequest()
    request.model_spec.name = "pinet_digits"
    request.model_spec.signature_name = "classify"
    example = request.input.example_list.examples.add()
    example.features.feature["image/encoded"].bytes_list.value.append(DIGIT.read_bytes())
    (row,) = stubs[0].Classify(request, 30).result.classifications
    assert max(row.classes, key=lambda item: item.score).label == "5"

    metadata = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    metadata.model_spec.name = "pinet_digits"
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert stubs[0].GetModelMetadata(metadata, 30).metadata["signature_def"].Unpack(signatures)
    assert set(signatures.signature_def) >= {"serving_default", "encoded", "classify"}

    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = "pinet_digits"
    (version,) = stubs[1].GetModelStatus(status, 30).model_version_status
    assert (version.version, version.state) == (1, get_model_status_pb2.ModelVersionStatus.AVAILABLE)


def test_grpc_refusals(stubs, images):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    def code(request):
        with pytest.raises(grpc.RpcError) as refused:
            stubs[0].Predict(request, 30)
        return refused.value.code()

    request = predict_pb2.PredictRequest()
    assert code(request) is grpc.StatusCode.INVALID_ARGUMENT
    request.model_spec.name = "none"
    assert code(request) is grpc.StatusCode.NOT_FOUND
    request.model_spec.name = "pinet_digits"
    assert code(request) is grpc.StatusCode.INVALID_ARGUMENT
    request.inputs["images"].CopyFrom(tf.make_tensor_proto(images[:, :5]))
    assert code(request) is grpc.StatusCode.INVALID_ARGUMENT
    request.model_spec.signature_name = "none"
    assert code(request) in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION)


@pytest.mark.parametrize("scheme", ["rest", "grpc"])
def test_our_client(server, scheme):
    url = server.url if scheme == "rest" else f"grpc://{server.address}"
    images = [path.read_bytes() for path in sorted(SAMPLES.glob("digits_*_0.png"))]
    answers = classify_images(url, "pinet_digits", images)
    assert [answer["class_name"] for answer in answers] == list("0123456789")
    assert all(0.5 < answer["probability"] <= 1 for answer in answers)
    (answer,) = classify_images(url, "pinet_digits", images[5:6], label="stable")
    assert answer["class_id"] == 5 and answer["probability"] == pytest.approx(answers[5]["probability"])
    with pytest.raises(ValueError, match="The server answered .*none"):
        classify_images(url, "none", images)
    with pytest.raises(ValueError, match="not both"):
        classify_images(url, "pinet_digits", images, version=1, label="stable")


def test_the_examples_in_the_docs_run(server, tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) >= 3
    (tmp_path / "cat.png").write_bytes(DIGIT.read_bytes())
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        block = block.replace("http://localhost:8501", server.url).replace("localhost:8500", server.address)
        exec(compile(block.replace("pinet_cifar10", "pinet_digits"), "serving.md", "exec"), {})


def test_the_preview_knows_its_limits_and_its_name(server, images):
    if server.engine != "preview":
        pytest.skip("these are promises of the preview alone")
    assert server.ask(ASK, b" " * 2_000_001)[0] == 413
    assert server.ask(ASK, {"instances": [(images[0].astype(int) + 300).tolist()]})[0] == 400  # no silent wrap-around
    assert server.ask(ASK, method="DELETE") == (400, {"error": f"Malformed request: DELETE {ASK}"})
    with socket.create_connection(("127.0.0.1", server.rest_port)) as raw:  # a client that gives up half-way
        raw.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{" % ASK.encode())
    with socket.create_connection(("127.0.0.1", server.rest_port), timeout=10) as raw:
        raw.sendall(b"no HTTP at all\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    assert server.ask(ASK, {"instances": images[:1].tolist()})[0] == 200
    assert server.lines and all(line.startswith("preview ") for line in server.lines), server.lines


def test_a_kept_alive_connection_does_not_wait_for_acknowledgements(server, images):
    """Without TCP_NODELAY every answer takes 40 ms more; the quickest of many tells, however busy the machine is."""
    connection, times = http.client.HTTPConnection("127.0.0.1", server.rest_port, timeout=60), []
    for _ in range(60):
        started = time.perf_counter()
        connection.request("POST", ASK, json.dumps({"instances": images[:1].tolist()}))
        assert connection.getresponse().read()
        times.append(time.perf_counter() - started)
    connection.close()
    assert min(times[20:]) < 0.03  # the first acknowledgements of a connection are never delayed


def test_a_new_version_is_picked_up_rolled_out_and_rolled_back(server, images):
    """Runs last: it changes what is served."""

    def version(label):
        status, reply = server.ask(f"/v1/models/pinet_digits/labels/{label}/metadata")
        assert status == 200
        return int(reply["model_spec"]["version"])

    assert version("stable") == 1
    zoo.export("pinet_digits", server.folder)
    change = server.folder, "pinet_digits"
    assert set_labels(*change, {"canary": 2}, [server.url]) == {"stable": 1, "canary": 2}
    assert (version("canary"), version("stable")) == (2, 1)
    set_labels(*change, {"stable": 2, "previous": 1}, [server.url])
    assert (version("stable"), version("previous")) == (2, 1)
    set_labels(*change, {"stable": 1}, [server.url])
    assert version("stable") == 1
    assert server.ask("/v1/models/pinet_digits/labels/stable:predict", {"instances": images[:1].tolist()})[0] == 200
    remove_labels(*change, ["canary"], [server.url])
    assert server.ask("/v1/models/pinet_digits/labels/canary/metadata")[0] == 400
    unload_version(*change, 2, [server.url])
    assert server.ask("/v1/models/pinet_digits/versions/2/metadata")[0] == 404
    assert server.ask("/v1/models/pinet_digits/metadata")[1]["model_spec"]["version"] == "1"
    load_version(*change, 2, [server.url])  # and the newest is the default again
    assert server.ask("/v1/models/pinet_digits/metadata")[1]["model_spec"]["version"] == "2"


def test_the_preview_refuses_a_folder_without_models(tmp_path, monkeypatch):
    from zoo.serving.preview import server

    monkeypatch.setattr(server, "_log_as_preview", lambda: None)  # pytest has loggers of its own
    with pytest.raises(ValueError, match="There is no model to serve"):
        server.serve(tmp_path, host="127.0.0.1", rest_port=0, grpc_port=0, max_bytes=1000)
