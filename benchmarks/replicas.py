"""Images/s of training PolyNet spread over virtual devices of this machine: python -m benchmarks.replicas COUNT"""

import sys
import time

import keras
import numpy as np
import tensorflow as tf

from benchmarks.networks import polynet
from zoo.training.devices import data_parallel

BATCH, STEPS = 64, 6


def main():
    """Train one step to warm up and an epoch to measure."""
    count = int(sys.argv[1])
    device = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], [device] * count)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (BATCH * STEPS, 32, 32, 3)).astype("float32")
    labels = rng.integers(0, 10, len(images))
    with data_parallel(count, BATCH):
        model = polynet()
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(1e-4), loss, jit_compile=False)
        model.fit(images[:BATCH], labels[:BATCH], batch_size=BATCH, verbose=0)
        started = time.perf_counter()
        model.fit(images, labels, batch_size=BATCH, verbose=0)
    print(len(images) / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
