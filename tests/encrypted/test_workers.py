"""Several processes answer requests, in order, and say so when one of them ends. Needs TenSEAL."""

import os

import keras
import numpy as np
import pytest

import pinet_keras
from pinet_keras.analysis import Evaluator
from zoo.encrypted.compiling import compile_encrypted

from .models import randomised

pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")

from zoo.encrypted.client import Client
from zoo.encrypted.workers import Workers


@pytest.fixture(scope="module")
def small():
    model = randomised(keras.Sequential([keras.Input((5,)), pinet_keras.PolyDense(3, degree=2, rank=4)]))
    examples = np.random.default_rng(0).normal(size=(6, 5))
    compiled = compile_encrypted(model, examples, batch="many")
    client = Client(compiled)
    return compiled, client, client.public_keys(), examples, Evaluator(model)([examples])


def test_two_workers_answer_in_order(small):
    compiled, client, keys, examples, plain = small
    taken = []

    def requests():
        for i in range(len(examples)):
            taken.append(i)
            yield client.encrypt(examples[i : i + 1])

    with Workers(compiled, keys, count=2) as workers:
        processes = {workers._pool.submit(os.getpid).result() for _ in range(8)}
        assert os.getpid() not in processes and len(processes) <= 2
        logits = []
        for answer in workers.answers(requests()):
            logits.append(client.decrypt(answer.ciphertexts))
            assert len(taken) - len(logits) <= 2  # requests are large: none waits without a worker
            assert answer.seconds > 0 and answer.processor_seconds > 0
        np.testing.assert_allclose(np.concatenate(logits), plain, atol=2e-3 * np.abs(plain).max())
        workers._pool.submit(os._exit, 1)
        with pytest.raises(RuntimeError, match="lack of memory: each needs about .*B. Received: count=2"):
            list(workers.answers(client.encrypt(examples) for _ in range(3)))


def test_one_worker_is_this_process(small):
    compiled, client, keys, examples, plain = small
    with Workers(compiled, keys, count=1) as workers:
        (answer,) = workers.answers([client.encrypt(examples)])
        with pytest.raises(ValueError, match="ciphertexts. Received: 1"):
            list(workers.answers([client.encrypt(examples)[:1]]))
    np.testing.assert_allclose(client.decrypt(answer.ciphertexts, len(plain)), plain, atol=2e-3 * np.abs(plain).max())


def test_wrong_keys_are_told_before_a_process_starts(small):
    with pytest.raises(ValueError, match="must be relinearisation. Received: none"):
        Workers(small[0], {}, count=2)
