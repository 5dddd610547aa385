"""One network on one engine in a process of its own, which predicts as it is told, line by line, and tells the times.

`python -m benchmarks.engine_worker export NETWORK FOLDER` writes the files of the engines without Keras; then
`python -m benchmarks.engine_worker ENGINE NETWORK FOLDER` answers `{"batch": ..., "seconds": ...}` with the
seconds of as many single calls as fit, or one. All engines take the same uint8 pixels and scale them themselves.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np

# What the tables call them, in their order. `torch_compile` is `torch.compile`, which needs a C++ compiler.
ENGINES = {
    "keras": "Keras, `predict_on_batch`",
    "graph": 'Keras, folded: `engine="keras"`',
    "predictor": "`zoo.predictor`, on LiteRT",
    "onnx": '`zoo.predictor`: `engine="onnx"`',
    "openvino": "OpenVINO, if installed",
    "torch": "PyTorch",
    "torch_compile": "PyTorch, `torch.compile`",
}


def main():
    """Read requests from standard input and answer with the seconds of each call."""
    engine, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if engine == "export":
        export(name, folder)
        return
    predict = globals()[engine](name, folder)
    for line in sys.stdin:
        request = json.loads(line)
        images = pixels(name, request["batch"])
        try:
            times = timed(lambda images=images: predict(images), request["seconds"])
        except Exception as error:  # `torch.compile` compiles at the first call
            times = []
            print(f"{engine}, {name}: {type(error).__name__}: {error}", file=sys.stderr)
        print(json.dumps(times, allow_nan=False), flush=True)


def timed(run, seconds):
    """Seconds of single calls, one after the other, for about as long as is asked for."""
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return times


def pixels(name, batch):
    """The same images for every engine."""
    return np.random.default_rng(0).integers(0, 256, (batch, *input_shape(name)), dtype="uint8")


def input_shape(name):
    """Of a network, without building it."""
    return (28, 28, 1) if name.startswith("ccp") else (32, 32, 3)


def scaled(name):
    """A network of `benchmarks.networks` that takes pixels: with x / 128 − 1 before it where it scales none itself."""
    import keras

    from benchmarks import networks
    from zoo.architectures.parts.pixel_scaling import PixelScaling

    model = getattr(networks, name)()
    if any(isinstance(layer, PixelScaling) for layer in model.layers):
        return model
    inputs = keras.Input(model.input_shape[1:])
    return keras.Model(inputs, model(keras.layers.Rescaling(1 / 128, -1)(inputs)), name=name)


def export(name, folder):
    """Write the files for engines that do without Keras."""
    from zoo.inference.compiling import compiled
    from zoo.inference.engines import COMPILED

    model = scaled(name)
    for engine, own in COMPILED.items():
        if importlib.util.find_spec(own.package):
            (folder / f"{name}{own.suffix}").write_bytes(compiled(model, engine))


def keras(name, folder):
    """What a user of Keras calls."""
    return scaled(name).predict_on_batch


def graph(name, folder):
    """`zoo.predictor` on Keras' backend."""
    import zoo

    return zoo.predictor(scaled(name), engine="keras").predict


def predictor(name, folder):
    """`zoo.predictor` as it is: on LiteRT, in a process without Keras as after the first use."""
    return _compiled(name, folder, "litert")


def onnx(name, folder):
    """The same on ONNX Runtime."""
    return _compiled(name, folder, "onnx")


def _compiled(name, folder, engine):
    from zoo.inference.engines import COMPILED
    from zoo.inference.predictor import Predictor

    network = COMPILED[engine].network((folder / f"{name}{COMPILED[engine].suffix}").read_bytes())
    shape = list(input_shape(name))
    card = {"name": name, "task": "image classification", "input_shape": shape, "class_names": list("0123456789")}
    return Predictor(network, card).predict


def openvino(name, folder):
    """The same file on OpenVINO, not an engine of `zoo.predictor`, set for single requests."""
    import openvino as framework

    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    network = framework.Core().compile_model(str(folder / f"{name}.onnx"), "CPU", settings).create_infer_request()
    return lambda images: network.infer({0: images.astype("float32")})[0]


def torch(name, folder):
    """The network in PyTorch, channels last, in inference mode."""
    return _torch_predict(name, lambda model: model)


def torch_compile(name, folder):
    """The same, compiled for each size of batch."""
    import torch as framework

    return _torch_predict(name, lambda model: framework.compile(model, dynamic=False))


def _torch_predict(name, compiled):
    import torch as framework

    from benchmarks.torch_networks import NETWORKS

    def tensor(images):  # a view: channels last in memory
        return framework.from_numpy(images).permute(0, 3, 1, 2).float() / 128 - 1

    model = NETWORKS[name]()
    with framework.inference_mode():
        model(tensor(pixels(name, 2)))  # sets the sizes of the lazy layer
    model = compiled(model.to(memory_format=framework.channels_last).eval())

    def predict(images):
        with framework.inference_mode():
            return model(tensor(images)).numpy()

    return predict


if __name__ == "__main__":
    main()
