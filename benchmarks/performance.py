"""How fast everything is: python -m benchmarks.performance [PART ...] [--data-dir DIR]

Compares the library with PyTorch and with the machine's own limit, each pair taking turns in processes of their
own, and writes docs/performance/results.json, the findings and tables of docs/performance.md and its plot. With
--quick everything is measured once and briefly, printed, and written nowhere.
"""

import argparse
import contextlib
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import engines as engine_rounds
from benchmarks.performance_page import ALONE, FOLDER, RESULTS, TRAINING_BATCH, write_page, written

ROUNDS = 3
# How often a round repeats a step: about half a second on two cores, where one step does not take longer.
NETWORKS = {"polynet": 12, "ncp": 1, "ccp_3": 300, "ccp_16": 100, "resnet20": 7, "wide_products": 4}
# What TensorFlow computes with: whether oneDNN's operations are on, and how the model is compiled.
CHOICES = {
    "plain": ("0", "plain"),
    "oneDNN": ("1", "plain"),
    "XLA": ("0", "xla"),
    "bfloat16": ("1", "bfloat16"),  # with oneDNN, as is
    "steps at once": ("1", "joined"),
}
CHOSEN_FOR = {"polynet": 8, "wide_products": 8, "ncp": 2}  # with steps of an epoch
REPLICAS = (1, 2, 4)
PREDICT = ["-m", "tuning.main", "predict", "pinet_cifar10", "zoo/samples/cifar10_cat_0.png"]
FIRST = ("pinet predict, first",)  # with an empty cache, so that the network is compiled
STARTS = {
    "python": ["-c", "pass"],
    "import pinet_keras": ["-c", "import pinet_keras"],
    "import zoo": ["-c", "import zoo"],
    "pinet list": ["-m", "zoo.cli.commands", "list"],
    "import tensorflow": ["-c", "import tensorflow"],
    "pinet predict": PREDICT,
    "pinet predict, first": PREDICT,
    "zoo.load and a prediction": [
        "-c",
        "import numpy as np, zoo; zoo.load('polynet_cifar10').predict_on_batch(np.zeros((1, 32, 32, 3), 'uint8'))",
    ],
}


def main():
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    measured = (networks, engines, choices, scaling, replicas, start, all_models, pipeline, encrypted)
    parts = {part.__name__: part for part in measured}
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help=f"{', '.join(parts)} [all but encrypted]")
    parser.add_argument("--repeats", type=int, default=10, help="requests of the part encrypted [10]")
    parser.add_argument("--data-dir", help="where TFDS keeps its data sets [TFDS_DATA_DIR]")
    parser.add_argument("--quick", action="store_true", help="measure once and briefly, print, and write nothing")
    options = parser.parse_args()
    global ROUNDS
    ROUNDS = engine_rounds.ROUNDS = 1 if options.quick else ROUNDS
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if options.data_dir:
        os.environ["TFDS_DATA_DIR"] = options.data_dir
    kept = RESULTS.exists() and not options.quick
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if kept else {}
    FOLDER.mkdir(exist_ok=True)
    for part in options.parts or [part for part in parts if part != "encrypted"]:
        started = time.perf_counter()
        arguments = {"repeats": options.repeats} if part == "encrypted" else {}
        try:
            here, readings = machine(), parts[part](**arguments)
        except FileNotFoundError as error:
            if part != "pipeline":  # the only one that needs a data set
                raise
            print(f"{part} is left out: {error}", flush=True)
            continue
        found[part] = {"machine": here, "seconds": round(time.perf_counter() - started), "found": readings}
        print(f"{part}: {found[part]['seconds']} s", flush=True)
        if not options.quick:
            RESULTS.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if options.quick:
        print(written(found))
    else:
        write_page(found)
        if "encrypted" in found:
            from benchmarks import encrypted_page  # needs Keras, which processes of single parts choose a backend for

            encrypted_page.main()


def machine() -> str:
    """The processor, the libraries and the load."""
    from importlib.metadata import version

    libraries = ", ".join(f"{name} {version(name)}" for name in ("keras", "tensorflow", "torch", "numpy"))
    return f"{_processor()}, {os.cpu_count()} cores; {libraries}; load at the start {os.getloadavg()[0]:.1f}"


def _processor():
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor())


def networks() -> dict:
    """Training of each network in both frameworks, and the machine's peak right after."""
    found = {}
    for name, times in NETWORKS.items():
        ways = ["keras"] if name in ALONE else ["keras", "torch"]
        record = {way: {} for way in ways}
        with _peers(ways, name) as peers:
            for what in ("forward", "backward", "step"):
                _take_turns(peers, record, what, TRAINING_BATCH, times)
            for way, peer in peers.items():
                record[way]["training_megabytes"] = peer.ask(do="memory")["megabytes"]
        found[name] = {**record, "macs": _macs(name), "peak_gflops": peak()}
        print(name, flush=True)
    return found


def engines() -> dict:
    """Prediction with each network on each engine, and the machine's peak right after."""
    found = {}
    for name in NETWORKS:
        ways = engine_rounds.engines_of(name, ALONE)
        found[name] = {**engine_rounds.measure(name, ways), "macs": _macs(name), "peak_gflops": peak()}
        print(name, flush=True)
    return found


