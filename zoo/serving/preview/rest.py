"""The REST API: paths, sizes and errors as in TensorFlow Serving."""

import json
import logging
import re

from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from zoo.serving.preview import tensors
from zoo.serving.preview.replies import metadata_reply, status_reply
from zoo.serving.preview.request_error import RequestError
from zoo.serving.preview.servable import merge_context
from zoo.serving.web import read_body

LOG = logging.getLogger("pinet.preview")
BODY_SECONDS = 60.0
PLACE = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d{1,18})|/labels/(?P<label>[^/:]+))?"
ASK = re.compile(PLACE + ":(?P<method>classify|regress|predict)")
OVERFLOW = "The answer holds NaN or infinity, which JSON does not have: the model overflows on these inputs."
LOOK = re.compile(PLACE + "(?P<metadata>/metadata)?")


def rest_app(repository, max_bytes, body_seconds=BODY_SECONDS) -> Starlette:
    """The ASGI application.

    Args:
        repository: the `Repository`.
        max_bytes: the largest body of a request; a larger one gets 413.
        body_seconds: how long a body may take to arrive; one that takes longer gets 408.
    """

    async def answer(request):
        try:
            body = await read_body(request, max_bytes, body_seconds)
        except ClientDisconnect:
            return Response(status_code=400)
        except TimeoutError:
            words = {"error": f"The body did not arrive within {body_seconds:g} seconds."}
            return Response(json.dumps(words, allow_nan=False), 408, media_type="application/json")
        if body is None:
            status, reply = 413, {"error": f"The body has more than {max_bytes} bytes."}
        else:
            status, reply = await run_in_threadpool(_handle, repository, request.method, request.url.path, body)
        try:
            text = json.dumps(reply, indent=1, allow_nan=False)
        except ValueError:
            status, text = 500, json.dumps({"error": OVERFLOW}, allow_nan=False)
        return Response(text, status, media_type="application/json")

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
    return Starlette(routes=[Route("/{path:path}", answer, methods=methods)])


def _handle(repository, method, path, body):
    try:
        return 200, _reply(repository, method, path, body)
    except RequestError as error:
        return error.http_status, {"error": error.reason}
    except Exception as error:  # a bug of this package: reported in the same form, and the server stays up
        LOG.exception("%s %s", method, path)
        return 500, {"error": f"{type(error).__name__}: {error}"}


def _reply(repository, method, path, body):
    place = (ASK if method == "POST" else LOOK).fullmatch(path) if method in ("POST", "GET") else None
    if place is None:
        raise RequestError(f"Malformed request: {method} {path}")
    version = None if place["version"] is None else int(place["version"])
    where = (place["name"], version, place["label"])
    if method == "GET":
        return _look(repository, where, place["metadata"])
    if place["method"] == "regress":
        raise RequestError("The preview server has no regression.")
    return _ask(repository.find(*where), place["method"], tensors.read_json(body))


def _look(repository, where, metadata):
    if not metadata:
        return _as_json(status_reply(repository.states(*where)))
    servable = repository.find(*where)
    reply, signatures = metadata_reply(servable)
    return {
        "model_spec": _as_json(reply.model_spec),
        "metadata": {"signature_def": _as_json(signatures)},
    }


def _ask(servable, method, value):
    name = tensors.signature_name(value)
    if method == "classify":
        pairs = servable.classify(name, merge_context(*tensors.classify_examples(value)))
        return {"results": [[list(pair) for pair in row] for row in pairs]}
    inputs, row_form = tensors.predict_inputs(value, dict(servable.signature(name).inputs))
    return tensors.predict_answer(servable.predict(name, inputs), row_form)


def _as_json(message):
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
