"""Choice and start of a server: TensorFlow Serving if installed, else its Docker image."""

import contextlib
import ipaddress
import logging
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from zoo.files import replacing
from zoo.serving.configs import BATCHING, MODELS, MONITORING, read_models, with_base_path

BINARY = "tensorflow_model_server"
IMAGE = "tensorflow/serving:2.19.1"  # deploy/ has the same tag
ENGINES = ("auto", BINARY, "docker", "preview")
LOOPBACK, ALL = "127.0.0.1", "0.0.0.0"
GRACE = 10  # seconds between asking a server to end and ending it
FOLLOW_SECONDS = 1.0  # between two readings of models.config
LOG = logging.getLogger("pinet.serve")


def choose_engine(engine) -> str:
    """The engine that can run here.

    Args:
        engine: `"auto"`, or one by name.

    Returns:
        `"tensorflow_model_server"`, `"docker"` or `"preview"`; `"auto"` never gives the preview.

    Raises:
        ValueError: the engine is not installed here.
    """
    if engine not in ENGINES:
        raise ValueError(f"`engine` must be one of {', '.join(ENGINES)}. Received: engine={engine!r}")
    if engine == "preview":
        return engine
    if engine in ("auto", BINARY) and shutil.which(BINARY):
        return BINARY
    if engine in ("auto", "docker") and _docker_answers():
        return "docker"
    missing = {
        "auto": f"Neither {BINARY} nor a Docker engine is here.",
        BINARY: f"{BINARY} is not on the PATH.",
        "docker": "No Docker engine answers.",
    }[engine]
    raise ValueError(f"{missing} For development there is a small server of our own: --engine preview")


def listen_address(engine, host) -> str:
    """The address that an engine listens on.

    Args:
        engine: `"tensorflow_model_server"`, `"docker"` or `"preview"`.
        host: the wanted address, or `None` for the engine's default: this machine alone where the engine can do that.

    Raises:
        ValueError: `tensorflow_model_server` always listens on all addresses of the machine, and another was given.
    """
    if engine != BINARY:
        return host or LOOPBACK
    if host not in (None, ALL):
        raise ValueError(
            f"{BINARY} always listens on all addresses ({ALL}); use --engine docker, --engine preview "
            f"or a firewall. Received: host={host!r}"
        )
    return ALL


def exposure_warning(host) -> str | None:
    """A warning about an address that others can reach, or `None`.

    Args:
        host: the address that a server listens on.
    """
    with contextlib.suppress(ValueError):
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return None
    return (
        f"Listening on {host}: everyone who reaches this machine can query the models. "
        "There is no authentication and no encryption; put a proxy with both, or a firewall, in front."
    )


def command(engine, directory, config, host, rest_port, grpc_port) -> list[str]:
    """The command line that starts an engine.

    Args:
        engine: `"tensorflow_model_server"` or `"docker"`.
        directory: the folder of the models.
        config: the models.config that the engine reads, in its own file system.
        host: the address that Docker publishes on.
        rest_port: port of REST.
        grpc_port: port of gRPC.
    """
    root = "/models" if engine == "docker" else str(directory)
    options = [
        f"--model_config_file={config}",
        "--model_config_file_poll_wait_seconds=5",
        # At a start no version is loaded yet, and labels are assigned before any is.
        "--allow_version_labels_for_unavailable_models=true",
        "--enable_batching=true",
        f"--batching_parameters_file={root}/{BATCHING}",
        f"--monitoring_config_file={root}/{MONITORING}",
    ]
    if engine == "docker":
        address = f"[{host}]" if ":" in host else host
        ports = ["-p", f"{address}:{grpc_port}:8500", "-p", f"{address}:{rest_port}:8501"]
        # As process 1 the server would ignore SIGTERM; the image's start script would add a model of its own.
        start = ["docker", "run", "--rm", "--init", "--entrypoint", BINARY]
        return [*start, *ports, "-v", f"{directory}:/models:ro", IMAGE, "--port=8500", "--rest_api_port=8501", *options]
    return [BINARY, f"--port={grpc_port}", f"--rest_api_port={rest_port}", *options]


def run(engine, directory, host, rest_port, grpc_port) -> int:
    """Run TensorFlow Serving on a folder of models until it ends, or this process is asked to end.

    Args:
        engine: `"tensorflow_model_server"` or `"docker"`.
        directory: the folder of the models.
        host: the address that Docker publishes on.
        rest_port: port of REST.
        grpc_port: port of gRPC.

    Returns:
        Its exit code; 0 where it ended because of a SIGTERM to this process.

    Raises:
        ValueError: the folder holds no `models.config`, or one that cannot be read.
    """
    directory = Path(directory).resolve()
    if not (directory / MODELS).is_file():
        raise ValueError(f"There is no {MODELS} in {directory}; `pinet export NAME {directory}` writes one.")
    if engine == "docker":
        return _run_child(command(engine, directory, f"/models/{MODELS}", host, rest_port, grpc_port))
    with tempfile.TemporaryDirectory() as folder:
        config, ended = Path(folder) / MODELS, threading.Event()
        _localise(directory, config)
        follower = threading.Thread(target=_follow, args=(directory, config, ended), daemon=True)
        follower.start()
        try:
            return _run_child(command(engine, directory, config, host, rest_port, grpc_port))
        finally:
            ended.set()
            follower.join()


def _run_child(arguments):
    """Run a child process that ends with this one: on SIGTERM, Ctrl-C and errors."""
    asked: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    try:
        process = subprocess.Popen(arguments)
        try:
            while process.poll() is None and not asked:
                time.sleep(0.1)
            code = process.returncode
        finally:
            _end(process)
    finally:
        signal.signal(signal.SIGTERM, before)
    if asked:
        return 0
    return code if code >= 0 else 128 - code  # ended by a signal, as a shell says it


def _end(process):
    process.terminate()  # does nothing to one that has ended
    try:
        process.wait(timeout=GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _docker_answers():
    if not shutil.which("docker"):
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, timeout=10)
    except (subprocess.TimeoutExpired, OSError):
        return False
    return asked.returncode == 0


def _follow(directory, config, ended):
    """Keep the local models.config up to date with the one that export and `pinet label` write.

    A file that cannot be read, or is not a models.config, is reported once, and the last good one stays in use.
    """
    seen = complaint = None
    while not ended.wait(FOLLOW_SECONDS):
        try:
            text = (directory / MODELS).read_bytes()
            if text != seen:
                _localise(directory, config)
                seen, complaint = text, None
        except (OSError, ValueError) as error:
            if str(error) != complaint:
                LOG.error("The server keeps the last good %s: %s", MODELS, error)
            seen, complaint = None, str(error)


def _localise(directory, config):
    """Write models.config with the real folder in the place of the image's /models."""
    from google.protobuf import text_format

    moved = with_base_path(read_models(directory / MODELS), directory)
    with replacing(config) as partial:
        partial.write_text(text_format.MessageToString(moved), encoding="utf-8")
