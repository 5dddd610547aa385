"""Changes of loaded versions and labels in models.config that never stop a server.

TensorFlow Serving assigns all labels of a new models.config before it loads versions. A label in use that moves to a
version that is not loaded is refused, and with it the whole file, for all models, at every reading. So a roll-out takes
two steps: a version is listed without a label in use, and once a server has it AVAILABLE, the label moves.
"""

from pathlib import Path

from filelock import FileLock

from zoo.serving.configs import MODELS, add_model, find_model, read_models, write_models
from zoo.serving.model_status import wait_until_available, wait_until_labelled, wait_until_unloaded

WAIT = 300  # seconds for loading a version
FOLLOW = 60  # seconds for following a changed label: several readings of models.config


def locked(directory) -> FileLock:
    """The lock of a folder of models; every process that writes there takes it."""
    return FileLock(str(Path(directory) / ".export.lock"))


def add_version(config, name, version, first) -> None:
    """List a new version as one to load; of a new model it gets the label `stable`, which nothing uses yet.

    No other label moves: a server does not have the version yet.

    Args:
        config: the `ModelServerConfig`, changed in place.
        name: the model.
        version: the version's number.
        first: whether the folder of the model has no other version. Otherwise a server may still have a label of it.
    """
    entry = find_model(config, name)
    if entry is None:
        entry = add_model(config, name)
        if first:
            entry.version_labels["stable"] = version
        _list(entry, {version})
    elif _is_specific(entry):
        _list(entry, {version, *_loaded(entry)})


def set_labels(directory, name, labels, urls, seconds=WAIT) -> dict[str, int]:
    """Point labels to versions, all at once; the way to roll out and to roll back.

    Args:
        directory: the folder of the models.
        name: the model.
        labels: versions by label.
        urls: the REST addresses of all servers that read this folder; each must have the versions AVAILABLE, is waited
            for, and must follow. Empty where no server reads it.
        seconds: the longest wait for a server that is loading.

    Returns:
        All labels of the model afterwards.

    Raises:
        ValueError: the model is not in `models.config`, does not list such a version, or a server has not loaded it;
            the labels are unchanged then. Also where a server does not follow; `models.config` is written then.
    """
    directory = Path(directory)
    for version in labels.values():
        _check_listed(directory, name, version)
        for url in urls:
            wait_until_available(url, name, version, seconds)
    with locked(directory):
        config = read_models(directory / MODELS)
        entry = _entry(config, directory, name)
        for label, version in labels.items():
            _check_listed(directory, name, version)
            for url in urls:  # the waiting was before the lock
                wait_until_available(url, name, version, 0)
            entry.version_labels[label] = version
        write_models(directory, config)
    _follow(urls, name, labels)
    return dict(sorted(entry.version_labels.items()))


def remove_labels(directory, name, labels, urls) -> dict[str, int]:
    """Take labels away. The versions that had them stay loaded.

    Args:
        directory: the folder of the models.
        name: the model.
        labels: the labels.
        urls: the REST addresses of all servers that read this folder.

    Returns:
        The labels of the model afterwards.

    Raises:
        ValueError: no such model or label; nothing is changed then. Also where a server does not follow.
    """
    directory = Path(directory)
    _entry(read_models(directory / MODELS), directory, name)  # before a lock is written into a wrong folder
    with locked(directory):
        config = read_models(directory / MODELS)
        entry = _entry(config, directory, name)
        for label in labels:
            if label not in entry.version_labels:
                known = ", ".join(sorted(entry.version_labels)) or "none"
                raise ValueError(f"{name} has no such label; it has: {known}. Received: {label!r}")
        for label in labels:
            del entry.version_labels[label]
        write_models(directory, config)
    _follow(urls, name, dict.fromkeys(labels))
    return dict(sorted(entry.version_labels.items()))


