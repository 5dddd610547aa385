"""Compiled networks on disk: each is compiled by one process, once. Imports no backend."""

import contextlib
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from zoo.data.cache import cache_folder
from zoo.files import replacing

DIGEST = hashlib.sha256().digest_size


def cache_file(name: str, checksum: str, suffix: str) -> Path | None:
    """The file of a compiled network; `None` for a user without a home folder.

    Args:
        name: of the model.
        checksum: of everything that the network depends on.
        suffix: of the engine's files.
    """
    try:
        # The name may be of somebody else's card, and must not lead elsewhere.
        return cache_folder() / "networks" / f"{re.sub(r'[^A-Za-z0-9]', '_', name)[:80]}-{checksum[:32]}{suffix}"
    except RuntimeError:  # of Python, which finds no home folder
        return None


def read_network(path: Path) -> bytes | None:
    """A compiled network, `None` where there is no intact one: before its contents stands their checksum."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    network = data[DIGEST:]
    return network if hashlib.sha256(network).digest() == data[:DIGEST] else None


def compiled_once(path: Path | None, compile: Callable[[], bytes]) -> bytes:
    """A compiled network from the cache, where one process compiles it while others wait.

    Args:
        path: as `cache_file` gives it.
        compile: gives the network. Where the cache cannot be written it is compiled without.
    """
    if path is None:
        return compile()
    with contextlib.ExitStack() as until_written:
        try:
            from filelock import FileLock

            path.parent.mkdir(parents=True, exist_ok=True)
            until_written.enter_context(FileLock(path.with_name(f"{path.name}.lock")))
        except OSError:
            return read_network(path) or compile()
        if (network := read_network(path)) is not None:
            return network
        network = compile()
        with contextlib.suppress(OSError), replacing(path) as partial:  # the disk may be full
            partial.write_bytes(hashlib.sha256(network).digest() + network)
        return network
