"""A request of a few bytes can declare millions of images: it is refused before anything large is computed."""

import base64
import json
import re
import time
from pathlib import Path

import numpy as np
import pytest

from zoo.serving.configs import MAX_BATCH_SIZE
from zoo.serving.preview import tensors
from zoo.serving.preview.request_error import RequestError
from zoo.serving.preview.rest import rest_app
from zoo.serving.preview.servable import Servable

from .helpers import ask_app, png, run_in_c
from .test_export import example, strings


@pytest.fixture(scope="module")
def digits(exported):
    return Servable("pinet_digits", 1, exported / "pinet_digits" / "1")


def test_the_graph_bounds_every_signature(exported):
    many = MAX_BATCH_SIZE + 1
    file = png(np.zeros((8, 8, 1)))
    requests = [
        ("serving_default", {"images": np.zeros((many, 8, 8, 1), "uint8")}),
        ("encoded", {"image_bytes": strings([file] * many)}),
        ("classify", {"inputs": strings([example(image__encoded=file)] * many)}),
    ]
    most = ("serving_default", {"images": np.zeros((MAX_BATCH_SIZE, 8, 8, 1), "uint8")})
    *refused, fine = run_in_c(exported / "pinet_digits" / "1", [*requests, most])
    for answer in refused:
        assert f"at most {MAX_BATCH_SIZE} items" in answer["message"]
    assert fine["class_id"].shape == (MAX_BATCH_SIZE,)


def test_refusing_a_million_images_costs_no_memory(exported):
    """It cost 17 GB: this measures that nothing is computed before the check."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("peak memory is measured on Linux alone")
    servable = Servable("pinet_digits", 1, exported / "pinet_digits" / "1")
    feed = servable.signatures["serving_default"].inputs["images"].name
    fetch = servable.signatures["serving_default"].outputs["logits"].name

    def peak():
        return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1000

    images = np.zeros((200_000, 8, 8, 1), "uint8")  # 13 MB, and 3.4 GB where all of it is computed
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    with pytest.raises(Exception, match="at most 1024 items"):
        servable._session.run(fetch, {feed: images})
    assert peak() - before < 100


def proto(shape, dtype=4, **values):
    from tensorflow.core.framework import tensor_pb2

    result = tensor_pb2.TensorProto(dtype=dtype, **values)
    for size in shape:
        result.tensor_shape.dim.add().size = size
    return result


def test_the_preview_refuses_before_it_allocates(digits):
    for shape in ([MAX_BATCH_SIZE + 1, 8, 8, 1], [10**6, 8, 8, 1], [10**6, 0]):
        with pytest.raises(RequestError, match=f"at most {MAX_BATCH_SIZE} items"):
            tensors.from_proto("images", proto(shape, int_val=[0]))
    with pytest.raises(RequestError, match=f"more than {tensors.MAX_ELEMENTS} elements"):  # 100 MB of one value
        tensors.from_proto("images", proto([1000, 100_000], int_val=[0]))
    with pytest.raises(RequestError, match="has 1 strings"):  # 1000 copies of a file of megabytes
        tensors.from_proto("image_bytes", proto([1000], dtype=7, string_val=[b"x"]))
    assert tensors.from_proto("images", proto([MAX_BATCH_SIZE, 8, 8, 1], int_val=[7])).shape == (
        MAX_BATCH_SIZE,
        8,
        8,
        1,
    )
    assert tensors.from_proto("image_bytes", proto([2], dtype=7, string_val=[b"x", b"y"])).tolist() == [b"x", b"y"]
    with pytest.raises(RequestError, match=f"at most {MAX_BATCH_SIZE} items"):
        tensors.classify_examples({"examples": [{}] * (MAX_BATCH_SIZE + 1)})
    with pytest.raises(RequestError, match=f"at most {MAX_BATCH_SIZE} items"):
        digits.classify("classify", [None] * (MAX_BATCH_SIZE + 1))
    with pytest.raises(RequestError, match=f"at most {MAX_BATCH_SIZE} items"):
        digits.predict("", {"images": np.zeros((MAX_BATCH_SIZE + 1, 8, 8, 1), "uint8")})


class _OneModel:
    def __init__(self, servable):
        self.servable = servable

    def find(self, *where):
        return self.servable


def test_what_tensorflow_quotes_and_its_own_signatures_are_refused_in_words(digits):
    """Each of these was answered with 500."""
    app = rest_app(_OneModel(digits), 10**6)
    image = base64.b64encode(png(np.arange(64).reshape(8, 8, 1))).decode()
    for name, reason in (("classify", "parse"), ("__saved_model_init_op", "not found")):
        body = {"signature_name": name, "inputs": [{"b64": image}]}
        status, text = ask_app(app, "/v1/models/pinet_digits:predict", json.dumps(body).encode())
        assert status == 400 and reason in json.loads(text)["error"], text
        assert len(text) < 1000
    assert not [name for name in digits.signatures if name.startswith("__")]


def test_a_body_that_stalls_is_timed_out(digits):
    app = rest_app(_OneModel(digits), 10**6, body_seconds=0.1)
    started = time.monotonic()
    status, text = ask_app(app, "/v1/models/pinet_digits:predict", b'{"inst', whole=False)
    assert time.monotonic() - started < 4
    assert status == 408 and "within 0.1 seconds" in json.loads(text)["error"]
