"""The models that are served: found in a folder, loaded, and kept up to date."""

import logging
import threading
import time
from pathlib import Path, PurePosixPath

import grpc

from zoo.serving.configs import MODELS, read_models
from zoo.serving.preview.request_error import RequestError
from zoo.serving.preview.servable import Servable

LOG = logging.getLogger("pinet.preview")
LOADING, AVAILABLE, END = 20, 30, 50  # ModelVersionStatus.State
RETRY_SECONDS = 5.0


class Repository:
    """Watches a folder of models: new versions are loaded, removed ones are unloaded.

    With a `models.config` in the folder, its models, version policies and labels count; without one, every folder with
    numbered versions is a model, served in its latest version. A new version is loaded before an old one goes, and the
    old one stays where no new one can be loaded. `states` has the reason why a version cannot be loaded; it is tried
    again. As in TensorFlow Serving, a file that moves a label in use to a version that is not loaded is refused as a
    whole.

    Args:
        directory: the folder. The last part of a model's `base_path` in `models.config` names its folder in it.
        retry_seconds: how long after a failure a version is tried again.
    """

    def __init__(self, directory, retry_seconds=RETRY_SECONDS):
        self.directory = Path(directory)
        self._models: dict[str, dict[int, Servable]] = {}
        self._labels: dict[str, dict[str, int]] = {}
        self._states: dict[str, dict[int, tuple[int, str]]] = {}
        self._retry_seconds = retry_seconds
        self._failures: dict[Path, tuple[float, str]] = {}  # when, and the reason
        self._stopped = threading.Event()
        self._complaint = ""

    def refresh(self) -> None:
        """Read the folder once, and load and unload versions accordingly."""
        try:
            wanted, labels = self._wanted()
            self._check_labels(labels)
        except (OSError, ValueError) as error:  # say so once, and keep what is served
            if str(error) != self._complaint:
                LOG.error("%s", error)
            self._complaint = str(error)
            return
        self._complaint = ""
        for name, versions in wanted.items():
            for version, folder in versions.items():
                self._load(name, version, folder)
        self._labels = labels
        for name, loaded in list(self._models.items()):
            now = wanted.get(name, {})
            if now and not now.keys() & loaded.keys():
                continue  # nothing that is wanted can be loaded: the old versions stay
            for version in loaded.keys() - now.keys():
                self._unload(name, version)

    def watch(self, seconds) -> None:
        """Refresh again and again in a thread, until `stop`."""

        def loop():
            while not self._stopped.wait(seconds):
                self.refresh()

        threading.Thread(target=loop, daemon=True, name="repository").start()

    def stop(self) -> None:
        """End the watching."""
        self._stopped.set()

    def names(self) -> list[str]:
        """Models with at least one version that is loaded."""
        return sorted(name for name, versions in self._models.items() if versions)

    def find(self, name, version=None, label=None) -> Servable:
        """The version that a request means: the named one, the labelled one, else the latest.

        Raises:
            RequestError: there is none.
        """
        if not name:
            raise RequestError("ModelSpec has no name specified.")
        versions = self._models.get(name, {})
        if label is not None:
            version = self._labelled(name, label)
        if version is None and versions:
            return versions[max(versions)]
        if version is None or version not in versions:
            request = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise RequestError(f"Servable not found for request: {request}", grpc.StatusCode.NOT_FOUND)
        return versions[version]

    def states(self, name, version=None, label=None) -> dict[int, tuple[int, str]]:
        """State and error text by version, of all versions or of the one meant.

        Raises:
            RequestError: nothing is known of the model or the version.
        """
        if not name:
            raise RequestError("Missing model name in request.")
        if label is not None:
            version = self._labelled(name, label)
        states = dict(self._states.get(name, {}))  # the watching thread may add to it meanwhile
        found = {number: state for number, state in states.items() if version in (None, number)}
        if not found:
            raise RequestError(f"Could not find any versions of model {name}", grpc.StatusCode.NOT_FOUND)
        return dict(sorted(found.items(), reverse=True))

    def _labelled(self, name, label):
        version = self._labels.get(name, {}).get(label)
        if version is None:
            raise RequestError(f"Unrecognized servable version label: {label}")
        return version

    def _check_labels(self, labels):
        """TensorFlow Serving's rule: it assigns all labels before it loads a version, and one refusal refuses the file.

        A label that nothing uses yet may point anywhere (`--allow_version_labels_for_unavailable_models`).
        """
        for name, versions in labels.items():
            used = self._labels.get(name, {})
            for label, version in versions.items():
                if used.get(label, version) != version and version not in self._models.get(name, {}):
                    raise ValueError(
                        f"{self.directory / MODELS} is refused, and nothing of it takes effect: it moves the label "
                        f"{label!r} of {name} from version {used[label]} to version {version}, which is not loaded "
                        "(FAILED_PRECONDITION in TensorFlow Serving)."
                    )

    def _wanted(self):
        """Folders by version by model, and labels by model."""
        if not (self.directory / MODELS).is_file():
            found = {path.name: _versions(path) for path in self.directory.iterdir()}
            return {name: {max(folders): folders[max(folders)]} for name, folders in found.items() if folders}, {}
        wanted, labels = {}, {}
        for entry in read_models(self.directory / MODELS).model_config_list.config:
            place = PurePosixPath(entry.base_path).name
            if not place:
                raise ValueError(f"{self.directory / MODELS} has a model without a base_path. Received: {entry.name}")
            found, policy = _versions(self.directory / place), entry.model_version_policy
            chosen = sorted(found)[-(policy.latest.num_versions or 1) :]
            if policy.HasField("specific"):
                chosen = policy.specific.versions
            elif policy.HasField("all"):
                chosen = found
            wanted[entry.name] = {version: found[version] for version in chosen if version in found}
            labels[entry.name] = dict(entry.version_labels)
        return wanted, labels

    def _load(self, name, version, folder):
        states = self._states.setdefault(name, {})
        failed, before = self._failures.get(folder, (-self._retry_seconds, ""))
        if version in self._models.get(name, {}) or time.monotonic() - failed < self._retry_seconds:
            return
        if not before:
            states[version] = (LOADING, "")
        try:
            servable = Servable(name, version, folder)
        except Exception as error:  # a third-party model can fail in any way, and must not end the watching
            reason = f"{type(error).__name__}: {error}"
            states[version] = (END, reason)
            self._failures[folder] = (time.monotonic(), reason)
            if reason != before:  # once, and not at every try
                LOG.error("%s version %s cannot be loaded: %s", name, version, error)
            return
        self._failures.pop(folder, None)
        self._models.setdefault(name, {})[version] = servable
        states[version] = (AVAILABLE, "")
        LOG.info("loaded %s version %s", name, version)

    def _unload(self, name, version):
        # A request in flight holds the servable; its session closes with its last reference.
        self._models[name] = {key: value for key, value in self._models[name].items() if key != version}
        self._states[name][version] = (END, "")
        LOG.info("unloaded %s version %s", name, version)


def _versions(folder):
    """The folders of a model's versions by number; whether one can be loaded shows when it is."""
    paths = folder.iterdir() if folder.is_dir() else ()
    return {int(path.name): path for path in paths if path.name.isdecimal() and path.is_dir()}
