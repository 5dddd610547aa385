"""What the tests of serving have in common: running a model through the C API, and servers."""

import asyncio
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from base64 import b64decode, b64encode
from pathlib import Path

import numpy as np

C_API = Path(__file__).with_name("c_api.py")


def as_value(array):
    """An array in the JSON of `c_api.py`."""
    array = np.asarray(array)
    if array.dtype.kind in "OSU":
        contents = [b64encode(item).decode() for item in array.ravel().tolist()]
        return {"dtype": "string", "shape": list(array.shape), "b64s": contents}
    return {"dtype": array.dtype.name, "shape": list(array.shape), "b64": b64encode(array.tobytes()).decode()}


def as_array(value):
    """The other way round."""
    if "b64s" in value:
        return np.array([b64decode(item) for item in value["b64s"]], object).reshape(value["shape"])
    return np.frombuffer(b64decode(value["b64"]), value["dtype"]).reshape(value["shape"])


def read_signatures(folder):
    """The signatures in a SavedModel, as protos by name."""
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    return {key: value for key, value in saved.meta_graphs[0].signature_def.items() if not key.startswith("__")}


def run_in_c(folder, requests, onednn=False):
    """Run requests, pairs of signature name and inputs by name, in a process that has TensorFlow's C library only."""
    signatures, job = read_signatures(folder), []
    for name, inputs in requests:
        signature = signatures[name]
        job.append(
            {
                "inputs": {signature.inputs[key].name: as_value(value) for key, value in inputs.items()},
                "outputs": [signature.outputs[key].name for key in sorted(signature.outputs)],
            }
        )
    command = [sys.executable, "-I", str(C_API), str(folder)]
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "1" if onednn else "0"}
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-2000:]}"
    answers = json.loads(done.stdout)
    return [
        answer
        if isinstance(answer, dict)
        else dict(zip(sorted(signatures[name].outputs), map(as_array, answer), strict=True))
        for (name, _), answer in zip(requests, answers, strict=True)
    ]


def png(image):
    """The bytes of a PNG file with these pixels."""
    from PIL import Image

    image, file = np.asarray(image, "uint8"), io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file, "PNG")
    return file.getvalue()


def ask_app(app, path, *parts, whole=True):
    """Status and text of a POST to an ASGI application, in this process; an unfinished body stalls after its parts."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting[-1]["more_body"] = not whole
    sent = []

    async def receive():
        return waiting.pop(0) if waiting else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "root_path": ""}
    request = app({**scope, "query_string": b"", "headers": [], "scheme": "http"}, receive, send)
    # In a thread of its own: where a browser is open for other tests, this one has a running event loop.
    thread = threading.Thread(target=asyncio.run, args=(request,))
    thread.start()
    thread.join()
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent).decode()


class Server:
    """A server of models as its users start it: `pinet serve FOLDER --engine ENGINE`, on free ports of this machine."""

    def __init__(self, folder, engine, max_megabytes=2):
        self.folder, self.lines = folder, []
        self.rest_port, self.grpc_port = free_port(), free_port()
        command = [sys.executable, "-m", "zoo.cli.commands", "serve", str(folder), "--engine", engine]
        command += ["--rest-port", str(self.rest_port), "--grpc-port", str(self.grpc_port)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "GRPC_"))}
        self.process = subprocess.Popen(
            [*command, "--max-megabytes", str(max_megabytes)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_for("/v1/models/pinet_digits")

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.rest_port}"

    @property
    def address(self):
        return f"127.0.0.1:{self.grpc_port}"

    def ask(self, path, body=None, method=None):
        """Status and JSON of one request; a body that is no bytes is sent as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def wait_for(self, path, body=None, seconds=180):
        """Ask until the answer is 200."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if self.ask(path, body)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.5)
        raise AssertionError(f"{path} did not answer with 200:\n" + "".join(self.lines[-40:]))

    def stop(self):
        """End it as a process manager does; gives the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=60)


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def engines():
    """The engines that the same tests run against: the real one joins where it is on the PATH."""
    return ["preview", *(["tensorflow_model_server"] if shutil.which("tensorflow_model_server") else [])]
