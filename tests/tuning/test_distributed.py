"""A chief and two workers on this machine, one of them killed."""

import json
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from tuning import distributed
from tuning.results import read_results

TRIALS = {"random": 5, "bayesian": 5, "hyperband": 6}


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def trial_of(worker, folder):
    """The trial that a worker has, once it trains."""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        path = folder / "oracle.json"
        trial = json.loads(path.read_text())["ongoing_trials"].get(worker) if path.exists() else None
        if trial and (folder / f"trial_{trial}" / "execution_0").exists():
            return trial
        time.sleep(0.05)
    raise AssertionError(f"{worker} got no trial")


@pytest.mark.parametrize("tuner", ["random", "bayesian", "hyperband"])
def test_a_killed_worker_costs_its_trial_s_time_only(tuner, space, data, tmp_path, start, states):
    """Random: the worker is started again by name. Bayesian: it never comes back. Hyperband: the chief is killed."""
    folder = tmp_path / "search"
    shared = {"tuner": tuner, "max_trials": TRIALS[tuner], "out": folder, "data": data, "oracle": free_address()}
    chief_has = {"distributed": "chief", "trial_timeout": 10.0 if tuner == "bayesian" else 600.0}
    chief = start(space, **shared, **chief_has)
    workers = {name: start(space, **shared, distributed="worker", worker_id=name) for name in ("worker-a", "worker-b")}
    trial = trial_of("worker-a", folder)
    if tuner == "hyperband":
        chief.kill()
        chief.join()
        chief = start(space, **shared, **chief_has)
    else:
        workers["worker-a"].kill()
        workers["worker-a"].join()
    if tuner == "random":
        workers["worker-a"] = start(space, **shared, distributed="worker", worker_id="worker-a")
    chief.join(150)
    assert chief.exitcode == 0
    expected = {f"{number:04d}": "COMPLETED" for number in range(TRIALS[tuner])}
    assert states(folder) == expected
    assert sorted(json.loads((folder / "oracle.json").read_text())["end_order"]) == sorted(expected)
    assert all(result.completed for result in read_results(folder)) and trial in expected
    for name, worker in workers.items():
        worker.join(30)
        assert worker.exitcode == (-9 if (tuner, name) == ("bayesian", "worker-a") else 0)


def test_a_worker_with_another_task_is_refused(space, data, tmp_path, start):
    address = free_address()
    shared = {"max_trials": 1, "out": tmp_path / "search", "oracle": address}
    chief = start(space, **shared, data=data, distributed="chief")
    other = start(space, **shared, data=data, seed=7, distributed="worker", worker_id="a")
    elsewhere = start(space, **{**shared, "out": tmp_path / "x"}, data=data, distributed="worker", worker_id="b")
    for worker in (other, elsewhere):
        worker.join(100)
        assert worker.exitcode == 1
    assert chief.is_alive()


def test_a_chief_that_hears_of_no_worker_ends(monkeypatch):
    class Oracle:
        has_stopped, tuner_ids, last_heard = False, {"gone"}, time.monotonic()

    with (
        distributed.environment("chief", free_address(), None),
        pytest.raises(ValueError, match="No message of a worker for 1 s"),
    ):
        distributed.serve(Oracle(), patience=1.0)
    assert "KERASTUNER_ORACLE_IP" not in os.environ


def test_a_chief_does_not_wait_for_workers_that_are_gone():
    class Oracle:
        has_stopped, tuner_ids, last_heard = True, {"gone"}, time.monotonic()

    started = time.monotonic()
    with distributed.environment("chief", free_address(), None):
        distributed.serve(Oracle(), grace=1.0)
    assert time.monotonic() - started < 10


CHIEF = """
import os, sys
from concurrent import futures
from pathlib import Path

import grpc
from keras_tuner import HyperParameters
from keras_tuner.src import protos

address, asked = sys.argv[1], Path(sys.argv[2])

class Chief(protos.get_service_grpc().OracleServicer):
    def GetSpace(self, request, context):
        if not asked.exists():
            asked.touch()
            os._exit(1)
        return protos.get_service().GetSpaceResponse(hyperparameters=HyperParameters().to_proto())

server = grpc.server(futures.ThreadPoolExecutor(1))
protos.get_service_grpc().add_OracleServicer_to_server(Chief(), server)
server.add_insecure_port(address)
server.start()
server.wait_for_termination()
"""


def test_a_worker_asks_again_where_the_chief_ends_before_it_answers(tmp_path, monkeypatch):
    from keras_tuner.src.distribute.oracle_client import OracleClient

    address = free_address()
    command = [sys.executable, "-c", CHIEF, address, str(tmp_path / "asked")]
    with distributed.environment("worker", address, "a"):
        client = OracleClient(None)
        distributed.ask_again(client)
    first = subprocess.Popen(command)
    try:
        second = threading.Timer(0, lambda: (first.wait(60), chiefs.append(subprocess.Popen(command))))
        chiefs = [first]
        second.start()
        assert client.get_space().space == []
    finally:
        second.join()
        for chief in chiefs:
            chief.kill()
            chief.wait()


def test_an_address_in_use_is_refused():
    address = free_address()
    with distributed.environment("chief", address, None), socket.socket() as taken:
        taken.bind(("127.0.0.1", int(address.rpartition(":")[2])))
        taken.listen()
        with pytest.raises(ValueError, match="Nothing can listen there"):
            distributed.check("chief", address, None)
        with pytest.raises(ValueError, match="The chief cannot listen there"):
            distributed.serve(None)


def test_a_worker_without_a_chief_says_so(space, data, tmp_path, monkeypatch):
    from tuning import search

    monkeypatch.setattr(distributed, "ANSWER_WITHIN", 1)
    with pytest.raises(ValueError, match="No answer from the chief within 1 s"):
        search(space, out=tmp_path, data=data, distributed="worker", oracle=free_address(), worker_id="a")
