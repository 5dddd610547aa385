"""How fast exports are: python -m benchmarks.serving [MODEL] [--requests 1000] [--clients 8]

Prints the time of an export; then, taking turns, medians of single images and of batches of 32 through the exported
SavedModel, through Keras' predict_on_batch, and through PyTorch where it is installed; then the latencies of the
preview server under several clients.
"""

import argparse
import http.client
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROUNDS = 100


def main():
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="polynet_cifar10")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(f"{options.model} on {os.cpu_count()} cores, {platform.machine()}; load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        measure_models(options.model, Path(folder))
        measure_server(options.model, folder, options.requests, options.clients)


def measure_models(name, folder):
    """Export time, then latency and throughput of the same network in several ways."""
    import numpy as np

    import zoo
    from zoo.serving.preview.servable import Servable

    zoo.load(name)  # the imports are not the export's
    started = time.perf_counter()
    path = zoo.export(name, folder)
    print(f"export: {time.perf_counter() - started:.1f} s")
    shape = zoo.card(name)["input_shape"]
    images = np.random.default_rng(0).integers(0, 256, (32, *shape), dtype="uint8")
    served = Servable(name, 1, path)  # in a session, as TensorFlow Serving has it
    model = zoo.load(name)
    ways = {
        "SavedModel": lambda batch: served.predict("", {"images": batch}, ["logits"])["logits"],
        "Keras predict_on_batch": model.predict_on_batch,
    }
    ways.update(torch_predict(model, zoo.card(name)))
    expected = model.predict_on_batch(images)
    for way, run in ways.items():
        assert np.abs(run(images) - expected).max() < 1e-4 * np.abs(expected).max(), way
    for size in (1, 32):
        times = alternate(ways, images[:size])
        for way, seconds in times.items():
            ratio = times["Keras predict_on_batch"] / seconds
            print(
                f"batch {size:2}  {way:24} {seconds * 1e3:7.2f} ms  {size / seconds:8.0f} images/s  "
                f"{ratio:4.2f} × Keras' speed"
            )


def alternate(ways, batch):
    """The median time of each method, in a random order of turns, as each leaves threads and caches behind."""
    times, order, rng = {way: [] for way in ways}, list(ways.items()), random.Random(0)
    for turn in range(ROUNDS + 10):
        rng.shuffle(order)
        for way, run in order:
            started = time.perf_counter()
            run(batch)
            if turn >= 10:  # the first turns trace and warm up
                times[way].append(time.perf_counter() - started)
    return {way: statistics.median(values) for way, values in times.items()}


def torch_predict(model, card):
    """PolyNet in plain PyTorch, with the same weights."""
    try:
        import torch
        from torch.nn import functional
    except ImportError:
        print("PyTorch is not installed: left out")
        return {}
    if card["architecture"] != "polynet":
        print("PyTorch: only PolyNet is written for it here, left out")
        return {}
    from zoo.architectures.polynet import PADDINGS, STRIDES

    def weights(layer):
        kernel, bias = (torch.from_numpy(array) for array in layer.get_weights())
        return (kernel.permute(3, 2, 0, 1).contiguous() if kernel.ndim == 4 else kernel.T.contiguous()), bias

    layers = {layer.name: layer for layer in model.layers}
    factors = [[weights(layers[f"conv_{letter}_{index}"]) for letter in "ab"] for index in range(len(STRIDES))]
    head, mean, std = weights(layers["logits"]), *map(torch.tensor, (layers["pixels"].mean, layers["pixels"].std))

    def run(batch):
        with torch.inference_mode():
            hidden = ((torch.from_numpy(batch).float() - mean) / std).permute(0, 3, 1, 2)
            for pair, stride, padding in zip(factors, STRIDES, PADDINGS, strict=True):
                a, b = (functional.conv2d(hidden, *parameters, stride, padding) for parameters in pair)
                hidden = a * b
            return functional.linear(hidden.permute(0, 2, 3, 1).flatten(1), *head).numpy()

    return {"PyTorch": run}


def measure_server(name, folder, requests, clients):
    """Latencies of single-image requests to the preview server, from several clients at once."""
    from zoo.data.samples import samples
    from zoo.registry import card

    image = samples(card(name)["dataset"]["name"])[0][0].read_bytes()
    command = [sys.executable, "-m", "zoo.cli.commands", "serve", folder, "--engine", "preview"]
    command += ["--rest-port", "0", "--grpc-port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        lines = iter(server.stderr.readline, "")
        port = next((int(line.rsplit(":", 1)[1]) for line in lines if "preview INFO REST" in line), None)
        if port is None:
            raise SystemExit("the preview server did not start")
        threading.Thread(target=lambda: [None for _ in server.stderr], daemon=True).start()  # so that its pipe is read
        each = -(-requests // clients)
        load(port, name, image, 20)
        started = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            results = list(pool.map(lambda _: load(port, name, image, each), range(clients)))
        seconds = time.perf_counter() - started
    finally:
        server.terminate()
        server.wait()
    latencies = sorted(latency for result in results for latency, _ in result)
    errors = sum(not fine for result in results for _, fine in result)
    p50, p99 = (latencies[int(quantile * (len(latencies) - 1))] * 1e3 for quantile in (0.5, 0.99))
    print(
        f"preview server: {len(latencies)} requests from {clients} clients, {errors} errors, "
        f"{len(latencies) / seconds:.0f} a second, p50 {p50:.1f} ms, p99 {p99:.1f} ms"
    )


def load(port, name, image, count):
    """Latency and success of a number of requests on one connection."""
    import base64

    body = json.dumps(
        {"signature_name": "encoded", "instances": [{"b64": base64.b64encode(image).decode()}]}, allow_nan=False
    )
    connection, results = http.client.HTTPConnection("127.0.0.1", port, timeout=60), []
    for _ in range(count):
        started = time.perf_counter()
        connection.request("POST", f"/v1/models/{name}:predict", body)
        reply = connection.getresponse()
        reply.read()
        results.append((time.perf_counter() - started, reply.status == 200))
    connection.close()
    return results


if __name__ == "__main__":
    main()