def load_version(directory, name, version, urls, seconds=WAIT) -> None:
    """List a version of the folder as one to load, and wait until the servers have it.

    Args:
        directory: the folder of the models.
        name: the model.
        version: the version's number.
        urls: the REST addresses of all servers that read this folder.
        seconds: the longest wait for each.

    Raises:
        ValueError: there is no such version, or a server has not loaded it in time.
    """
    directory = Path(directory)
    if not (directory / name / str(version) / "saved_model.pb").is_file():
        raise ValueError(f"There is no version {version} of {name} in {directory}.")
    entry = find_model(read_models(directory / MODELS), name)
    if entry is None or (_is_specific(entry) and version not in _loaded(entry)):
        for url in urls:  # a server that is yet to unload it would be AVAILABLE for the wrong reason
            wait_until_unloaded(url, name, version, FOLLOW)
    with locked(directory):
        config = read_models(directory / MODELS)
        entry = find_model(config, name)
        if entry is None:
            entry = add_model(config, name)
        else:
            _check_specific(entry, directory)
        _list(entry, {version, *_loaded(entry)})
        write_models(directory, config)
    for url in urls:
        wait_until_available(url, name, version, seconds)


def unload_version(directory, name, version, urls) -> None:
    """Take a version without a label out of memory; its folder stays. A model without versions leaves `models.config`.

    Args:
        directory: the folder of the models.
        name: the model.
        version: the version's number.
        urls: the REST addresses of all servers that read this folder.

    Raises:
        ValueError: the version is not loaded, or has a label; nothing is changed then. Also where a server does not
            follow.
    """
    directory = Path(directory)
    _entry(read_models(directory / MODELS), directory, name)  # before a lock is written into a wrong folder
    with locked(directory):
        config = read_models(directory / MODELS)
        entry = _entry(config, directory, name)
        _check_specific(entry, directory)
        _check_listed(directory, name, version)
        labels = sorted(label for label, number in entry.version_labels.items() if number == version)
        if labels:
            raise ValueError(f"Version {version} of {name} has labels; move or remove them first: {', '.join(labels)}.")
        _list(entry, {number for number in _loaded(entry) if number != version})
        if not _loaded(entry):  # a server would wait for a version of it for ever
            config.model_config_list.config.remove(entry)
        write_models(directory, config)
    for url in urls:
        wait_until_unloaded(url, name, version, FOLLOW)


def unlabelled(directory, name) -> list[int]:
    """Versions that are listed as ones to load, and have no label."""
    entry = find_model(read_models(Path(directory) / MODELS), name)
    return [] if entry is None else sorted(set(_loaded(entry)) - set(entry.version_labels.values()))


def _follow(urls, name, labels):
    for url in urls:
        for label, version in labels.items():
            wait_until_labelled(url, name, label, version, FOLLOW)


def _entry(config, directory, name):
    entry = find_model(config, name)
    if entry is None:
        known = ", ".join(entry.name for entry in config.model_config_list.config) or "none"
        raise ValueError(f"{directory / MODELS} has no model of that name; it has: {known}. Received: {name!r}")
    return entry


def _check_listed(directory, name, version):
    entry = _entry(read_models(directory / MODELS), directory, name)
    if not (directory / name / str(version) / "saved_model.pb").is_file():
        raise ValueError(f"There is no version {version} of {name} in {directory}.")
    if _is_specific(entry) and version not in _loaded(entry):
        loaded = ", ".join(map(str, _loaded(entry))) or "none"
        raise ValueError(
            f"Version {version} of {name} is not loaded; `pinet load {directory} {name} {version}` loads it. "
            f"Loaded: {loaded}."
        )


def _is_specific(entry):
    """Whether versions are listed one by one; somebody may have written another policy for the model."""
    return entry.model_version_policy.WhichOneof("policy_choice") == "specific"


def _check_specific(entry, directory):
    if not _is_specific(entry):
        policy = entry.model_version_policy.WhichOneof("policy_choice") or "latest"
        raise ValueError(
            f"{directory / MODELS} loads versions of {entry.name} by the policy `{policy}`; only versions that are "
            "listed (`specific`) can be loaded and unloaded one by one."
        )


def _loaded(entry):
    return list(entry.model_version_policy.specific.versions)


def _list(entry, versions):
    listed = entry.model_version_policy.specific.versions
    del listed[:]
    listed.extend(sorted(versions))
