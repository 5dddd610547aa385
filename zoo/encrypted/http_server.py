"""Encrypted inference over HTTP: a server with a model and with public keys."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from zoo.encrypted.bundle import KEYS_PATH, PATH, REQUESTS_PATH
from zoo.encrypted.service import LOG, Service, UnknownKeys
from zoo.serving.web import listen, read_body

BODY_SECONDS = 600.0  # keys of tens of megabytes over a slow line
MOST_CONNECTIONS = 16  # each may hold a body in memory while it waits


def encrypted_app(service: Service, body_seconds: float = BODY_SECONDS) -> Starlette:
    """The ASGI application. Errors are JSON, `{"error": sentence}`.

    - `GET /v1/encrypted`: what is served, as JSON.
    - `POST /v1/encrypted/keys`: takes `public.keys`, answers `{"keys": ID}`.
    - `GET /v1/encrypted/keys/ID`: 200 if the keys are here, 404 if not.
    - `POST /v1/encrypted/requests`: takes a request, answers with its answer.

    Args:
        service: computes the answers, as many at the same time as it has workers.
        body_seconds: how long a body may take to arrive; one that takes longer gets 408.
    """
    free_worker = asyncio.Semaphore(service.workers)  # each takes gigabytes and a processor

    async def about(request: Request) -> Response:
        return _json(service.about())

    async def has_keys(request: Request) -> Response:
        keys = request.path_params["keys"]
        return _json({"keys": keys}) if service.has_keys(keys) else _error(404, "These public keys are not here.")

    async def add_keys(request: Request) -> Response:
        return await take(request, service.most_key_bytes, lambda body: _json({"keys": service.add_keys(body)}))

    async def answer(request: Request) -> Response:
        return await take(
            request,
            service.most_request_bytes,
            lambda body: Response(service.answer(body), media_type="application/octet-stream"),
        )

    async def take(request: Request, max_bytes: int, reply: Callable[[bytes], Response]) -> Response:
        too_large = _error(413, f"The body has more than {max_bytes:,} bytes, which the plan allows.")
        declared = request.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > max_bytes:
            return too_large
        try:
            body = await read_body(request, max_bytes, body_seconds)
        except ClientDisconnect:
            return Response(status_code=400)
        except TimeoutError:
            return _error(408, f"The body did not arrive within {body_seconds:g} seconds.")
        if body is None:
            return too_large
        async with free_worker:
            return await run_in_threadpool(_reply, reply, body)

    async def failed(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _error(error.status_code, f"{error.detail}: {request.method} {request.url.path}")

    routes = [
        Route(PATH, about),
        Route(KEYS_PATH, add_keys, methods=["POST"]),
        Route(KEYS_PATH + "/{keys}", has_keys),
        Route(REQUESTS_PATH, answer, methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: failed})


def _reply(reply: Callable[[bytes], Response], body: bytes) -> Response:
    try:
        return reply(body)
    except UnknownKeys as error:
        return _error(404, str(error))
    except ValueError as error:
        return _error(400, str(error))
    except Exception as error:  # a bug of this package: the server stays up
        LOG.exception("a request failed")
        return _error(500, f"{type(error).__name__}: {error}")


def _json(value: dict, status: int = 200) -> Response:
    return Response(json.dumps(value, allow_nan=False), status, media_type="application/json")


def _error(status: int, words: str) -> Response:
    return _json({"error": words}, status)


def serve(service: Service, host: str, port: int) -> None:
    """Answer until interrupted.

    Args:
        service: computes the answers.
        host: the address to listen on.
        port: 0 takes a free one.

    Raises:
        ValueError: the port is taken.
    """
    logging.basicConfig(level=logging.INFO, format="encrypted %(levelname)s %(message)s", stream=sys.stderr, force=True)
    web, socket = listen(encrypted_app(service), host, port, MOST_CONNECTIONS)
    LOG.info("%s on http://%s:%s", service.name, host, socket.getsockname()[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn stops first, and then passes the signal on
    web.run(sockets=[socket])
