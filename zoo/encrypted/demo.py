"""One encrypted classification of a bundled digit, and what each side saw of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from zoo.data.samples import sample_inputs
from zoo.encrypted.client import Client
from zoo.encrypted.evaluation import compile_by_name
from zoo.encrypted.server import Server
from zoo.registry import card

NAME, SAMPLE = "pinet_digits", 3
SHADES = " .:-=+*#%@"


@dataclass(frozen=True)
class Demo:
    """What happened.

    Attributes:
        image: the image as lines of text.
        request_bytes: what the client sent for it.
        excerpt: the first bytes of the ciphertext itself, in hexadecimal.
        key_bytes: what it sent once.
        answer_bytes: what the server sent back.
        seconds: that the server computed.
        decision: the class with the largest decrypted logit.
        plain_decision: that of the plain model.
        error: largest error of a logit.
    """

    image: list[str]
    request_bytes: int
    excerpt: str
    key_bytes: int
    answer_bytes: int
    seconds: float
    decision: int
    plain_decision: int
    error: float


def run_demo() -> Demo:
    """Encrypt a bundled digit, classify it and decrypt the answer, with client and server in this process."""
    image = sample_inputs(card(NAME))[SAMPLE : SAMPLE + 1]
    model = compile_by_name(NAME)
    client = Client(model)
    keys = client.public_keys()
    server = Server(model, keys)
    request = client.encrypt(image)
    started = time.perf_counter()
    answer = server.answer(request)
    seconds = time.perf_counter() - started
    logits, plain = client.decrypt(answer)[0], model.circuit.program.run(image)[0]
    return Demo(
        image=["".join(SHADES[int(pixel) * len(SHADES) // 256] * 2 for pixel in row) for row in image[0, :, :, 0]],
        request_bytes=sum(map(len, request)),
        excerpt=request[0][1024:1036].hex(" "),
        key_bytes=sum(map(len, keys.values())),
        answer_bytes=sum(map(len, answer)),
        seconds=seconds,
        decision=int(logits.argmax()),
        plain_decision=int(plain.argmax()),
        error=float(np.abs(logits - plain).max()),
    )
