"""Time and memory of one kind of layer against its degree or its rank: python -m benchmarks.scaling LAYER PARAMETER

Prints one line of JSON. A process each, so that the peak of its memory is the layer's.
"""

import argparse
import json
import math
import statistics
import time

from benchmarks.memory import peak_megabytes

VALUES = {"degree": (1, 2, 4, 8, 16, 32), "rank": (8, 16, 32, 64, 128, 256, 512)}
UNITS, OTHERS = 64, {"degree": 8, "rank": 256}  # what is not varied
SHAPES = {"PolyDense": (1024, 256), "PolyConv2D": (16, 16, 16, 32)}
KERNEL_SIZE = 3
ROUNDS, WARM_UP = 21, 3


def main():
    """Measure all values, the least first: the peak of memory is that of the largest so far."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layer", choices=list(SHAPES))
    parser.add_argument("parameter", choices=list(VALUES))
    options = parser.parse_args()
    rows = [measure(options.layer, **OTHERS | {options.parameter: value}) for value in VALUES[options.parameter]]
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    print(json.dumps({"values": VALUES[options.parameter], **columns}, allow_nan=False))


def measure(name, degree, rank) -> dict:
    """A layer forward and backward: milliseconds, the process' peak of memory, parameters, coefficients of the explicit
    tensors."""
    import keras
    import numpy as np
    import tensorflow as tf

    import pinet_keras

    shape = SHAPES[name]
    x = tf.constant(np.random.default_rng(0).normal(size=shape).astype("float32"))
    extra = {"kernel_size": KERNEL_SIZE} if name == "PolyConv2D" else {}
    layer = getattr(pinet_keras, name)(UNITS, degree=degree, rank=rank, **extra)
    layer.build(shape)

    @tf.function
    def gradients():
        with tf.GradientTape() as tape:
            value = keras.ops.mean(layer(x) ** 2)
        return tape.gradient(value, layer.trainable_variables)

    times = []
    for _ in range(WARM_UP + ROUNDS):
        started = time.perf_counter()
        gradients()[0].numpy()
        times.append(time.perf_counter() - started)
    seen = shape[-1] * (KERNEL_SIZE**2 if extra else 1)
    return {
        "milliseconds": statistics.median(times[WARM_UP:]) * 1e3,
        "peak_megabytes": peak_megabytes(),
        "parameters": layer.count_params(),
        "explicit": UNITS * math.comb(seen + degree, degree),
    }


if __name__ == "__main__":
    main()
