"""Whether a server could listen somewhere: asked before it is imported, which takes seconds."""

import socket


def check_port(host: str, port: int) -> None:
    """Refuse an address at which nothing can listen.

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
