"""The client of `zoo.encrypted.http_server`: sends files and asks, with the standard library."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException

import numpy as np

from zoo.encrypted.bundle import KEYS_PATH, PATH, REQUESTS_PATH
from zoo.encrypted.owner import Owner
from zoo.serving.ports import is_server_url

TIMEOUT = 600.0  # seconds: a request with packing "many" takes minutes
MOST_ANSWER_BYTES = 2**30
MOST_JSON_BYTES = 2**16


class Remote:
    """A server of encrypted inference.

    Args:
        url: `http://HOST:PORT` or `https://…`.
        timeout: seconds to wait for an answer.

    Attributes:
        about: what the server says of itself: model, batch, security, plan and limits.

    Raises:
        ValueError: another URL, or no such server answers there.
    """

    def __init__(self, url: str, timeout: float = TIMEOUT):
        if not is_server_url(url, ("http", "https")):
            raise ValueError(f"A URL is http(s)://HOST:PORT. Received: {url}")
        self.url, self._timeout = url.rstrip("/"), timeout
        self.about = self._json(PATH)
        kinds = {"model": str, "batch": str, "security": int, "plan": str, "most_key_bytes": int}
        kinds["most_request_bytes"] = int
        if not all(isinstance(self.about.get(key), kind) for key, kind in kinds.items()):
            raise ValueError(f"This is not a server of encrypted inference. Received: {url}")

    def send_keys(self, public_keys: bytes) -> str:
        """Send public keys, which is needed once; gives their `key_id`.

        Args:
            public_keys: the file.

        Raises:
            ValueError: the server refuses them.
        """
        self._check_size(public_keys, "most_key_bytes")
        return str(self._json(KEYS_PATH, public_keys)["keys"])

    def answer(self, request: bytes) -> bytes:
        """Send a request; gives the answer.

        Args:
            request: the file.

        Raises:
            ValueError: the server refuses it.
        """
        self._check_size(request, "most_request_bytes")
        return self._ask(REQUESTS_PATH, request, MOST_ANSWER_BYTES)

    def has_keys(self, keys: str) -> bool:
        """Whether the server has public keys.

        Args:
            keys: their `key_id`.
        """
        try:
            return self._json(f"{KEYS_PATH}/{keys}")["keys"] == keys
        except _Refused as error:
            if error.status == 404:
                return False
            raise

    def check(self, owner: Owner) -> None:
        """Refuse a server that computes something else than an owner expects.

        Args:
            owner: the owner of the keys.

        Raises:
            ValueError: it does.
        """
        wanted = {"model": owner.model_name, "plan": owner.plan}
        found = {key: self.about[key] for key in wanted}
        if found != wanted:
            raise ValueError(
                f"The server computes {found['model']} by plan {found['plan']}; the keys are for {wanted['model']} by "
                f"plan {wanted['plan']}. Server and client need the same model and the same version of this package."
            )

    def logits(self, owner: Owner, examples: np.ndarray) -> np.ndarray:
        """Classify examples: encrypt, ask and decrypt. Public keys are sent where the server does not have them.

        Args:
            owner: encrypts and decrypts.
            examples: `[n, *input_shape]`, in as many requests as the plan needs.

        Returns:
            `[n, classes]`.

        Raises:
            ValueError: the server computes something else, refuses, or answers something else.
        """
        self.check(owner)
        if not self.has_keys(owner.keys):
            self.send_keys(owner.public)
        size = owner.model.plan.examples_per_request
        parts = [examples[start : start + size] for start in range(0, len(examples), size)]
        return np.concatenate([owner.logits(self.answer(owner.request(part))) for part in parts])

    def _check_size(self, data: bytes, limit: str) -> None:
        if len(data) > self.about[limit]:
            raise ValueError(f"The server takes at most {self.about[limit]:,} bytes. Received: {len(data):,}")

    def _json(self, path: str, body: bytes | None = None) -> dict:
        text = self._ask(path, body, MOST_JSON_BYTES)
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise ValueError(f"This is not a server of encrypted inference. Received: {self.url}")
        return value

    def _ask(self, path: str, body: bytes | None, most_bytes: int) -> bytes:
        request = urllib.request.Request(self.url + path, data=body)
        request.add_header("Content-Type", "application/octet-stream")
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as reply:
                data = reply.read(most_bytes + 1)
        except urllib.error.HTTPError as error:
            raise _Refused(error.code, _reason(error.read(MOST_JSON_BYTES))) from error
        except (OSError, HTTPException) as error:
            raise ValueError(f"No answer: {error}. Received: {self.url}") from error
        if len(data) > most_bytes:
            raise ValueError(f"The server answered more than {most_bytes:,} bytes. Received: {self.url}")
        return data


class _Refused(ValueError):
    """A status that is not 200, with the server's reason."""

    def __init__(self, status: int, reason: str):
        super().__init__(f"The server answered {status}: {reason}")
        self.status = status


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace")
