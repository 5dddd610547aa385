"""Random requests: whatever comes, the preview answers, never with a 500, and lives on.

The number of requests of each kind is 100; `PINET_FUZZ=5000 pytest tests/serving/test_fuzz.py` sends 10,000 in all.
"""

import http.client
import json
import os
import random

import grpc
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .helpers import Server, png

MANY = settings(
    max_examples=int(os.environ.get("PINET_FUZZ", "100")),
    deadline=None,
    database=None,
    derandomize="PINET_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
WORDS = [
    "instances",
    "inputs",
    "examples",
    "context",
    "signature_name",
    "images",
    "image_bytes",
    "image/encoded",
    "b64",
]
SIGNATURES = ["serving_default", "encoded", "classify", "none", ""]
IMAGE = png(np.arange(64).reshape(8, 8, 1))
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 300),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", "iVBORw0KGgo=", "/9j/", "serving_default", "encoded", "classify"]),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)
bodies = st.one_of(
    st.binary(max_size=60),
    values.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(WORDS[:4], values) | {"signature_name": st.sampled_from(SIGNATURES) | values}
    ).map(lambda value: json.dumps(value).encode()),
)
paths = st.one_of(
    st.sampled_from(
        [
            "/v1/models/pinet_digits:predict",
            "/v1/models/pinet_digits:classify",
            "/v1/models/pinet_digits/labels/stable:predict",
            "/v1/models/pinet_digits/versions/1:classify",
            "/v1/models/pinet_digits/versions/99999999999999999999:predict",
            "/v1/models/pinet_digits/metadata",
            "/v1/models/pinet_digits",
            "/v1/models/%2F%00:predict",
            "/v1/models//",
        ]
    ),
    st.text("abc/:%.?#v1models0~", max_size=20).map(lambda text: "/v1/models/" + text),
)


@pytest.fixture(scope="module")
def server(exported):
    server = Server(exported, "preview", max_megabytes=1)
    yield server
    image = np.zeros((1, 8, 8, 1), int).tolist()
    assert server.ask("/v1/models/pinet_digits:predict", {"instances": image})[0] == 200
    assert server.stop() == 0
    assert not [line for line in server.lines if "Traceback" in line]


@pytest.fixture(scope="module")
def connection(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.rest_port, timeout=60)
    yield connection
    connection.close()


@MANY
@given(st.sampled_from(["POST", "POST", "POST", "GET", "PUT"]), paths, bodies)
def test_rest(connection, method, path, body):
    try:
        connection.request(method, path, body)
        reply = connection.getresponse()
        answer = json.loads(reply.read())
    except (http.client.HTTPException, OSError):  # the server may close what is no HTTP
        connection.close()
        return
    assert reply.status in (200, 400, 404, 413), (method, path, body, answer)
    assert reply.status == 200 or set(answer) == {"error"}


def damaged(data, rng):
    """A file with a few bytes changed, added or taken away."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        position = rng.randrange(len(data))
        data[position : position + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
    return bytes(data)


def random_request(rng):
    """A PredictRequest that is well-formed as a proto, and as a request only now and then."""
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = rng.choice(["pinet_digits"] * 6 + ["none", "", "é"])
    request.model_spec.signature_name = rng.choice(SIGNATURES)
    if rng.random() < 0.3:
        request.model_spec.version.value = rng.choice([1, 1, 0, -1, 2**62])
    elif rng.random() < 0.3:
        request.model_spec.version_label = rng.choice(["stable", "none", ""])
    for name in rng.sample(["images", "image_bytes", "inputs", "other"], rng.choice([1, 1, 1, 0, 2])):
        proto = request.inputs[name]
        proto.dtype = rng.choice([4, 4, 7, 7, 1, 9, 0, 23, 101])
        for size in rng.choice([[1], [1, 8, 8, 1], [2, 8, 8, 1], [], [-1], [0], [2**40], [2**20, 2**20], [1] * 300]):
            proto.tensor_shape.dim.add().size = size
        proto.tensor_shape.unknown_rank = rng.random() < 0.05
        if rng.random() < 0.5:
            proto.string_val.append(rng.choice([IMAGE, damaged(IMAGE, rng), b"", rng.randbytes(9)]))
        if rng.random() < 0.5:
            proto.tensor_content = rng.randbytes(rng.choice([0, 1, 64, 128, 65]))
        if rng.random() < 0.3:
            proto.int_val.extend(rng.choices([0, 255, 256, -1, 2**31 - 1], k=rng.choice([1, 64])))
        if rng.random() < 0.2:
            proto.float_val.append(rng.choice([0.5, float("nan"), float("inf")]))
    request.output_filter.extend(rng.sample(["logits", "none"], rng.choice([0, 0, 1])))
    return request


@MANY
@given(st.integers(0, 2**32))
def test_grpc(server, channel, seed):
    request = random_request(random.Random(seed))
    call = channel.unary_unary(
        "/tensorflow.serving.PredictionService/Predict", request_serializer=lambda message: message.SerializeToString()
    )
    done = call.future(request, timeout=60)
    assert done.code() in (
        grpc.StatusCode.OK,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.FAILED_PRECONDITION,
    ), (done.details(), request)


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(server.address) as channel:
        yield channel
