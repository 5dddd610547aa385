"""The owner of the data: holds the secret key, encrypts examples and decrypts logits."""

import numpy as np
import tenseal.sealapi as sealapi

from zoo.encrypted.compiling import EncryptedModel
from zoo.encrypted.seal import context_of, from_bytes, galois_elements, to_bytes


class Client:
    """Encrypts and decrypts for one model, with a secret key that stays here.

    Args:
        model: what the server computes.
        secret_key: that of an earlier `Client`, as `secret_key()` gives it; None makes a new one.

    Raises:
        ValueError: the secret key is damaged, or was made for other parameters.

    Example:
        >>> import zoo
        >>> from zoo.data.samples import sample_inputs
        >>> from zoo.encrypted.compiling import compile_encrypted
        >>> from zoo.encrypted.server import Server
        >>> images = sample_inputs(zoo.card("pinet_digits"))
        >>> model = compile_encrypted(zoo.load("pinet_digits"), images)
        >>> client = Client(model)
        >>> server = Server(model, client.public_keys())
        >>> logits = client.decrypt(server.answer(client.encrypt(images[3:4])))
        >>> int(logits.argmax())
        3
    """

    def __init__(self, model: EncryptedModel, secret_key: bytes | None = None):
        self.model = model
        self._context = context_of(model.parameters)
        if secret_key is None:
            self._keys = sealapi.KeyGenerator(self._context)
        else:
            known = from_bytes(sealapi.SecretKey, self._context, secret_key, "secret key")
            self._keys = sealapi.KeyGenerator(self._context, known)
        secret = self._keys.secret_key()
        self._encryptor = sealapi.Encryptor(self._context, secret)
        self._decryptor = sealapi.Decryptor(self._context, secret)
        self._encoder = sealapi.CKKSEncoder(self._context)

    def secret_key(self) -> bytes:
        """The key that decrypts. Whoever has it can read every request and every answer."""
        return to_bytes(self._keys.secret_key())

    def public_keys(self) -> dict[str, bytes]:
        """What the server needs: `"relinearisation"`, and `"rotations"` where there are any. Neither decrypts."""
        keys = {"relinearisation": to_bytes(self._keys.create_relin_keys())}
        if steps := self.model.circuit.rotation_steps():
            elements = galois_elements(self.model.parameters, steps)
            keys["rotations"] = to_bytes(self._keys.create_galois_keys(elements))
        return keys

    def encrypt(self, examples: np.ndarray) -> list[bytes]:
        """One request: the ciphertexts of an example, or with packing "many" of as many as there are slots.

        They are encrypted with the secret key, so that a seed takes the place of half of each.

        Args:
            examples: `[n, *input_shape]`, n no more than the plan's `examples_per_request`.
        """
        limit = self.model.plan.examples_per_request
        if not 0 < len(examples) <= limit:
            raise ValueError(f"A request holds 1 to {limit:,} examples. Received: {len(examples):,}")
        return [to_bytes(self._encrypted(values[0])) for values in self.model.circuit.pack(examples)]

    def _encrypted(self, values: np.ndarray):
        plain = sealapi.Plaintext()
        scale = self.model.parameters.scale
        self._encoder.encode(values.tolist(), self._context.first_parms_id(), scale, plain)
        return self._encryptor.encrypt_symmetric(plain)

    def decrypt(self, answer: list[bytes], count: int = 1) -> np.ndarray:
        """The logits `[count, classes]` of an answer.

        Raises:
            ValueError: the answer is damaged, or made for other parameters.
        """
        return self.model.circuit.unpack([self._decrypted(data)[None] for data in answer])[:count]

    def _decrypted(self, data: bytes) -> np.ndarray:
        plain = sealapi.Plaintext()
        self._decryptor.decrypt(from_bytes(sealapi.Ciphertext, self._context, data, "answer"), plain)
        return np.array(self._encoder.decode_double(plain))
