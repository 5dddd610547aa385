"""Checks of server addresses before packages are imported for them, which takes seconds."""

import socket
from urllib.parse import urlsplit


def is_server_url(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether this is a URL with one of the schemes, a host, and no port or one in 1..65535."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is not an integer, or too large
        return False


def check_port(host: str, port: int) -> None:
    """Raise an error for an address on which no server can listen.

    Args:
        host: a name or an address of this machine.
        port: 0 is any free one.

    Raises:
        ValueError: the port is taken, or the host is not this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that has ended blocks nobody
            listener.bind(address)
    except OSError as error:
        raise ValueError(f"Nothing can listen there: {error.strerror or error}. Received: {host}:{port}") from error
