"""A server of encrypted inference in a thread."""

import json
import threading
import urllib.error
import urllib.request

from zoo.encrypted.http_server import MOST_CONNECTIONS
from zoo.serving.web import listen


class Web:
    """A server in a thread of this process."""

    def __init__(self, app):
        self.server, self.socket = listen(app, "127.0.0.1", 0, MOST_CONNECTIONS)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})
        self.thread.start()

    def post(self, path, body=None, method=None):
        """Status and body of one request."""
        try:
            request = urllib.request.Request(self.url + path, data=body, method=method)
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)["error"]

    def stop(self):
        self.server.should_exit = True
        self.thread.join(timeout=30)
        assert not self.thread.is_alive()
