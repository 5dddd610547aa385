"""The files that client and server exchange: ZIP archives of a description and of keys or ciphertexts."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from zoo.files import naming_damaged_file

SECRET, PUBLIC, REQUEST, ANSWER = "secret key", "public keys", "request", "answer"
ABOUT = "about.json"
# Where a server takes and gives them.
PATH, KEYS_PATH, REQUESTS_PATH = "/v1/encrypted", "/v1/encrypted/keys", "/v1/encrypted/requests"
OVERHEAD = 512  # bytes at most that a part costs in the archive, and as many for the description


@dataclass(frozen=True)
class Bundle:
    """A secret key, public keys, a request or an answer, and what it belongs to.

    Attributes:
        kind: `SECRET`, `PUBLIC`, `REQUEST` or `ANSWER`.
        model: name of the model; of a secret key, what its owner named: name, folder or address.
        batch: "one" or "many", as for `compile_encrypted`.
        security: bits of security.
        plan: `EncryptedModel.fingerprint` of what is computed.
        keys: `key_id` of the public keys that belong to it.
        examples: how many examples a request or an answer holds.
        parts: keys or ciphertexts by name; the ciphertexts of a request or an answer are `"0"`, `"1"` and so on.
    """

    kind: str
    model: str
    batch: str
    security: int
    plan: str
    keys: str
    examples: int
    parts: Mapping[str, bytes]

    @property
    def ciphertexts(self) -> list[bytes]:
        """Those of a request or an answer, in order."""
        return [self.parts[name] for name in sorted(self.parts, key=int)]

    def to_bytes(self) -> bytes:
        """The archive. Its parts are not compressed: SEAL has done that."""
        about = {key: value for key, value in asdict(self).items() if key != "parts"}
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(ABOUT, json.dumps(about, allow_nan=False))
            for name, data in self.parts.items():
                archive.writestr(name, data)
        return file.getvalue()


def numbered(ciphertexts: list[bytes]) -> dict[str, bytes]:
    """The parts of a request or an answer."""
    return {str(i): data for i, data in enumerate(ciphertexts)}


def key_id(public_keys: Mapping[str, bytes]) -> str:
    """A name for public keys that no others have: a hash."""
    digest = hashlib.sha256()
    for name in sorted(public_keys):
        digest.update(name.encode() + b"\0" + hashlib.sha256(public_keys[name]).digest())
    return digest.hexdigest()[:32]


def read_bundle(data: bytes, wanted: str, source: str) -> Bundle:
    """Read what `Bundle.to_bytes` made. Keys and ciphertexts in it are not looked at.

    Args:
        data: the archive.
        wanted: the kind that it must be.
        source: where it comes from, for the messages.

    Raises:
        ValueError: it is damaged, or of another kind; a checksum of each part shows whether it was changed on its way.
    """
    with naming_damaged_file(source, f"It must hold {_a(wanted)} of `pinet encrypted`."):
        bundle = _read(data)
    if bundle.kind != wanted:
        raise ValueError(f"{source} must hold {_a(wanted)}. Received: {_a(bundle.kind)}")
    return bundle


def _a(kind: str) -> str:
    return kind if kind == PUBLIC else f"{'an' if kind == ANSWER else 'a'} {kind}"


def _read(data: bytes) -> Bundle:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > len(data):  # compressed parts, or parts that overlap
            raise ValueError("the parts are larger than the whole")
        parts = {info.filename: archive.read(info) for info in infos}
    if len(parts) < len(infos):
        raise ValueError("two parts have one name")
    about = json.loads(parts.pop(ABOUT))
    bundle = Bundle(**about, parts=parts)
    kinds = {"int": int, "str": str}
    for field in fields(bundle):
        if field.name != "parts" and type(getattr(bundle, field.name)) is not kinds[str(field.type)]:
            raise ValueError(f"{field.name} is not of type {field.type}")
    if bundle.kind not in (SECRET, PUBLIC, REQUEST, ANSWER):
        raise ValueError("the kind is unknown")
    if bundle.kind in (REQUEST, ANSWER) and set(parts) != set(numbered([b""] * len(parts))):
        raise ValueError("the ciphertexts are not numbered")
    return bundle
