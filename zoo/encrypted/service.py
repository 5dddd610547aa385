"""The owner of the model: answers the requests of several clients, and has no secret key."""

from __future__ import annotations

import logging
from collections import OrderedDict

from zoo.encrypted.bundle import ANSWER, OVERHEAD, PUBLIC, REQUEST, SECRET, Bundle, key_id, numbered, read_bundle
from zoo.encrypted.compiling import EncryptedModel
from zoo.encrypted.seal import Plaintexts
from zoo.encrypted.server import MARGIN, Server

LOG = logging.getLogger("pinet.encrypted")
MOST_CLIENTS = 8


class UnknownKeys(ValueError):
    """A request whose public keys are not here."""


class Service:
    """Keeps the public keys of clients and answers their requests.

    Args:
        name: name of the model.
        model: what is computed.
        most_clients: keys of how many clients are kept; those that were not used for longest go first.

    Attributes:
        most_key_bytes: the largest file of public keys.
        most_request_bytes: the largest request.
        workers: how many requests are computed at the same time.

    Raises:
        ValueError: more memory is needed than may be used.
    """

    def __init__(self, name: str, model: EncryptedModel, most_clients: int = MOST_CLIENTS):
        plan = model.plan
        plan.check_memory()
        self.name, self.model, self.plan = name, model, model.fingerprint()
        self.most_key_bytes = int(MARGIN * plan.key_bytes) + 3 * OVERHEAD
        each = int(MARGIN * plan.ciphertext_bytes) + OVERHEAD
        self.most_request_bytes = plan.request_ciphertexts * each + OVERHEAD
        self._most_clients = most_clients
        self.workers = 1
        self._clients: OrderedDict[str, Server | None] = OrderedDict()  # by their keys; the last used is the last
        self._plaintexts = Plaintexts(plan.plaintext_bytes)

    def about(self) -> dict:
        """What a client must know before it makes keys."""
        plan = self.model.plan
        return {
            "model": self.name,
            "batch": plan.batch,
            "security": plan.security,
            "plan": self.plan,
            "examples_per_request": plan.examples_per_request,
            "workers": self.workers,
            "most_key_bytes": self.most_key_bytes,
            "most_request_bytes": self.most_request_bytes,
        }

    def has_keys(self, keys: str) -> bool:
        """Whether public keys are here.

        Args:
            keys: their `key_id`.
        """
        return keys in self._clients

    def add_keys(self, data: bytes) -> str:
        """Keep the public keys of a client.

        Args:
            data: the file `public.keys`.

        Returns:
            Their `key_id`.

        Raises:
            ValueError: it holds a secret key, is damaged, or was made for another plan.
        """
        bundle = self._read(data, PUBLIC)
        keys = key_id(bundle.parts)
        if keys != bundle.keys:
            raise ValueError("The public keys are not those that their description names.")
        self._clients[keys] = Server(self.model, bundle.parts, self._plaintexts)
        while len(self._clients) > self._most_clients:
            LOG.info("keys %s were not used for longest and are dropped", self._clients.popitem(last=False)[0])
        return keys

    def drop_keys(self, keys: str) -> None:
        """Forget public keys.

        Args:
            keys: their `key_id`.
        """
        self._clients.pop(keys, None)

    def answer(self, data: bytes) -> bytes:
        """The answer to a request.

        Args:
            data: the request as a file.

        Raises:
            UnknownKeys: its public keys are not here.
            ValueError: it is damaged, or was made for another plan.
        """
        return self.answered(data)[1]

    def answered(self, data: bytes) -> tuple[str, bytes]:
        """The `key_id` of a request, and the answer.

        Args:
            data: as for `answer`.
        """
        bundle = self._read(data, REQUEST)
        server = self._clients.get(bundle.keys)
        if server is None:
            raise UnknownKeys("The public keys of this request are not here: send them first.")
        if not 0 < bundle.examples <= self.model.plan.examples_per_request:
            raise ValueError(
                f"A request holds 1 to {self.model.plan.examples_per_request:,} examples. Received: {bundle.examples:,}"
            )
        self._clients.move_to_end(bundle.keys)
        parts = numbered(server.answer(bundle.ciphertexts))
        about = (self.name, bundle.batch, bundle.security, self.plan, bundle.keys, bundle.examples)
        return bundle.keys, Bundle(ANSWER, *about, parts).to_bytes()

    def _read(self, data: bytes, wanted: str) -> Bundle:
        try:
            bundle = read_bundle(data, wanted, "The body")
        except ValueError as error:
            raise ValueError(f"{error}{_warning(data)}") from error
        plan = self.model.plan
        if (bundle.model, bundle.plan) != (self.name, self.plan):
            raise ValueError(
                f"This server computes {self.name}, batch {plan.batch!r}, {plan.security} bits, plan {self.plan}. "
                f"Received: {bundle.model}, batch {bundle.batch!r}, {bundle.security} bits, plan {bundle.plan}"
            )
        return bundle


def _warning(data: bytes) -> str:
    """Half a message, where a secret key was sent."""
    try:
        read_bundle(data, SECRET, "")
    except ValueError:
        return ""
    return ". A secret key must not leave its owner: it is not kept here; make new keys and delete these"
