"""The files that TensorFlow Serving is started with: models.config, batching and monitoring."""

import os
from pathlib import Path

BATCH_SIZES = (1, 2, 4, 8, 16, 32)
BASE_PATH = "/models"  # where the image of TensorFlow Serving, and deploy/, have the folder of the models
MODELS, BATCHING, MONITORING = "models.config", "batching_parameters.txt", "monitoring.config"

BATCHING_TEXT = f"""\
# A batch is run as soon as it is full, or its first request has waited so long.
max_batch_size {{ value: {BATCH_SIZES[-1]} }}
batch_timeout_micros {{ value: 1000 }}
max_enqueued_batches {{ value: 100 }}
num_batch_threads {{ value: 2 }}
# Batches are padded to one of these sizes; the warm-up requests have run each of them once.
{os.linesep.join(f"allowed_batch_sizes: {size}" for size in BATCH_SIZES)}
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


def add_version(directory, name, version) -> None:
    """Put a new version into `models.config`, and write the other two files where they are missing.

    The first version gets the label `stable`. A later one gets `canary`, and `stable` stays where it is. Labelled
    versions are the ones that are loaded.

    Args:
        directory: the folder of the models.
        name: the model.
        version: the version's number.
    """
    directory = Path(directory)
    config = read_models(directory / MODELS)
    entry = _entry(config, name)
    if entry is None:
        entry = config.model_config_list.config.add(
            name=name, base_path=f"{BASE_PATH}/{name}", model_platform="tensorflow"
        )
    entry.version_labels["canary" if entry.version_labels.get("stable", version) != version else "stable"] = version
    _write_models(directory, config, entry)
    for file, text in ((BATCHING, BATCHING_TEXT), (MONITORING, MONITORING_TEXT)):
        if not (directory / file).exists():
            _replace(directory / file, text)


def set_labels(directory, name, labels) -> dict[str, int]:
    """Point labels to versions, all at once; the way to roll out and to roll back.

    Args:
        directory: the folder of the models.
        name: the model.
        labels: versions by label.

    Returns:
        All labels of the model afterwards.

    Raises:
        ValueError: the model is not in `models.config`, or has no such version.
    """
    directory = Path(directory)
    config = read_models(directory / MODELS)
    entry = _entry(config, name)
    if entry is None:
        known = ", ".join(entry.name for entry in config.model_config_list.config) or "none"
        raise ValueError(f"{directory / MODELS} has no model of that name; it has: {known}. Received: {name!r}")
    for label, version in labels.items():
        if not (directory / name / str(version) / "saved_model.pb").is_file():
            raise ValueError(f"There is no version {version} of {name} in {directory}. Received: {label}={version}")
        entry.version_labels[label] = version
    _write_models(directory, config, entry)
    return dict(sorted(entry.version_labels.items()))


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


def _entry(config, name):
    return next((entry for entry in config.model_config_list.config if entry.name == name), None)


def _write_models(directory, config, entry):
    from google.protobuf import text_format

    versions = entry.model_version_policy.specific.versions
    del versions[:]
    versions.extend(sorted(set(entry.version_labels.values())))
    _replace(directory / MODELS, text_format.MessageToString(config))


def _replace(path, text):
    """Write a file that a server may read at any moment."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
