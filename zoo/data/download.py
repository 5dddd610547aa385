"""Checks, before TensorFlow is imported, whether a data set is on this machine or can be downloaded."""

import os
import threading
import urllib.error
import urllib.request
from pathlib import Path

from zoo.data.catalog import SETS
from zoo.files import check_folder

TIMEOUT = 10  # seconds in which the server must answer


def data_folder(data_dir=None) -> Path:
    """Where TFDS keeps its data sets: `data_dir`, else what TFDS_DATA_DIR says, else ~/tensorflow_datasets."""
    return Path(data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def is_available(name, data_dir=None) -> bool:
    """Whether a data set needs no download: it is prepared in its folder, or comes with a package."""
    folder = data_folder(data_dir) / name.partition(":")[0]
    return (name in SETS and "source" not in SETS[name]) or any(folder.glob("**/dataset_info.json"))


def missing_message(name, data_dir=None) -> str:
    """The message before a download: data set, size, source and folder."""
    if name not in SETS:
        return f"{name} is not in {data_folder(data_dir)}: TFDS downloads it to there"
    size, source = SETS[name]["download"], SETS[name]["source"]
    return f"{name} is not in {data_folder(data_dir)}: downloading {size} to there from {source}"


def check_reachable(name, data_dir=None, url=None) -> None:
    """Make sure that a data set that is not here can be downloaded.

    Args:
        name: of a data set that TFDS downloads.
        data_dir: where TFDS keeps its data sets.
        url: of one of its files; that of a known data set need not be given. `None` asks no server.

    Raises:
        FileNotFoundError: its folder cannot be written, or its server does not answer within 10 s.
    """
    try:
        check_folder(data_folder(data_dir))
    except ValueError as error:
        raise not_available(name, data_dir, error) from error
    url = SETS[name]["source"] if name in SETS else url
    if url and (problem := _problem_with(url)):
        raise not_available(name, data_dir, problem)


def not_available(name, data_dir, reason) -> FileNotFoundError:
    """The error for a data set that is missing and cannot be downloaded."""
    return FileNotFoundError(
        f"{name} is not in {data_folder(data_dir)} and could not be downloaded there ({reason}). "
        f"On a machine with a network run `tfds build {name}`, or copy a prepared `{name}` folder there and "
        "set TFDS_DATA_DIR (or --data-dir) to the folder that holds it; or pass an .npz with --data."
    )


def _problem_with(url):
    """Why a server does not answer; empty if it does. TFDS itself would retry for minutes."""
    found = [f"no answer from {url} within {TIMEOUT} s"]

    def ask():
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=TIMEOUT).close()
            found[0] = ""
        except urllib.error.HTTPError:  # any answer shows that the server can be reached
            found[0] = ""
        except OSError as error:
            found[0] = f"{url}: {getattr(error, 'reason', error)}"

    # Name resolution ignores the timeout, so the request runs in a thread that may outlive it.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(TIMEOUT)
    return found[0]
