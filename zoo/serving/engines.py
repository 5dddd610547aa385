"""Which server runs: TensorFlow Serving itself where it is, else its Docker image, else words about the preview."""

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from zoo.serving.configs import BATCHING, MODELS, MONITORING, read_models, with_base_path

BINARY = "tensorflow_model_server"
IMAGE = "tensorflow/serving:2.19.1"  # deploy/ has the same tag
ENGINES = ("auto", BINARY, "docker", "preview")


def choose(engine) -> str:
    """The engine that can run here.

    Args:
        engine: `"auto"`, or one by name.

    Returns:
        `"tensorflow_model_server"`, `"docker"` or `"preview"`; `"auto"` never gives the preview.

    Raises:
        ValueError: what was asked for is not here.
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


def command(engine, directory, config, rest_port, grpc_port) -> list[str]:
    """The command line that starts an engine.

    Args:
        engine: `"tensorflow_model_server"` or `"docker"`.
        directory: the folder of the models.
        config: the models.config that the engine reads, in its own file system.
        rest_port: port of REST.
        grpc_port: port of gRPC.
    """
    root = "/models" if engine == "docker" else str(directory)
    options = [
        f"--model_config_file={config}",
        "--model_config_file_poll_wait_seconds=5",
        # A label may be moved to a version that is still being loaded, as in a first start.
        "--allow_version_labels_for_unavailable_models=true",
        "--enable_batching=true",
        f"--batching_parameters_file={root}/{BATCHING}",
        f"--monitoring_config_file={root}/{MONITORING}",
    ]
    if engine == "docker":
        ports = ["-p", f"{grpc_port}:8500", "-p", f"{rest_port}:8501"]
        return ["docker", "run", "--rm", *ports, "-v", f"{directory}:/models:ro", IMAGE, *options]
    return [BINARY, f"--port={grpc_port}", f"--rest_api_port={rest_port}", *options]


def run(engine, directory, rest_port, grpc_port) -> int:
    """Run TensorFlow Serving on a folder of models until it ends.

    Args:
        engine: `"tensorflow_model_server"` or `"docker"`.
        directory: the folder of the models.
        rest_port: port of REST.
        grpc_port: port of gRPC.

    Returns:
        Its exit code.

    Raises:
        ValueError: the folder holds no `models.config`.
    """
    directory = Path(directory).resolve()
    if not (directory / MODELS).is_file():
        raise ValueError(f"There is no {MODELS} in {directory}; `pinet export NAME {directory}` writes one.")
    if engine == "docker":
        return subprocess.call(command(engine, directory, f"/models/{MODELS}", rest_port, grpc_port))
    with tempfile.TemporaryDirectory() as folder:
        config, ended = Path(folder) / MODELS, threading.Event()
        _localise(directory, config)
        follower = threading.Thread(target=_follow, args=(directory, config, ended), daemon=True)
        follower.start()
        try:
            return subprocess.call(command(engine, directory, config, rest_port, grpc_port))
        finally:
            ended.set()
            follower.join()


def _docker_answers():
    if not shutil.which("docker"):
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, timeout=10)
    except (subprocess.TimeoutExpired, OSError):
        return False
    return asked.returncode == 0


def _follow(directory, config, ended):
    """Keep the local models.config up to date with the one that export and `pinet label` write."""
    seen = None
    while not ended.wait(1):
        changed = (directory / MODELS).stat().st_mtime_ns
        if changed != seen:
            seen = changed
            _localise(directory, config)


def _localise(directory, config):
    """Write models.config with the real folder in the place of the image's /models."""
    from google.protobuf import text_format

    moved = with_base_path(read_models(directory / MODELS), directory)
    temporary = config.with_suffix(".new")
    temporary.write_text(text_format.MessageToString(moved), encoding="utf-8")
    os.replace(temporary, config)
