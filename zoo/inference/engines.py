"""The engines that run compiled networks, the fastest first. Imports neither Keras nor a backend."""

from typing import Any, NamedTuple

from zoo.inference.litert_network import LitertNetwork
from zoo.inference.onnx_network import OnnxNetwork


class NotCompiled(ValueError):
    """A model that cannot be compiled for an engine, or whose compiled network gives other outputs."""


class WrongBackend(ValueError):
    """Keras runs on a backend whose graph is not compiled."""


class Engine(NamedTuple):
    """What runs a compiled network, and what compiles it.

    Attributes:
        network: class of what runs the contents of a file.
        package: what it needs.
        converters: packages that compiling needs.
        suffix: of the files.
    """

    network: Any
    package: str
    converters: tuple[str, ...]
    suffix: str


# "auto" takes the first that is installed. The order is measured: benchmarks/performance.py, part engines.
COMPILED = {
    "litert": Engine(LitertNetwork, "ai_edge_litert", ("tensorflow",), ".tflite"),
    "onnx": Engine(OnnxNetwork, "onnxruntime", ("tensorflow", "tf2onnx", "onnx"), ".onnx"),
}
