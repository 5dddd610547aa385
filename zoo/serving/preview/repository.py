"""The models that are served: found in a folder, loaded, and kept up to date."""

import logging
import threading
from pathlib import Path

import grpc

from zoo.serving.configs import MODELS, read_models
from zoo.serving.preview.request_error import RequestError
from zoo.serving.preview.servable import Servable, is_complete

LOG = logging.getLogger("pinet.preview")
LOADING, AVAILABLE, END = 20, 30, 50  # ModelVersionStatus.State


class Repository:
    """Follows a folder of models: what appears is loaded, what disappears is let go.

    With a `models.config` in the folder, its models, version policies and labels count; without one, every folder with
    numbered versions is a model, served in its latest version. A new version is loaded before an old one goes. As in
    TensorFlow Serving, a file that moves a label in use to a version that is not loaded is refused as a whole.

    Args:
        directory: the folder.
    """

    def __init__(self, directory):
        self.directory = Path(directory)
        self._models: dict[str, dict[int, Servable]] = {}
        self._labels: dict[str, dict[str, int]] = {}
        self._states: dict[str, dict[int, tuple[int, str]]] = {}
        self._stopped = threading.Event()
        self._complaint = ""

    def refresh(self) -> None:
        """Look at the folder once, and load and let go accordingly."""
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
            for version in versions:
                self._load(name, version)
        self._labels = labels
        for name in list(self._models):
            for version in set(self._models[name]) - wanted.get(name, set()):
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
        """Models with at least one version that can be asked."""
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
        """Versions by model, and labels by model."""
        if not (self.directory / MODELS).is_file():
            found = {path.name: self._found(path.name) for path in self.directory.iterdir() if path.is_dir()}
            return {name: {max(versions)} for name, versions in found.items() if versions}, {}
        wanted, labels = {}, {}
        for entry in read_models(self.directory / MODELS).model_config_list.config:
            found, policy = self._found(entry.name), entry.model_version_policy
            if policy.HasField("specific"):
                wanted[entry.name] = found & set(policy.specific.versions)
            elif policy.HasField("all"):
                wanted[entry.name] = found
            else:
                wanted[entry.name] = set(sorted(found)[-(policy.latest.num_versions or 1) :])
            labels[entry.name] = dict(entry.version_labels)
        return wanted, labels

    def _found(self, name):
        folder = self.directory / name
        paths = folder.iterdir() if folder.is_dir() else ()
        return {int(path.name) for path in paths if path.name.isdecimal() and is_complete(path)}

    def _load(self, name, version):
        states = self._states.setdefault(name, {})
        if version in self._models.get(name, {}) or states.get(version, (0, ""))[1]:
            return  # loaded, or has failed before
        states[version] = (LOADING, "")
        try:
            servable = Servable(name, version, self.directory / name / str(version))
        except Exception as error:  # a stranger's model can fail in any way, and must not end the watching
            states[version] = (END, f"{type(error).__name__}: {error}")
            LOG.error("%s version %s cannot be loaded: %s", name, version, error)
            return
        self._models.setdefault(name, {})[version] = servable
        states[version] = (AVAILABLE, "")
        LOG.info("loaded %s version %s", name, version)

    def _unload(self, name, version):
        # A request in flight holds the servable; its session closes with its last reference.
        self._models[name] = {key: value for key, value in self._models[name].items() if key != version}
        self._states[name][version] = (END, "")
        LOG.info("unloaded %s version %s", name, version)
