"""Prediction on every engine: the networks of the page, each engine in a process of its own, taking turns."""

import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.engine_worker import ENGINES

BATCHES = (1, 32, 256)
ROUNDS = 3
SECONDS = {1: 0.5, 32: 0.3, 256: 0.3}  # of a turn, or one call where that takes longer
PACKAGES = {engine: engine for engine in ("openvino", "torch")}
PACKAGES |= {"predictor": "ai_edge_litert", "onnx": "tf2onnx", "torch_compile": "torch"}


def engines_of(name, alone):
    """The engines that are installed; a network without a peer in PyTorch has the others."""
    return [
        engine
        for engine in ENGINES
        if importlib.util.find_spec(PACKAGES.get(engine, "keras"))
        and not (engine.startswith("torch") and name in alone)
    ]


def measure(name, engines) -> dict:
    """Images/s by engine and size of batch, quartiles of the rounds; and milliseconds of single images, p50 and p99.

    Args:
        name: of a network of `benchmarks.networks`.
        engines: some of `ENGINES`.
    """
    found: dict = {engine: {} for engine in engines}
    with tempfile.TemporaryDirectory(prefix="pinet-engines-") as folder:
        subprocess.run([*worker("export", name, folder)], check=True, stdout=subprocess.DEVNULL)
        peers = {engine: Peer(engine, name, folder) for engine in engines}
        for batch in BATCHES:
            for engine, times in _turns(peers, batch).items():
                if times is not None:
                    found[engine][str(batch)] = _summary(times, batch)
        for peer in peers.values():
            peer.end()
    return found


def _turns(peers, batch):
    """Seconds of all calls by engine, a list a round; `None` for an engine that fails."""
    rng = random.Random(0)
    for peer in peers.values():
        peer.ask(batch=batch, seconds=0)  # traces, compiles and warms up, while nobody else runs
    times: dict = {engine: [] for engine in peers}
    for _ in range(ROUNDS):
        for engine in rng.sample(list(peers), len(peers)):
            times[engine].append(peers[engine].ask(batch=batch, seconds=SECONDS[batch]))
    return {engine: rounds if all(rounds) else None for engine, rounds in times.items()}


def _summary(rounds, batch):
    rates = [batch / statistics.median(times) for times in rounds]
    summary = {"rate": statistics.quantiles(rates, n=4) if len(rates) > 1 else rates * 3}
    if batch == 1:
        every = sorted(each for times in rounds for each in times)
        summary["p50_ms"], summary["p99_ms"] = (1e3 * every[int(q * (len(every) - 1))] for q in (0.5, 0.99))
    return summary


def worker(*arguments):
    """The command of `benchmarks.engine_worker`."""
    return [sys.executable, "-m", "benchmarks.engine_worker", *map(str, arguments)]


class Peer:
    """A process with one network on one engine."""

    def __init__(self, engine, name, folder):
        # TensorFlow as a user has it, without the setting of `pinet train`; PyTorch without TensorFlow.
        backend = "torch" if engine.startswith("torch") else "tensorflow"
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(worker(engine, name, Path(folder)), env=environment, **pipes)

    def ask(self, **request) -> list:
        """Seconds of the calls; none if the engine fails."""
        self.process.stdin.write(json.dumps(request, allow_nan=False) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        """Let it go."""
        self.process.communicate()
