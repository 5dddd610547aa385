"""A server of files on this machine, for `pinet page --serve`."""

import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Handler(SimpleHTTPRequestHandler):
    # Without registering: the types of some systems lack these, and browsers run no module of another type.
    extensions_map = {  # noqa: RUF012 typeshed has it as an attribute of instances
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".gz": "application/gzip",
    }

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")  # the browser asks whether a file was built again
        super().end_headers()

    def log_message(self, format, *args):
        pass


def site_server(folder: str | Path, port: int) -> ThreadingHTTPServer:
    """A server of the files of a folder, on 127.0.0.1; `serve_forever()` starts it.

    Args:
        folder: what `build_site` wrote.
        port: 0 takes a free one; `server_address` of the server has it.
    """
    return ThreadingHTTPServer(("127.0.0.1", port), functools.partial(_Handler, directory=str(folder)))
