"""Encrypted inference of a model of the zoo on its test split, compared with the plain model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import keras
import numpy as np

from pinet_keras.arguments import positive_integer
from zoo.architectures.parts.spectrogram import certified_inputs, certified_part
from zoo.card_types import Card
from zoo.data.opening import open_for
from zoo.data.samples import sample_inputs
from zoo.encrypted.compiling import EncryptedModel, compile_encrypted
from zoo.loading import load
from zoo.registry import card_for
from zoo.tasks import AUDIO_CLASSIFICATION, CLASSIFICATION

TASKS = (CLASSIFICATION, AUDIO_CLASSIFICATION)


def compile_by_name(name: str, batch: str = "one", security: int = 128, workers: int | None = None) -> EncryptedModel:
    """The encrypted computation of a classifier of the zoo.

    Its bundled samples are what scales are chosen by, so that client and server come to the same plan. For audio clips
    it begins after the spectrogram, which the client computes: it takes what `certified_inputs` gives.

    Args:
        name: name of a shipped classifier, or folder of a run.
        batch: "one" or "many", as for `compile_encrypted`.
        security: bits of security.
        workers: as for `compile_encrypted`.

    Raises:
        ValueError: unknown model, or one that `compile_encrypted` refuses.
    """
    return _compiled(load(name), card_for(name, *TASKS), batch, security, workers)


def _compiled(model: keras.Model, card: Card, batch: str, security: int, workers: int | None) -> EncryptedModel:
    samples = certified_inputs(model, sample_inputs(card))
    return compile_encrypted(certified_part(model), samples, security=security, batch=batch, workers=workers)


def evaluate_encrypted(
    name: str,
    examples: int = 10,
    batch: str = "one",
    security: int = 128,
    simulated: bool = False,
    data=None,
    data_dir=None,
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> dict:
    """Classify test images or audio clips encrypted and plain, and compare.

    Args:
        name: name of a shipped classifier, or folder of a run.
        examples: how many of the test split, drawn with seed 0.
        batch: "one" or "many", as for `compile_encrypted`.
        security: bits of security.
        simulated: whether encryption is simulated: quicker, and without TenSEAL.
        data: what `zoo.open_data` takes, in place of the card's data set.
        data_dir: where TFDS keeps its data sets.
        workers: as for `compile_encrypted`.
        progress: called with (done, all) examples.

    Returns:
        Accuracies, agreement of the decisions, the largest error of a logit; unless simulated, bytes and seconds of a
        request, the first and the median of the others, and examples a second of all workers together.

    Raises:
        ValueError: unknown model, or one that `compile_encrypted` refuses.
        FileNotFoundError: the data set is not there.
    """
    positive_integer("examples", examples)
    card = card_for(name, *TASKS)
    data_set = open_for(card, data, data_dir)
    chosen = np.sort(np.random.default_rng(0).permutation(len(data_set.x_test))[:examples])
    network = load(name)
    images = certified_inputs(network, np.stack([data_set.x_test[i] for i in chosen]))
    labels = data_set.y_test[chosen]
    model = _compiled(network, card, batch, security, workers)
    plain = model.circuit.program.run(images)
    if simulated:
        logits = model.simulate(images)
        costs: dict[str, float] = {}
    else:
        logits, costs = _encrypted(model, images, progress)
    found = logits.argmax(axis=1)
    return {
        "model": card["name"],
        "dataset": card["dataset"]["name"],
        "split": "test",
        "examples": len(images),
        "batch": batch,
        "simulated": simulated,
        "accuracy": float((found == labels).mean()),
        "plain_accuracy": float((plain.argmax(axis=1) == labels).mean()),
        "agreement": float((found == plain.argmax(axis=1)).mean()),
        "logit_error": float(np.abs(logits - plain).max()),
        "plan": model.plan.as_dict(),
        **costs,
    }


def _encrypted(model: EncryptedModel, images: np.ndarray, progress) -> tuple[np.ndarray, dict]:
    """Logits by a client in this process and a server in this or in others, and what they cost."""
    from zoo.encrypted.client import Client  # needs TenSEAL
    from zoo.encrypted.workers import Workers

    started = time.perf_counter()
    client = Client(model)
    keys = client.public_keys()
    size = model.plan.examples_per_request
    parts = [images[start : start + size] for start in range(0, len(images), size)]
    logits, seconds, processor, request_bytes = [], [], [], 0

    def requests() -> Iterator[list[bytes]]:
        nonlocal request_bytes
        for part in parts:
            request = client.encrypt(part)
            request_bytes = sum(map(len, request))
            yield request

    with Workers(model, keys, min(model.plan.workers, len(parts))) as workers:
        key_seconds = time.perf_counter() - started
        started = time.perf_counter()
        for part, answer in zip(parts, workers.answers(requests()), strict=True):
            logits.append(client.decrypt(answer.ciphertexts, len(part)))
            seconds.append(answer.seconds)
            processor.append(answer.processor_seconds)
            if progress is not None:
                progress(sum(map(len, logits)), len(images))
        elapsed = time.perf_counter() - started
    return np.concatenate(logits), {
        "key_bytes": sum(map(len, keys.values())),
        "key_seconds": key_seconds,
        "request_bytes": request_bytes,
        "workers": workers.count,
        "first_seconds": seconds[0],
        "median_seconds": float(np.median(seconds[1:] or seconds)),
        "median_processor_seconds": float(np.median(processor[1:] or processor)),
        "examples_per_second": len(images) / elapsed,
    }
