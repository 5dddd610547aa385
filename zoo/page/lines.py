"""Lines between two images, computed here in float64: what the page "Walk a line" is compared with."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from zoo.data.cache import made_once
from zoo.data.images import read_image
from zoo.files import read_json, write_json
from zoo.page.onnx_files import cache_key
from zoo.paths import SAMPLES

DIGITS = (("mnist_3_0", "mnist_8_0"), ("mnist_4_0", "mnist_9_0"), ("mnist_1_0", "mnist_7_0"))
# Of each model that the page has: the lines that are computed here too. The page computes any other.
LINES = {
    "pinet_mnist_shallow": DIGITS,
    "pinet_mnist_tiny": DIGITS,
    "polynet_mnist": DIGITS[:1],
    "pinet_mnist": DIGITS[:1],
    "pinet_cifar10_encrypted": (("cifar10_automobile_0", "cifar10_truck_0"),),
}
# A dense ReLU network with about as many parameters as `pinet_mnist_shallow`; benchmarks/page_relu.py trained it.
RELU = Path(__file__).parent / "web" / "relu_mnist.npz"
UNITS = (24, 24)


def lines_of(name: str) -> list[dict[str, Any]]:
    """The lines of a model: the names of the images, coefficients and crossings; none for a model without lines.

    Returns:
        Of each line `start`, `end`, `coefficients`, a row of Chebyshev coefficients over t = 0..1 for each logit, and
        `crossings`, each with `t`, `before` and `after`.
    """
    if name not in LINES:
        return []
    path = made_once(cache_key("lines", name), lambda folder: _compute(name, folder)) / "lines.json"
    return read_json(path, "Remove it.")


def _compute(name, folder):
    from pinet_keras.analysis import crossings, restrict
    from pinet_keras.analysis.replay import Evaluator
    from zoo.loading import load

    model = load(name)
    evaluator, rows = Evaluator(model), []
    for start, end in LINES[name]:
        x, direction = _line(start, end, model.input_shape[1:])
        polynomials = restrict(evaluator, x, direction, domain=(0, 1))
        found = crossings(evaluator, x, direction, domain=(0, 1))
        changes = [{"t": each.t, "before": each.before, "after": each.after} for each in found]
        coefficients = [polynomial.coef.tolist() for polynomial in polynomials]
        rows.append({"model": name, "start": start, "end": end, "coefficients": coefficients, "crossings": changes})
    write_json(folder / "lines.json", rows, indent=None)


def _line(start, end, shape):
    """The first point of a line and the direction to its other end."""
    first, last = (read_image(SAMPLES / f"{name}.png", shape).astype("float64") for name in (start, end))
    return first, last - first


def relu_model(units=UNITS):
    """The ReLU network of the page, untrained: grey levels 0..255 in, ten logits out."""
    import keras
    from keras import layers

    hidden = [layers.Dense(count, activation="relu") for count in units]
    body = [keras.Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.Flatten()]
    return keras.Sequential([*body, *hidden, layers.Dense(10)])


def relu_network() -> dict[str, Any]:
    """The ReLU network for the page: its weights, and its pieces on some lines.

    Returns:
        `accuracy`, `parameters`, `layers`, each with `kernel` and `bias` in base64 of float32 and their sizes, and
        `lines`, each with `start`, `end` and the bends `ts`.
    """
    with np.load(RELU) as file:
        weights, accuracy = [file[f"weight_{index}"] for index in range(2 * len(UNITS) + 2)], float(file["accuracy"])
    pairs = list(zip(weights[::2], weights[1::2], strict=True))
    rows = [
        {"inputs": kernel.shape[0], "outputs": kernel.shape[1], "kernel": _base64(kernel), "bias": _base64(bias)}
        for kernel, bias in pairs
    ]
    digest = hashlib.sha256(RELU.read_bytes()).hexdigest()[:16]
    path = made_once(f"page-relu-{digest}", lambda folder: _pieces(weights, folder)) / "lines.json"
    parameters = sum(array.size for array in weights)
    return {"accuracy": accuracy, "parameters": parameters, "layers": rows, "lines": read_json(path, "Remove it.")}


def _pieces(weights, folder):
    from pinet_keras.analysis import linear_regions_on_line

    model = relu_model()
    model.set_weights(weights)
    rows = []
    for start, end in DIGITS:
        x, direction = _line(start, end, model.input_shape[1:])
        pieces = linear_regions_on_line(model, x, direction, domain=(0, 1))
        rows.append({"start": start, "end": end, "ts": pieces.ts.tolist(), "values": pieces.values.tolist()})
    write_json(folder / "lines.json", rows, indent=None)


def _base64(array):
    return base64.b64encode(array.astype("<f4").tobytes()).decode()
