"""The owner of the model: computes on ciphertexts with keys that cannot decrypt."""

from collections.abc import Mapping, Sequence

import tenseal.sealapi as sealapi

from zoo.encrypted.compiling import EncryptedModel
from zoo.encrypted.seal import Plaintexts, SealEngine, context_of, from_bytes, to_bytes
from zoo.encrypted.together import TogetherEngine

MARGIN = 1.1  # by which a ciphertext may be larger than planned: compression varies


class Server:
    """Classifies encrypted examples.

    Args:
        model: what is computed.
        public_keys: those of `Client.public_keys`.
        plaintexts: where the model's plaintexts are kept with packing "one", as far as the plan has room for them; the
            servers of several clients share it.

    Raises:
        ValueError: a key is missing, damaged, or made for other parameters; or there is too little memory.
    """

    def __init__(self, model: EncryptedModel, public_keys: Mapping[str, bytes], plaintexts: Plaintexts | None = None):
        model.plan.check_memory()
        self.model = model
        context = context_of(model.parameters)
        wanted = {"relinearisation": sealapi.RelinKeys}
        if model.circuit.rotation_steps():
            wanted["rotations"] = sealapi.GaloisKeys
        if set(public_keys) != set(wanted):
            raise ValueError(
                f"The public keys must be {', '.join(wanted)}. Received: {', '.join(public_keys) or 'none'}"
            )
        keys = {name: from_bytes(kind, context, public_keys[name], f"key {name!r}") for name, kind in wanted.items()}
        lacking = [
            step
            for step in sorted(model.circuit.rotation_steps())
            if not keys["rotations"].has_key(pow(3, step, 2 * model.parameters.ring))
        ]
        if lacking:
            raise ValueError(f"The key 'rotations' lacks rotations. Needed are those by {lacking}.")
        if not keys["relinearisation"].has_key(2):
            raise ValueError("The key 'relinearisation' lacks the key for products.")
        kept = Plaintexts(model.plan.plaintext_bytes) if plaintexts is None else plaintexts
        self._engine = SealEngine(model.parameters, **keys, plaintexts=kept if model.plan.batch == "one" else None)

    def answer(self, request: list[bytes]) -> list[bytes]:
        """The encrypted logits of a request.

        Raises:
            ValueError: the request has another number of ciphertexts than planned, or one that is too large, damaged
                or made for other parameters.
        """
        (found,) = self.answers([request])
        return found

    def answers(self, requests: Sequence[list[bytes]]) -> list[list[bytes]]:
        """The encrypted logits of requests that are computed together: plaintexts that are not kept are made once.

        Raises:
            ValueError: as for `answer`.
        """
        plan = self.model.plan
        for request in requests:
            if len(request) != plan.request_ciphertexts:
                raise ValueError(f"A request has {plan.request_ciphertexts} ciphertexts. Received: {len(request)}")
        inputs = [[self._checked(data) for data in parts] for parts in zip(*requests, strict=True)]
        try:
            results = self.model.circuit.run(TogetherEngine(self._engine), self.model.parameters, inputs)
        except RuntimeError as error:  # SEAL refuses a result that anybody could read: the inputs were made for that
            raise ValueError(f"Nothing can be computed with these ciphertexts: {error}.") from error
        return [[to_bytes(each) for each in answer] for answer in zip(*results, strict=True)]

    def _checked(self, data: bytes):
        limit = int(self.model.plan.ciphertext_bytes * MARGIN)
        if len(data) > limit:
            raise ValueError(f"A ciphertext has at most {limit:,} bytes. Received: {len(data):,}")
        ciphertext = from_bytes(sealapi.Ciphertext, self._engine.context, data, "ciphertext")
        is_fresh = ciphertext.parms_id() == self._engine.context.first_parms_id() and ciphertext.size() == 2
        if not is_fresh or ciphertext.scale != self.model.parameters.scale:
            raise ValueError(
                f"A ciphertext must be fresh and of scale {self.model.parameters.scale:g}. "
                f"Received: {ciphertext.coeff_modulus_size()} moduli, scale {ciphertext.scale:g}"
            )
        if ciphertext.is_transparent():
            raise ValueError(
                "A ciphertext must be encrypted. Received: one whose second half is zero, which hides nothing"
            )
        return ciphertext
