"""Queries to a server over REST: loaded versions and the versions of labels."""

import json
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import quote

from zoo.serving.ports import is_server_url

TIMEOUT = 10  # seconds for one answer
POLL = 0.5  # seconds between two questions


def version_states(url, name) -> dict[int, tuple[str, str]]:
    """State and error message by version, as the server reports them.

    Args:
        url: `http://HOST:PORT` or `https://…`, the REST address of TensorFlow Serving or of the preview.
        name: the model on the server.

    Returns:
        `(state, message)` by version number, state being `START`, `LOADING`, `AVAILABLE`, `UNLOADING` or `END`; empty
        where the server does not know the model.

    Raises:
        ValueError: the server cannot be reached, or answers something else.
    """
    status, reply = _get(url, f"/v1/models/{quote(name)}")
    if status == 404:
        return {}
    try:
        found = reply["model_version_status"]
        return {int(item["version"]): (item["state"], item["status"].get("error_message", "")) for item in found}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"No answer of a model server: HTTP {status}, {reply}. Received: {url}") from error


def labelled_version(url, name, label) -> int | None:
    """The loaded version that a label means on the server.

    Args:
        url: the server.
        name: the model.
        label: the label.

    Returns:
        The version's number; 0 where the label means a version that is not loaded; `None` where there is no such label.

    Raises:
        ValueError: the server cannot be reached, or answers something else.
    """
    # The status of a label would be the status of all versions; metadata comes from the labelled version alone.
    status, reply = _get(url, f"/v1/models/{quote(name)}/labels/{quote(label)}/metadata")
    if status == 404:
        return 0
    if status == 400:
        return None
    try:
        return int(reply["model_spec"]["version"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"No answer of a model server: HTTP {status}, {reply}. Received: {url}") from error


def wait_until_available(url, name, version, seconds) -> None:
    """Wait until a server has loaded a version.

    Args:
        url: the server.
        name: the model.
        version: its number.
        seconds: the longest wait.

    Raises:
        ValueError: the server could not load it, has not loaded it in time, or cannot be reached.
    """

    def available():
        state, message = version_states(url, name).get(version, ("not known to the server", ""))
        if state == "END" and message:
            raise ValueError(f"{url} could not load version {version} of {name}: {message}")
        return state == "AVAILABLE", state

    _wait(available, seconds, f"version {version} of {name} to be AVAILABLE on {url}")


def wait_until_unloaded(url, name, version, seconds) -> None:
    """Wait until a server has unloaded a version.

    Args:
        url: the server.
        name: the model.
        version: its number.
        seconds: the longest wait.

    Raises:
        ValueError: it has not done so in time, or cannot be reached.
    """

    def unloaded():
        state = version_states(url, name).get(version, ("END", ""))[0]
        return state == "END", state

    _wait(unloaded, seconds, f"version {version} of {name} to be unloaded on {url}")


def wait_until_labelled(url, name, label, version, seconds) -> None:
    """Wait until a label means a version on a server.

    Args:
        url: the server.
        name: the model.
        label: the label.
        version: its number, or `None` for a label that was removed.
        seconds: the longest wait.

    Raises:
        ValueError: it does not in time, or the server cannot be reached.
    """

    def labelled():
        found = labelled_version(url, name, label)
        words = {None: "no such label", 0: "a version that is not loaded"}
        return found == version, words.get(found, f"version {found}")

    wanted = f"to be version {version}" if version else "to be removed"
    _wait(labelled, seconds, f"label {label!r} of {name} {wanted} on {url}")


def _wait(ask, seconds, words):
    """Poll until the first part of the answer is true; the second part describes the current state."""
    end = time.monotonic() + seconds
    while True:
        done, found = ask()
        if done:
            return
        if time.monotonic() >= end:
            raise ValueError(
                f"Waited {seconds:g} s for {words}; the last answer: {found}. Does that server read the models.config "
                "of this folder, again and again (--model_config_file_poll_wait_seconds)? Its log says what it refuses."
            )
        time.sleep(POLL)


def _get(url, path):
    if not is_server_url(url, ("http", "https")):
        raise ValueError(f"`url` must be the REST address of a server, http://HOST:PORT. Received: url={url!r}")
    try:
        with urllib.request.urlopen(url.rstrip("/") + path, timeout=TIMEOUT) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        if error.code in (400, 404):
            return error.code, {}
        raise ValueError(f"The server answered {error.code} to {path}. Received: {url}") from error
    except (OSError, HTTPException, ValueError) as error:  # HTTPException: another kind of server
        raise ValueError(f"No answer of a model server: {error}. Received: {url}") from error
