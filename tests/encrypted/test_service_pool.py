"""A server with several workers, over HTTP. Needs TenSEAL."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import keras
import numpy as np
import pytest

import pinet_keras
from pinet_keras.analysis import Evaluator
from zoo.encrypted.compiling import compile_encrypted

from .models import randomised

pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")

from zoo.encrypted.bundle import KEYS_PATH, REQUESTS_PATH
from zoo.encrypted.http_client import Remote
from zoo.encrypted.http_server import encrypted_app
from zoo.encrypted.owner import Owner
from zoo.encrypted.service_pool import ServicePool

from .web import Web

NAME = "pinet_digits"  # stands on the card that clients have
EXAMPLES = np.random.default_rng(0).normal(size=(6, 5))


def test_two_workers_answer_two_clients_at_the_same_time():
    network = randomised(keras.Sequential([keras.Input((5,)), pinet_keras.PolyDense(3, degree=2, rank=4)]))
    model = compile_encrypted(network, EXAMPLES, workers=2)
    plain = Evaluator(network)([EXAMPLES])
    close = partial(np.testing.assert_allclose, atol=2e-3 * np.abs(plain).max())
    pool = ServicePool(NAME, model, most_clients=2)
    web, owners = Web(encrypted_app(pool)), [Owner(NAME, model) for _ in range(3)]
    try:
        assert Remote(web.url).about["workers"] == 2
        with ThreadPoolExecutor(2) as threads:
            ask = [threads.submit(Remote(web.url).logits, owner, EXAMPLES) for owner in owners[:2]]
            for each in ask:
                close(each.result(), plain)
        processes = {process.submit(os.getpid).result() for process in pool._processes}
        assert len(processes) == 2 and os.getpid() not in processes

        held = pool._free.get()  # one worker is busy: the other answers
        close(Remote(web.url).logits(owners[0], EXAMPLES[:1]), plain[:1])
        pool._free.put(held)

        web.post(KEYS_PATH, owners[2].public)  # those of the client that asked longest ago are dropped everywhere
        assert [pool.has_keys(owner.keys) for owner in owners] == [True, False, True]
        for _ in range(2):  # one request for each worker
            status, words = web.post(REQUESTS_PATH, owners[1].request(EXAMPLES[:1]))
            assert status == 404 and "send them first" in words
            assert web.post(REQUESTS_PATH, owners[2].request(EXAMPLES[:1]))[0] == 200
        status, words = web.post(REQUESTS_PATH, owners[0].request(EXAMPLES[:1])[:-9])
        assert status == 400 and "is damaged" in words

        for process in pool._processes:
            process.submit(os._exit, 1).exception()
        status, words = web.post(REQUESTS_PATH, owners[0].request(EXAMPLES[:1]))
        assert status == 500 and "lack of memory: each needs about" in words and "Another takes its place" in words
        close(Remote(web.url).logits(owners[0], EXAMPLES[:3]), plain[:3])  # sends its keys again, to both
    finally:
        web.stop()
        pool.close()
