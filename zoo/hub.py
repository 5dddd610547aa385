"""Models on the Hugging Face Hub by their address, `hf://user/model`. Imports no backend."""

import contextlib
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from zoo.extras import missing_package

SCHEME = "hf://"
ADDRESS = re.compile(
    r"hf://(?P<repository>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*?)(@(?P<revision>[\w./-]+))?/?", re.ASCII
)
CARD_FILE = re.compile(r"cards/(?P<name>[A-Za-z_]\w*)\.json", re.ASCII)
PATTERNS = ["cards/*.json", "weights/*.weights.h5"]
MOST_CARD_BYTES, MOST_WEIGHTS_BYTES = 10_000_000, 4_000_000_000
TIMEOUT = 10  # seconds in which the server must begin to answer


class Address(NamedTuple):
    """A repository and a revision: branch, tag or commit; `None` is the newest state."""

    repository: str
    revision: str | None


def parse_address(text: str) -> Address:
    """Repository and revision of `hf://user/model` or `hf://user/model@revision`.

    Raises:
        ValueError: it is written otherwise.
    """
    found = ADDRESS.fullmatch(text)
    if found is None:
        raise ValueError(f"An address on the Hub is hf://USER/MODEL or hf://USER/MODEL@REVISION. Received: {text!r}")
    return Address(found["repository"], found["revision"])


@functools.cache  # so that card and weights are of the same commit, and the server is asked once a process
def download(address: str) -> Path:
    """The folder that holds card and weights of a model, in the cache of huggingface_hub.

    Nothing else of the repository is downloaded: `cards/NAME.json` and `weights/NAME.weights.h5`, each of a size that
    is looked at first. Where the server cannot be reached, the newest state that was downloaded before is taken.

    Args:
        address: `hf://user/model`, or `hf://user/model@revision`.

    Raises:
        ValueError: no such repository or revision, or one without a model of ours, or with too large files.
        ConnectionError: the server cannot be reached, and nothing was downloaded before.
        ImportError: huggingface_hub is not installed.
    """
    repository, revision = parse_address(address)
    with errors_in_words(address):
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.errors import HfHubHTTPError

        try:
            info = HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=TIMEOUT)
        except (ValueError, HfHubHTTPError):
            raise
        except Exception as error:  # of the connection, by whichever HTTP library huggingface_hub uses
            return _downloaded_before(repository, revision, error)
        files = _files_of_a_model({each.rfilename: each.size or 0 for each in info.siblings or ()}, address)
        folder = Path(snapshot_download(repository, revision=revision, allow_patterns=files))
        if folder.name != info.sha:  # whose sizes nobody has looked at
            raise ValueError(f"{address} was changed while it was downloaded: try again.")
        return folder


def _downloaded_before(repository, revision, error):
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=PATTERNS, local_files_only=True))
    except LocalEntryNotFoundError:
        raise error from None


def _files_of_a_model(sizes, address):
    """Card and weights among the files of a repository."""
    cards = sorted(file for file in sizes if CARD_FILE.fullmatch(file))
    if len(cards) != 1:
        found = f"several, {', '.join(cards)}" if cards else "none"
        raise ValueError(
            f"{address} must hold one card, cards/NAME.json, as `zoo.push` writes it. Received: {found} among "
            f"{len(sizes)} files"
        )
    name = CARD_FILE.fullmatch(cards[0])["name"]  # type: ignore[index]
    weights = f"weights/{name}.weights.h5"
    if weights not in sizes:
        raise ValueError(f"{address} holds the card {cards[0]} and no {weights}.")
    for file, most in ((cards[0], MOST_CARD_BYTES), (weights, MOST_WEIGHTS_BYTES)):
        if sizes[file] > most:
            raise ValueError(f"{file} of {address} is larger than {most:,} bytes. Received: {sizes[file]:,} bytes")
    return [cards[0], weights]


@contextlib.contextmanager
def errors_in_words(address: str) -> Iterator[None]:
    """A context in which huggingface_hub's errors, some of which are pages long, become a sentence.

    Args:
        address: `hf://user/model`, or `hf://user/model@revision`.

    Raises:
        ValueError: the repository or revision is not there, or the token may not read or write it.
        ConnectionError: the server cannot be reached, or fails.
        ImportError: huggingface_hub is not installed.
    """
    try:
        from huggingface_hub import errors
    except ImportError as error:
        raise ImportError(missing_package(error) or str(error), name=error.name) from error
    try:
        yield
    except errors.GatedRepoError as error:
        raise ValueError(f"{address} is open to those only who asked for access on its page.") from error
    except errors.RepositoryNotFoundError as error:
        raise ValueError(
            f"There is no repository {address}, or it is private: `hf auth login`, or HF_TOKEN, gives the token of "
            "somebody who may see it."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ValueError(f"The repository has no such revision. Received: {address}") from error
    except errors.HfHubHTTPError as error:
        status = getattr(error.response, "status_code", None)
        if status in (401, 403):
            raise ValueError(f"The token may not do that: the server answers {status}. Received: {address}") from error
        raise ConnectionError(f"The server of {address} answers: {_first_line(error)}") from error
    except (ValueError, OSError) as error:
        if isinstance(error, ConnectionError | TimeoutError | errors.LocalEntryNotFoundError):
            raise ConnectionError(_not_reached(address, error)) from error
        raise
    except Exception as error:  # of the connection, by whichever HTTP library huggingface_hub uses
        raise ConnectionError(_not_reached(address, error)) from error


def _not_reached(address, error):
    return (
        f"The server of {address} cannot be reached, and nothing of it was downloaded before "
        f"({type(error).__name__}: {_first_line(error)})"
    )


def _first_line(error):
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