def choices() -> list:
    """Epochs of a few steps with each of `CHOICES`: network, what, images/s by choice."""
    found = []
    for name, steps in CHOSEN_FOR.items():
        record = {way: {} for way in CHOICES}
        with _peers(CHOICES, name) as peers:
            _take_turns(peers, record, "epoch", steps * TRAINING_BATCH, 1)
        label = f"{steps} steps, batch {TRAINING_BATCH}"
        found.append([name, label, {way: record[way][f"epoch_{steps * TRAINING_BATCH}"] for way in CHOICES}])
        print(name, flush=True)
    return found


@contextlib.contextmanager
def _peers(ways, name):
    peers = {way: Worker(way, name) for way in ways}
    yield peers
    for peer in peers.values():
        peer.end()


def _take_turns(peers, record, what, batch, times):
    """Images/s of each peer: quartiles of the rounds, in a random order in each."""
    rates, rng = {way: [] for way in peers}, random.Random(0)
    for turn in range(ROUNDS + 1):
        for way in rng.sample(list(peers), len(peers)):
            seconds = peers[way].ask(do=what, batch=batch, times=times)["seconds"]
            if turn:  # the first one traces and warms up
                rates[way].append(batch / seconds)
    for way, values in rates.items():
        record[way][f"{what}_{batch}"] = quartiles(values)


class Worker:
    """A process of `benchmarks.worker`, with a framework or one of `CHOICES`."""

    def __init__(self, way, name):
        command, environment = [sys.executable, "-m", "benchmarks.worker"], dict(os.environ)
        if way in CHOICES:
            environment["TF_ENABLE_ONEDNN_OPTS"], compiler = CHOICES[way]
            command += ["keras", name, compiler]
        else:
            command += [way, name, "plain"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment, **pipes)

    def ask(self, **request) -> dict:
        """What the process answers."""
        self.process.stdin.write(json.dumps(request, allow_nan=False) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        """Let it go."""
        self.process.communicate()


def _macs(name):
    import benchmarks.networks
    from pinet_keras.analysis import count_macs

    return count_macs(getattr(benchmarks.networks, name)())


def peak() -> float:
    """GFLOP/s of the best of three sizes of float32 matrix product, in TensorFlow and in NumPy."""
    import numpy as np
    import tensorflow as tf

    best = 0.0
    for size in (1024, 2048, 4096):
        a = np.random.default_rng(0).normal(size=(size, size)).astype("float32")
        b = tf.constant(a)
        for product in (lambda a=a: a @ a, lambda b=b: tf.matmul(b, b).numpy()):
            for _ in range(2):
                started = time.perf_counter()
                product()
                best = max(best, 2 * size**3 / (time.perf_counter() - started) / 1e9)
    return best


def scaling() -> dict:
    """The layers against degree and rank, with a straight line through the times, and one through their logarithms."""
    import numpy as np
    from scipy.stats import linregress

    found = {}
    for layer in ("PolyDense", "PolyConv2D"):
        for parameter in ("degree", "rank"):
            command = [sys.executable, "-m", "benchmarks.scaling", layer, parameter]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            line = linregress(row["values"], row["milliseconds"])
            slope = linregress(np.log(row["values"]), np.log(row["milliseconds"])).slope
            found[f"{layer}, {parameter}"] = row | {"each": line.slope, "r_squared": line.rvalue**2, "slope": slope}
            print(layer, parameter, f"R² {line.rvalue**2:.4f}", flush=True)
    return found


def replicas() -> dict:
    """Images/s of training PolyNet on virtual devices of the same cores."""
    command = [sys.executable, "-m", "benchmarks.replicas"]
    return {
        count: float(subprocess.run([*command, str(count)], check=True, capture_output=True, text=True).stdout)
        for count in REPLICAS
    }


def start() -> dict:
    """Seconds of fresh processes, taking turns; compiled networks are there but for the commands of `FIRST`."""
    times = {name: [] for name in STARTS}
    with tempfile.TemporaryDirectory(prefix="pinet-cache-") as warm:
        for turn in range(ROUNDS + 1):
            for name, arguments in STARTS.items():
                with tempfile.TemporaryDirectory(prefix="pinet-cache-") as empty:
                    environment = {**os.environ, "PINET_CACHE": empty if name in FIRST else warm}
                    started = time.perf_counter()
                    command = [sys.executable, *arguments]
                    subprocess.run(command, check=True, capture_output=True, env=environment)
                    if turn:  # the first one reads the files from the disk, and may compile them
                        times[name].append(time.perf_counter() - started)
    return {name: quartiles(row) for name, row in times.items()}


def all_models() -> dict:
    """Seconds to load each model and megabytes of a process with all, by engine."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="pinet-cache-") as cache:
        environment = {**os.environ, "PINET_CACHE": cache, "KERAS_BACKEND": "tensorflow"}
        for engine in ("litert", "litert", "keras"):  # the first run compiles the networks
            command = [sys.executable, "-m", "benchmarks.all_models", engine]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
            found[engine] = json.loads(done.stdout)
    return found


def quartiles(values) -> list[float]:
    """Of the rounds; of one round three times its value."""
    return statistics.quantiles(values, n=4) if len(values) > 1 else [*values] * 3


def pipeline() -> dict:
    """Images/s of the training's batches alone: reading from TFDS, then order, flips and shifts."""
    from benchmarks.pipeline import measure

    found = measure(ROUNDS)
    return {"reading_seconds": found["reading_seconds"], "images_per_second": quartiles(found["rates"])}


def encrypted(repeats: int) -> dict:
    """Encrypted inference; its own module, which needs TenSEAL."""
    from benchmarks.encrypted import measure

    return measure(repeats)


if __name__ == "__main__":
    main()
