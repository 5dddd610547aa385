"""Encrypted inference of a model of the zoo on its test split, compared with the plain model."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from pinet_keras.arguments import positive_integer
from zoo.architectures.parts.spectrogram import certified_inputs, certified_part
from zoo.data.opening import open_for
from zoo.data.samples import sample_inputs
from zoo.encrypted.compiling import EncryptedModel, compile_encrypted
from zoo.encrypted.plan import Plan
from zoo.encrypted.ranges import Ranges, measure_ranges, read_ranges
from zoo.encrypted.record import Record
from zoo.loading import load
from zoo.registry import card_for
from zoo.tasks import AUDIO_CLASSIFICATION, CLASSIFICATION

TASKS = (CLASSIFICATION, AUDIO_CLASSIFICATION)


def compile_by_name(
    name: str,
    batch: str = "one",
    security: int = 128,
    workers: int | None = None,
    together: int = 1,
    free_memory: int | None = None,
) -> EncryptedModel:
    """The encrypted computation of a classifier of the zoo.

    Scales are chosen by the ranges that were measured on its training examples and are shipped with it, so that client
    and server come to the same plan; by its bundled samples where none were measured. For audio clips it begins after
    the spectrogram, which the client computes: it takes what `encrypted_inputs` gives.

    Args:
        name: name of a shipped classifier, or folder of a run.
        batch: "one" or "many", as for `compile_encrypted`.
        security: bits of security.
        workers: as for `compile_encrypted`.
        together: as for `compile_encrypted`.
        free_memory: as for `compile_encrypted`.

    Raises:
        ValueError: unknown model, or one that `compile_encrypted` refuses.
    """
    card, model = card_for(name, *TASKS), load(name)
    samples = certified_inputs(model, sample_inputs(card))
    return compile_encrypted(
        certified_part(model),
        samples,
        security=security,
        batch=batch,
        workers=workers,
        together=together,
        free_memory=free_memory,
        ranges=read_ranges(name),
    )


def measure_by_name(
    name: str,
    examples: int = 1000,
    data=None,
    data_dir=None,
    progress: Callable[[int, int], object] | None = None,
) -> Ranges:
    """Measure how large all values of a classifier of the zoo are on its training examples.

    Args:
        name: name of a shipped classifier, or folder of a run.
        examples: how many of the training split, drawn with seed 0; all where there are fewer.
        data: what `zoo.open_data` takes, in place of the card's data set.
        data_dir: where TFDS keeps its data sets.
        progress: called with (done, all) examples.

    Returns:
        What `write_ranges` keeps.

    Raises:
        ValueError: unknown model, or one that `compile_encrypted` refuses.
        FileNotFoundError: the data set is not there.
    """
    positive_integer("examples", examples)
    card = card_for(name, *TASKS)
    data_set, model = open_for(card, data, data_dir), load(name)
    chosen = np.random.default_rng(0).permutation(len(data_set.x_train))[:examples]
    inputs = certified_inputs(model, np.stack([data_set.x_train[i] for i in chosen]))
    source = f"training examples of {data_set.name}"
    return measure_ranges(certified_part(model), inputs, source, progress)


def encrypted_inputs(name: str, examples: np.ndarray) -> np.ndarray:
    """What is encrypted of examples: the spectrograms of audio clips, and images as they are.

    Args:
        name: name of a shipped classifier, or folder of a run.
        examples: as the model takes them.
    """
    is_image = len(card_for(name, *TASKS)["input_shape"]) == 3
    return examples if is_image else certified_inputs(load(name), examples)


def evaluate_encrypted(
    name: str,
    examples: int = 10,
    batch: str = "one",
    security: int = 128,
    simulated: bool = False,
    data=None,
    data_dir=None,
    workers: int | None = None,
    together: int = 1,
    free_memory: int | None = None,
    record: Path | None = None,
    minutes: float | None = None,
    planned: Callable[[Plan], object] | None = None,
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
        together: as for `compile_encrypted`.
        free_memory: as for `compile_encrypted`.
        record: a file to which each answer is written; examples that it holds are not asked again. Not for simulations.
        minutes: no request is begun after these; then the result is of those that were answered.
        planned: called with the plan before keys are made.
        progress: called with (done, all) examples.

    Returns:
        Accuracies, agreement of the decisions, the largest error of a logit; unless simulated, bytes and seconds of a
        request, the first and the median of the others, and examples a second of all workers together.

    Raises:
        ValueError: unknown model, one that `compile_encrypted` refuses, too little memory, or another record.
        FileNotFoundError: the data set is not there.
    """
    positive_integer("examples", examples)
    if simulated and (record is not None or minutes is not None):
        raise ValueError("A simulation has no record and no limit of time: it is quick.")
    card = card_for(name, *TASKS)
    data_set = open_for(card, data, data_dir)
    model = compile_by_name(name, batch, security, workers, together, free_memory)
    if planned is not None:
        planned(model.plan)
    chosen = np.random.default_rng(0).permutation(len(data_set.x_test))[:examples]
    about = {
        "model": card["name"],
        "weights": card["weights"]["sha256"],
        "dataset": card["dataset"]["name"],
        "split": "test",
        "batch": batch,
    }

    inputs = encrypted_inputs(name, np.stack([data_set.x_test[i] for i in chosen]))

    def compared(places: np.ndarray, logits: np.ndarray) -> dict:
        plain = model.circuit.program.run(inputs[places])
        fit = np.isfinite(logits).all(axis=1)  # what does not fit is NaN in a simulation, and no decision
        return {
            "examples": chosen[places].tolist(),
            "labels": data_set.y_test[chosen[places]].tolist(),
            "decisions": np.where(fit, logits.argmax(axis=1), -1).tolist(),
            "plain_decisions": plain.argmax(axis=1).tolist(),
            "logit_error": float(np.abs(logits - plain)[fit].max(initial=0)),
        }

    spent: dict[str, float] = {}
    if simulated:
        rows = [compared(np.arange(len(chosen)), model.simulate(inputs))]
    else:
        kept = Record(record, {**about, "plan": model.fingerprint()})
        left = np.flatnonzero(~np.isin(chosen, list(kept.answered)))
        size = model.plan.examples_per_request
        parts = [left[start : start + size] for start in range(0, len(left), size)]
        spent = _ask(model, inputs, parts, compared, kept, minutes, progress)
        rows = [row for row in kept.rows if set(row["examples"]) <= set(chosen.tolist())]
        spent |= costs(rows)
    return about | summary(rows) | {"simulated": simulated, "plan": model.plan.as_dict(), **spent}


