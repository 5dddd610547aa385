"""Data parallelism: several devices, of one process or of several, each take an equal part of every batch."""

import contextlib
import os
from collections.abc import Iterator

import keras
import numpy as np


def join_processes() -> None:
    """Join the processes that `KERAS_DISTRIBUTION_JOB_ADDRESSES`, `..._NUM_PROCESSES` and `..._PROCESS_ID` name.

    Does nothing where they are not set. Call it before the backend computes anything.

    Raises:
        ValueError: another backend than jax. Keras 3 does not train under TensorFlow's `MultiWorkerMirroredStrategy`
            (keras-team/keras, issue 20585).
    """
    if "KERAS_DISTRIBUTION_NUM_PROCESSES" not in os.environ:
        return
    if keras.backend.backend() != "jax":
        raise ValueError(f"Several processes need the jax backend. Received: {keras.backend.backend()!r}")
    import jax

    if not jax.distributed.is_initialized():
        keras.distribution.initialize()


def process() -> tuple[int, int]:
    """The index of this process, and how many train together."""
    if keras.backend.backend() != "jax":
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


def check_processes_agree(value: int, what: str) -> None:
    """Wait for the other processes, and check that all have the same value.

    Args:
        value: an integer.
        what: name of the value, for the error.

    Raises:
        ValueError: another process has another value.
    """
    if process()[1] == 1:
        return
    from jax.experimental import multihost_utils

    values = multihost_utils.process_allgather(np.asarray(value))
    if len(set(values.tolist())) > 1:
        raise ValueError(f"All processes need the same {what}. Received: {values.tolist()}")


@contextlib.contextmanager
def data_parallel(count: int, batch_size: int) -> Iterator[None]:
    """A context in which models are built and trained on several devices; the size of the batch stays the same.

    On jax over `keras.distribution.DataParallel`, on tensorflow over `MirroredStrategy`.

    Args:
        count: devices; 1 changes nothing. Of several processes, all that they have together.
        batch_size: examples a step, of all devices together.

    Raises:
        ValueError: more devices than there are, fewer than several processes have, a batch that does not divide, or a
            backend that knows of none.
    """
    if process()[1] > 1 and count != len(keras.distribution.list_devices()):
        found = ", ".join(keras.distribution.list_devices())
        raise ValueError(f"All devices of the {process()[1]} processes train: {found}. Received: devices={count}")
    if count == 1:
        yield
        return
    if batch_size % count:
        raise ValueError(f"A batch of {batch_size} cannot be divided evenly. Received: devices={count}")
    backends = {"jax": _jax, "tensorflow": _tensorflow}
    if keras.backend.backend() not in backends:
        raise ValueError(f"Several devices need the jax or tensorflow backend. Received: {keras.backend.backend()!r}")
    with backends[keras.backend.backend()](count):
        yield


def synchronise_norms_and_clipping(model: keras.Model) -> None:
    """Synchronise batch normalisation and gradient clipping over the devices.

    On jax they are; on tensorflow the result would otherwise depend on the number of devices.

    Args:
        model: a compiled model, built within `data_parallel`.
    """
    if keras.backend.backend() != "tensorflow" or model.distribute_strategy.num_replicas_in_sync == 1:
        return
    import tensorflow as tf

    for layer in model.layers:
        for part in layer._flatten_layers():
            if isinstance(part, keras.layers.BatchNormalization):
                part.synchronized = True
    clip = model.optimizer._clip_gradients

    def clip_the_sum(gradients):
        replica = tf.distribute.get_replica_context()
        summed = clip(replica.all_reduce(tf.distribute.ReduceOp.SUM, gradients))
        return [gradient / replica.num_replicas_in_sync for gradient in summed]  # Keras sums them after this

    model.optimizer._clip_gradients = clip_the_sum


def _jax(count: int) -> contextlib.AbstractContextManager:
    devices = keras.distribution.list_devices()
    _enough(count, devices)
    # Batches gives each process its own part already.
    return keras.distribution.DataParallel(devices=devices[:count], auto_shard_dataset=False).scope()


def _tensorflow(count: int) -> contextlib.AbstractContextManager:
    import tensorflow as tf

    devices = [each.name for each in tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")]
    _enough(count, devices)
    return tf.distribute.MirroredStrategy(devices[:count]).scope()


def _enough(count: int, devices: list[str]) -> None:
    if count > len(devices):
        raise ValueError(f"Found only {', '.join(map(str, devices))}. Received: devices={count}")
