"""The preview server: one process, REST and gRPC."""

import logging
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import tensorflow as tf
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from zoo.serving.preview.model_servicer import ModelServicer
from zoo.serving.preview.prediction_servicer import PredictionServicer
from zoo.serving.preview.repository import LOG, Repository
from zoo.serving.preview.rest import rest_app
from zoo.serving.web import listen


def serve(directory, *, host, rest_port, grpc_port, max_bytes, poll_seconds=1.0) -> None:
    """Serve a folder of models until interrupted.

    Args:
        directory: the folder.
        host: the address to listen on.
        rest_port: port of REST; 0 takes a free one.
        grpc_port: port of gRPC; 0 takes a free one.
        max_bytes: the largest request.
        poll_seconds: how often the folder is read.

    Raises:
        ValueError: the folder has no model that can be served, or a port is taken.
    """
    _log_as_preview()
    repository = Repository(directory)
    repository.refresh()
    if not repository.names():
        raise ValueError(f"There is no model to serve; `pinet export NAME {directory}` puts one there.")
    calls = _grpc_server(repository, max_bytes)
    grpc_port = _bind(calls, host, grpc_port)
    web, socket = listen(rest_app(repository, max_bytes), host, rest_port)
    calls.start()
    repository.watch(poll_seconds)
    LOG.info("for development, not for production: TensorFlow Serving's API, in part")
    LOG.info("REST http://%s:%s", host, socket.getsockname()[1])
    LOG.info("gRPC %s:%s", host, grpc_port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn stops first, and then passes the signal on
    try:
        web.run(sockets=[socket])
    finally:
        repository.stop()
        calls.stop(grace=1).wait()
        LOG.info("stopped")


def _grpc_server(repository, max_bytes):
    options = [("grpc.max_receive_message_length", max_bytes), ("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=options)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionServicer(repository), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelServicer(repository), server)
    return server


def _bind(server, host, port):
    try:
        return server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise ValueError(f"Nothing can listen there. Received: {host}:{port}") from error


class _PreviewFormatter(logging.Formatter):
    """Puts "preview" before every line, also those of a traceback."""

    def format(self, record):
        lines = super().format(record).splitlines() or [""]
        return "\n".join(f"preview {record.levelname} {line}" for line in lines)


def _log_as_preview():
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PreviewFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    tf.get_logger().setLevel(logging.ERROR)  # it writes lines of its own form, about parameters being restored
