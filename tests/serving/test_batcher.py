"""Requests that wait at the same time run as one batch, and each gets its own answer."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import zoo
from zoo.data.samples import sample_inputs
from zoo.paths import SAMPLES
from zoo.serving.preview.batcher import Batcher


class Network:
    """x ↦ x², so slow that others arrive meanwhile; −1 fails the whole run."""

    def __init__(self, seconds=0.05):
        self.seconds, self.sizes, self.running = seconds, [], threading.Lock()

    def __call__(self, kind, inputs):
        assert self.running.acquire(blocking=False), "two runs at once"
        x = inputs["x"]
        time.sleep(self.seconds)
        self.running.release()
        self.sizes.append(len(x))
        if (x == -1).any():
            raise ValueError("no -1")
        return {"square": x**2, "kind": np.array([kind] * len(x))}


def ask(batcher, kind, *values):
    return batcher(kind, {"x": np.array(values)})


def all_at_once(batcher, requests):
    with ThreadPoolExecutor(len(requests)) as pool:
        return [each.exception() or each.result() for each in [pool.submit(ask, batcher, *r) for r in requests]]


def test_each_request_gets_its_own_rows():
    network = Network(0.2)
    requests = [("a", *range(index, index + 1 + index % 3)) for index in range(20)]
    answers = all_at_once(Batcher(network, 100), requests)
    for (_, *values), answer in zip(requests, answers, strict=True):
        assert answer["square"].tolist() == [value**2 for value in values]
    assert len(network.sizes) <= 10 and sum(network.sizes) == sum(len(request) - 1 for request in requests)


def test_a_batch_has_no_more_rows_than_allowed():
    network = Network(0.01)
    answers = all_at_once(Batcher(network, 4), [("a", index, index) for index in range(9)] + [("a", *range(7))])
    assert sorted(network.sizes)[-1] == 7 and all(size <= 4 for size in sorted(network.sizes)[:-1])
    assert [answer["square"][0] for answer in answers] == [*(index**2 for index in range(9)), 0]
    assert answers[-1]["square"].tolist() == [value**2 for value in range(7)]


def test_kinds_are_not_mixed():
    answers = all_at_once(Batcher(Network(0.01), 100), [("ab"[index % 2], index) for index in range(10)])
    assert [answer["kind"].tolist() for answer in answers] == [["ab"[index % 2]] for index in range(10)]


def test_an_error_is_of_the_request_that_causes_it():
    answers = all_at_once(Batcher(Network(), 100), [("a", -1 if index == 3 else index) for index in range(8)])
    assert isinstance(answers.pop(3), ValueError)
    assert [answer["square"].item() for answer in answers] == [0, 1, 4, 16, 25, 36, 49]


def test_a_request_alone_waits_for_nobody():
    network = Network(0)
    started = time.perf_counter()
    assert ask(Batcher(network, 100), "a", 3)["square"].tolist() == [9]
    assert network.sizes == [1] and time.perf_counter() - started < 5
    with pytest.raises(ValueError, match="no -1"):
        ask(Batcher(network, 100), "a", -1)


def test_outputs_without_a_row_for_each_example_are_of_one_request():
    def total(kind, inputs):
        time.sleep(0.02)
        return {"total": inputs["x"].sum(keepdims=True)}

    answers = all_at_once(Batcher(total, 100), [("a", index, 1) for index in range(6)])
    assert [answer["total"].tolist() for answer in answers] == [[index + 1] for index in range(6)]


@pytest.fixture
def servable(exported):
    from zoo.serving.preview.servable import Servable

    return Servable("pinet_digits", 1, exported / "pinet_digits" / "1")


def test_the_preview_server_runs_waiting_requests_together(servable):
    images = sample_inputs(zoo.card("pinet_digits"))
    alone = [servable.predict("", {"images": images[index : index + 1]}) for index in range(10)]
    sizes, run = [], servable._batched._run

    def slowly(kind, inputs):
        sizes.append(len(inputs["images"]))
        time.sleep(0.2)
        return run(kind, inputs)

    servable._batched._run = slowly
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(servable.predict, "", {"images": images[[index % 10]]}) for index in range(20)]
        answers = [each.result() for each in asked]
    assert sum(sizes) == 20 and len(sizes) <= 10
    for index, answer in enumerate(answers):
        assert answer["class_name"].tolist() == [str(index % 10).encode()]
        assert np.abs(answer["logits"] - alone[index % 10]["logits"]).max() < 1e-5


def test_a_damaged_image_fails_its_own_request_alone(servable):
    from zoo.serving.preview.request_error import RequestError

    good = (SAMPLES / "digits_5_0.png").read_bytes()
    files = [b"no image" if index == 4 else good for index in range(8)]
    run = servable._batched._run
    servable._batched._run = lambda *arguments: (time.sleep(0.02), run(*arguments))[1]
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(servable.predict, "encoded", {"image_bytes": np.array([file], object)}) for file in files]
        answers = [each.exception() or each.result()["class_name"].tolist() for each in asked]
    error = answers.pop(4)
    assert isinstance(error, RequestError) and "neither PNG nor JPEG" in error.reason
    assert answers == [[b"5"]] * 7


def test_inputs_of_unequal_lengths_are_not_joined_with_those_of_others(servable):
    """The sums of two such requests would fit."""
    from zoo.serving.preview import servable as module

    signature = servable.signature("")
    pair = {"images": np.zeros((2, 8, 8, 1), "uint8")}
    assert module._is_of_rows(signature, pair, ["logits"])
    signature.inputs["labels"].CopyFrom(signature.inputs["images"])
    assert module._is_of_rows(signature, {**pair, "labels": pair["images"]}, ["logits"])
    assert not module._is_of_rows(signature, {**pair, "labels": pair["images"][:1]}, ["logits"])
