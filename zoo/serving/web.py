"""What the web servers of this package have in common. Imports no backend."""

import asyncio
from socket import IPPROTO_TCP, TCP_NODELAY, socket

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request


def listen(app: Starlette, host: str, port: int, most_connections: int | None = None) -> tuple[uvicorn.Server, socket]:
    """A server that listens already, so that no client is turned away; `server.run(sockets=[socket])` answers.

    Args:
        app: the application.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        most_connections: beyond which a request gets 503; None for no limit.

    Raises:
        ValueError: the port is taken.
    """
    # Uvicorn's own log lines go through the logger of each server, so that each says what this is.
    config = uvicorn.Config(app, host, port, log_config=None, lifespan="off", limit_concurrency=most_connections)
    try:
        listener = config.bind_socket()
    except SystemExit as error:  # uvicorn's way to say that the port is taken
        raise ValueError(f"Nothing can listen there. Received: {host}:{port}") from error
    # Without it the body of an answer waits 40 ms for the acknowledgement of its head, on a kept-alive connection.
    # asyncio sets it for sockets of its own making; accepted connections inherit it from this one.
    listener.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    listener.listen()
    return uvicorn.Server(config), listener


async def read_body(request: Request, max_bytes: int, seconds: float) -> bytes | None:
    """The body of a request, or None where it is too large, which shows before it is in memory.

    Args:
        request: the request.
        max_bytes: the largest body.
        seconds: in which it must arrive.

    Raises:
        TimeoutError: it did not.
        ClientDisconnect: the client is gone.
    """
    parts, size = [], 0
    async with asyncio.timeout(seconds):
        async for part in request.stream():
            size += len(part)
            if size > max_bytes:
                return None
            parts.append(part)
    return b"".join(parts)
