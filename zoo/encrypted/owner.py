"""The owner of the images or audio clips: keys in a folder, requests and answers as files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from zoo.encrypted.bundle import ANSWER, PUBLIC, REQUEST, SECRET, Bundle, key_id, numbered, read_bundle
from zoo.encrypted.client import Client
from zoo.encrypted.compiling import EncryptedModel
from zoo.encrypted.evaluation import compile_by_name
from zoo.files import check_folder, replacing
from zoo.registry import card

SECRET_FILE, PUBLIC_FILE = "secret.key", "public.keys"


class Owner:
    """Makes requests and reads answers, with keys that may be kept in a folder.

    Args:
        name: what names the model: name, folder or address.
        model: what the server computes.
        secret_key: the secret key of an earlier owner; None makes new keys.
        public: the public keys that belong to it, as a file.

    Attributes:
        model: what the server computes.
        name: what names the model here: name, or path of a folder.
        model_name: the name of the model on its card.
        plan: `EncryptedModel.fingerprint`.
        keys: `key_id` of the public keys.
        public: the public keys as a file, for the server.
    """

    def __init__(self, name: str, model: EncryptedModel, secret_key: bytes | None = None, public: bytes = b""):
        self.model, self.model_name, self.plan = model, card(name)["name"], model.fingerprint()
        self.name = str(Path(name).absolute()) if Path(name).exists() else name
        self._client = Client(model, secret_key)
        if secret_key is None:
            parts = self._client.public_keys()
            self.keys = key_id(parts)
            public = self._bundle(PUBLIC, self.model_name, parts)
        else:
            self.keys = read_bundle(public, PUBLIC, PUBLIC_FILE).keys
        self.public = public

    @classmethod
    def from_folder(cls, folder: Path) -> Owner:
        """The owner whose keys `save` wrote.

        Args:
            folder: the folder.

        Raises:
            ValueError: a key is damaged, they do not belong together, or the plan is another now.
            FileNotFoundError: there is no key.
        """
        path = folder / SECRET_FILE
        known = read_bundle(path.read_bytes(), SECRET, str(path))
        model = compile_by_name(known.model, known.batch, known.security)
        if model.fingerprint() != known.plan:
            raise ValueError(
                f"{path} was made for another plan of {known.model}: the model or this package has changed. "
                "Make new keys, in another folder."
            )
        owner = cls(known.model, model, known.parts["secret"], (folder / PUBLIC_FILE).read_bytes())
        if owner.keys != known.keys:
            raise ValueError(f"{SECRET_FILE} and {PUBLIC_FILE} do not belong together. Received: {folder}")
        return owner

    def save(self, folder: Path) -> None:
        """Write `secret.key`, which its owner alone may read, and `public.keys`. Keys that are there stay.

        Args:
            folder: is made where it is not there.

        Raises:
            ValueError: there are keys already, or nothing can be written.
        """
        check_folder(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = self._bundle(SECRET, self.name, {"secret": self._client.secret_key()})
        try:  # never for a moment with other permissions
            file = os.open(folder / SECRET_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise ValueError(f"There are keys in {folder} already. Name another folder.") from error
        with open(file, "wb") as opened:
            opened.write(secret)
        with replacing(folder / PUBLIC_FILE) as partial:
            partial.write_bytes(self.public)

    def request(self, examples: np.ndarray) -> bytes:
        """The file that asks for the classes of examples.

        Args:
            examples: as for `Client.encrypt`.
        """
        parts = numbered(self._client.encrypt(examples))
        return self._bundle(REQUEST, self.model_name, parts, len(examples))

    def logits(self, answer: bytes, source: str = "The answer") -> np.ndarray:
        """The logits `[examples, classes]` in the file that a server answered with.

        Args:
            answer: the file.
            source: where it comes from, for the messages.

        Raises:
            ValueError: it is damaged, or belongs to other keys.
        """
        bundle = read_bundle(answer, ANSWER, source)
        if (bundle.keys, bundle.plan) != (self.keys, self.plan):
            raise ValueError(f"{source} was not made with these keys: nothing can be decrypted.")
        wanted = self.model.circuit.answer_ciphertexts
        if len(bundle.parts) != wanted or not 0 < bundle.examples <= self.model.plan.examples_per_request:
            raise ValueError(
                f"{source} must have {wanted} ciphertexts, for at most {self.model.plan.examples_per_request:,} "
                f"examples. Received: {len(bundle.parts)}, for {bundle.examples:,}"
            )
        return self._client.decrypt(bundle.ciphertexts, bundle.examples)

    def _bundle(self, kind: str, model: str, parts: dict[str, bytes], examples: int = 0) -> bytes:
        plan = self.model.plan
        return Bundle(kind, model, plan.batch, plan.security, self.plan, self.keys, examples, parts).to_bytes()
