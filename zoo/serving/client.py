"""Client of a server: REST with the standard library, gRPC with messages that need no TensorFlow."""

import base64
import json
import math
import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import quote, urlsplit

from zoo.serving.ports import is_server_url

TIMEOUT = 60  # seconds
PART, PART_BYTES = 32, 8_000_000  # images and bytes of one request; servers run 32 images at once, and limit both
SCHEMES = ("http", "https", "grpc")


def classify_images(url, name, images, version=None, label=None) -> list[dict]:
    """Classify images on a server with the signature `encoded`, in requests of at most 32 images and 8 MB of files.

    Args:
        url: `http://HOST:PORT` or `https://…` for REST, `grpc://HOST:PORT` for gRPC.
        name: the model on the server.
        images: the bytes of PNG or JPEG files.
        version: a version by number.
        label: a version by label.

    Returns:
        A dict per image, with `class_id`, `class_name` and `probability`; all three are None where the server has no
        answer, because the logits are beyond float32.

    Raises:
        ValueError: another URL, version and label together, the server refuses, cannot be reached, or answers
            something else.
    """
    if version is not None and label is not None:
        raise ValueError(f"Give a version or a label, not both. Received: version={version}, label={label!r}")
    if not is_server_url(url, SCHEMES):
        raise ValueError(f"A URL is http(s)://HOST:PORT for REST, or grpc://HOST:PORT for gRPC. Received: {url}")
    ask = _ask_grpc if urlsplit(url).scheme == "grpc" else _ask_rest
    images = list(images)
    parts = _parts(images)
    answers, first = [], 1
    for part in parts:
        try:
            answers += _rows(ask(url, name, part, version, label))
        except ValueError as error:
            if len(parts) == 1:
                raise
            raise ValueError(f"Images {first} to {first + len(part) - 1} of {len(images)}: {error}") from error
        first += len(part)
    return answers


def _parts(images):
    """Consecutive lists within both limits; a larger file is a list of its own."""
    parts: list[list[bytes]] = []
    size = 0
    for image in images:
        if not parts or len(parts[-1]) == PART or size + len(image) > PART_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(image)
        size += len(image)
    return parts


def _rows(columns):
    return [
        _answer(int(index), text, float(probability))
        for index, text, probability in zip(
            columns["class_id"], columns["class_name"], columns["probability"], strict=True
        )
    ]


def _answer(index, text, probability):
    if index < 0 or not math.isfinite(probability):  # older exports answer with NaN
        index = text = probability = None
    return {"class_id": index, "class_name": text, "probability": probability}


def _ask_rest(url, name, images, version, label):
    place = f"/versions/{version}" if version is not None else f"/labels/{quote(label)}" if label else ""
    body = {
        "signature_name": "encoded",
        "inputs": [{"b64": base64.b64encode(image).decode()} for image in images],
    }
    request = urllib.request.Request(
        f"{url.rstrip('/')}/v1/models/{quote(name)}{place}:predict", data=json.dumps(body, allow_nan=False).encode()
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as reply:
            return json.load(reply)["outputs"]
    except urllib.error.HTTPError as error:
        raise ValueError(f"The server answered {error.code}: {_reason(error.read())}") from error
    except (OSError, HTTPException, KeyError, ValueError) as error:  # HTTPException: another kind of server
        raise ValueError(f"No answer of a model server: {error}. Received: {url}") from error


def _reason(body):
    try:
        return json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace")


def _ask_grpc(url, name, images, version, label):
    import grpc

    from zoo.serving.predict_messages import DT_STRING, METHOD, PredictRequest, PredictResponse

    request = PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = "encoded"
    if version is not None:
        request.model_spec.version.value = version
    if label:
        request.model_spec.version_label = label
    tensor = request.inputs["image_bytes"]
    tensor.dtype = DT_STRING
    tensor.tensor_shape.dim.add(size=len(images))
    tensor.string_val.extend(images)
    with grpc.insecure_channel(url.removeprefix("grpc://")) as channel:
        ask = channel.unary_unary(
            METHOD,
            request_serializer=PredictRequest.SerializeToString,
            response_deserializer=PredictResponse.FromString,
        )
        try:
            outputs = ask(request, timeout=TIMEOUT).outputs
        except grpc.RpcError as error:
            raise ValueError(f"The server answered {error.code().name}: {error.details()}") from error
    return {
        "class_id": outputs["class_id"].int64_val,
        "class_name": [text.decode() for text in outputs["class_name"].string_val],
        "probability": outputs["probability"].float_val,
    }
