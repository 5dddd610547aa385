"""The files that TensorFlow Serving is started with: models.config, batching and monitoring."""

import os
from pathlib import Path

from zoo.files import replacing

BATCH_SIZES = (1, 2, 4, 8, 16, 32)  # of a run; larger requests are split
MAX_BATCH_SIZE = 1024  # of a request; the exported graphs check it too
BASE_PATH = "/models"  # where the image of TensorFlow Serving, and deploy/, have the folder of the models
MODELS, BATCHING, MONITORING = "models.config", "batching_parameters.txt", "monitoring.config"

BATCHING_TEXT = f"""\
# The most images of one request; a larger request is refused.
max_batch_size {{ value: {MAX_BATCH_SIZE} }}
# A request is split into runs of so many images, and small requests are joined into one run.
enable_large_batch_splitting {{ value: true }}
max_execution_batch_size {{ value: {BATCH_SIZES[-1]} }}
# A run starts as soon as it is full, or its first request has waited so long.
batch_timeout_micros {{ value: 1000 }}
max_enqueued_batches {{ value: 100 }}
num_batch_threads {{ value: 2 }}
# Runs are padded to one of these sizes; the warm-up requests have run each of them once.
{os.linesep.join(f"allowed_batch_sizes: {size}" for size in BATCH_SIZES)}
# No run has this size, but the last size must be max_batch_size.
allowed_batch_sizes: {MAX_BATCH_SIZE}
"""
MONITORING_TEXT = """\
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""


def read_models(path):
    """Read a models.config.

    Args:
        path: the file.

    Returns:
        A `ModelServerConfig` proto; an empty one where there is no file.

    Raises:
        ValueError: the file is no models.config.
    """
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    config = model_server_config_pb2.ModelServerConfig()
    try:
        return text_format.Parse(Path(path).read_text(encoding="utf-8"), config)
    except FileNotFoundError:
        return config
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no models.config: {error}") from error


def find_model(config, name):
    """The entry of a model in a `ModelServerConfig`, or `None`."""
    return next((entry for entry in config.model_config_list.config if entry.name == name), None)


def add_model(config, name):
    """Add the entry of a new model to a `ModelServerConfig`, and return it; it has no versions yet."""
    return config.model_config_list.config.add(name=name, base_path=f"{BASE_PATH}/{name}", model_platform="tensorflow")


def write_models(directory, config) -> None:
    """Replace `models.config` in one step, and write the other two files where they are missing.

    Args:
        directory: the folder of the models.
        config: a `ModelServerConfig`.
    """
    from google.protobuf import text_format

    directory = Path(directory)
    for file, text in ((BATCHING, BATCHING_TEXT), (MONITORING, MONITORING_TEXT)):
        if not (directory / file).exists():
            _replace(directory / file, text)
    config.model_config_list.SetInParent()  # an empty list is a list; an empty file is nothing to TensorFlow Serving
    _replace(directory / MODELS, text_format.MessageToString(config))


def with_base_path(config, directory):
    """The same configuration for a server that finds the models in another folder.

    Args:
        config: a `ModelServerConfig`.
        directory: the folder of the models, as the server sees it.

    Returns:
        A copy.
    """
    moved = type(config)()
    moved.CopyFrom(config)
    for entry in moved.model_config_list.config:
        entry.base_path = f"{directory}/{entry.base_path.rstrip('/').rsplit('/', 1)[-1]}"
    return moved


def _replace(path, text):
    """Write a file that a server may read at any moment, as another user."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")
        partial.chmod(0o644)