def _ask(model: EncryptedModel, inputs, parts, compared, kept: Record, minutes: float | None, progress) -> dict:
    """Answers to requests of parts of the inputs, by a client in this process and a server in this or in others; adds
    a row to `kept` for each."""
    from zoo.encrypted.client import Client  # needs TenSEAL
    from zoo.encrypted.workers import Workers

    if not parts:
        return {}
    model.plan.check_memory()
    started = time.perf_counter()
    client = Client(model)
    keys = client.public_keys()
    taken: deque[tuple] = deque()

    def requests() -> Iterator[list[bytes]]:
        for part in parts:
            if minutes is not None and time.perf_counter() - begun > 60 * minutes:
                return
            request = client.encrypt(inputs[part])
            taken.append((part, sum(map(len, request))))
            yield request

    with Workers(model, keys, min(model.plan.workers, len(parts))) as workers:
        key_seconds = time.perf_counter() - started
        begun, done, first = time.perf_counter(), 0, workers.count * workers.together
        for number, answer in enumerate(workers.answers(requests())):
            part, size = taken.popleft()
            row = compared(part, client.decrypt(answer.ciphertexts, len(part)))
            times = {"seconds": answer.seconds, "processor_seconds": answer.processor_seconds}
            kept.add(row | times | {"request_bytes": size, "first": number < first})
            done += len(part)
            if progress is not None:
                progress(done, sum(map(len, parts)))
        elapsed = time.perf_counter() - begun
    return {
        "key_bytes": sum(map(len, keys.values())),
        "key_seconds": key_seconds,
        "workers": workers.count,
        "examples_per_second": done / elapsed,
    }


def costs(rows: list[dict]) -> dict:
    """Seconds and bytes of requests; the first of each run takes longer, because plaintexts are made ready."""
    later = [row for row in rows if not row["first"]] or rows
    if not rows:
        return {}
    return {
        "request_bytes": rows[-1]["request_bytes"],
        "first_seconds": rows[0]["seconds"],
        "median_seconds": float(np.median([row["seconds"] for row in later])),
        "median_processor_seconds": float(np.median([row["processor_seconds"] for row in later])),
    }


def summary(rows: list[dict]) -> dict:
    """Accuracies and agreement of all rows."""
    if not rows:
        raise ValueError("No request was answered. More minutes are needed.")
    labels, decisions, plain = (
        np.concatenate([row[key] for row in rows]) for key in ("labels", "decisions", "plain_decisions")
    )
    return {
        "examples": len(labels),
        "accuracy": float((decisions == labels).mean()),
        "plain_accuracy": float((plain == labels).mean()),
        "agreement": float((decisions == plain).mean()),
        "logit_error": max(row["logit_error"] for row in rows),
    }
