"""One network in one framework in a process of its own, which does what it is told, line by line, and tells the time.

Each framework keeps threads and memory pools that would disturb the other in one process.
"""

import json
import os
import sys
import time

import numpy as np

from benchmarks.memory import peak_megabytes
from benchmarks.performance_page import TRAINING_BATCH


def main():
    """Read requests from standard input, `{"do": ..., "batch": ..., "times": ...}`, and answer in seconds a time."""
    framework, name, compiler = sys.argv[1:]
    os.environ["KERAS_BACKEND"] = {"keras": "tensorflow", "torch": "torch"}[framework]  # PyTorch without TensorFlow
    if framework == "keras":
        _train_as_the_command_does(compiler)
    peer = KerasPeer(name, compiler) if framework == "keras" else TorchPeer(name)
    if framework == "keras":
        from zoo.training.fused_norms import fused_norms
        from zoo.training.matrix_convolutions import matrix_convolutions

        with fused_norms(peer.model), matrix_convolutions(peer.model):
            answer_requests(peer)
    else:
        answer_requests(peer)


def answer_requests(peer):
    """Measure what is asked for, until standard input ends."""
    before = peak_megabytes()
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "memory":
            answer({"megabytes": peak_megabytes() - before})
            continue
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (request["batch"], *peer.shape)).astype("float32")
        labels = rng.integers(0, 10, request["batch"])
        run = peer.prepared(request["do"], images, labels)
        started = time.perf_counter()
        for _ in range(request["times"]):
            run()
        answer({"seconds": (time.perf_counter() - started) / request["times"]})


def _train_as_the_command_does(compiler):
    from zoo.training.onednn import train_with_onednn

    train_with_onednn()
    from zoo.training.backend import set_up_backend  # imports TensorFlow

    set_up_backend(0, deterministic=compiler != "xla")  # with both, Keras leaves XLA out


def answer(values):
    """One line on standard output."""
    print(json.dumps(values, allow_nan=False), flush=True)


class KerasPeer:
    """A network of `benchmarks.networks`, or a classifier's architecture of the zoo, on Keras' backend."""

    def __init__(self, name, compiler):
        import tensorflow as tf

        from benchmarks import networks

        if compiler == "bfloat16":
            tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
        self.tf, self.model = tf, getattr(networks, name)()
        self.shape = self.model.input_shape[1:]
        self.loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(tf.keras.optimizers.SGD(0.01, momentum=0.9), self.loss, jit_compile=compiler == "xla")
        self.joined = compiler == "joined"

        @tf.function
        def forward(images):
            return self.model(images, training=True)

        @tf.function
        def backward(images, labels):
            with tf.GradientTape() as tape:
                value = self.loss(labels, self.model(images, training=True))
            return tape.gradient(value, self.model.trainable_variables)

        self.forward, self.backward = forward, backward

    def prepared(self, what, images, labels):
        x, y = self.tf.constant(images), self.tf.constant(labels)
        if self.joined:
            self.model.steps_per_execution = len(images) // TRAINING_BATCH
        return {
            "forward": lambda: self.forward(x),
            "backward": lambda: self.backward(x, y),
            "step": lambda: self.model.train_on_batch(x, y),
            "epoch": lambda: self.model.fit(images, labels, TRAINING_BATCH, shuffle=False, verbose=0),
        }[what]


class TorchPeer:
    """A network of `benchmarks.torch_networks`."""

    def __init__(self, name):
        import torch

        from benchmarks.torch_networks import NETWORKS

        self.torch, self.shape = torch, (28, 28, 1) if name.startswith("ccp") else (32, 32, 3)
        self.model = NETWORKS[name]()
        self.model(self._tensor(np.zeros((2, *self.shape), "float32")))  # sets the sizes of the lazy layer
        self.model.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.01, momentum=0.9)

    def prepared(self, what, images, labels):
        x, y = self._tensor(images), self.torch.from_numpy(labels)
        self.model.train()
        return {
            "forward": lambda: self.model(x),
            "backward": lambda: self._backward(x, y),
            "step": lambda: (self._backward(x, y), self.optimizer.step()),
        }[what]

    def _backward(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        self.torch.nn.functional.cross_entropy(self.model(x), y).backward()

    def _tensor(self, images):
        # From channels last to PyTorch's order without a copy: it stays channels last in memory.
        return self.torch.from_numpy(images / 128 - 1).permute(0, 3, 1, 2)


if __name__ == "__main__":
    main()
