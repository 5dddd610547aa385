"""Set-up of a deterministic backend."""

import ctypes
import platform
import random

import keras


def set_up_backend(seed: int, deterministic: bool = True) -> None:
    """Make initial weights and training steps reproducible.

    Args:
        seed: of the weights, and of all further random numbers.
        deterministic: whether TensorFlow must use deterministic operations only. XLA on a CPU is deterministic anyway.
    """
    random.seed(seed)  # Keras draws the seeds of all its initializers from here; its own call imports TensorFlow
    if keras.backend.backend() == "tensorflow":
        _set_up_tensorflow(seed, deterministic)


def _set_up_tensorflow(seed: int, deterministic: bool) -> None:
    """Make TensorFlow deterministic, and let glibc keep freed memory.

    glibc returns large blocks to the kernel as soon as they are free, so each step would cause page faults for all of
    them. Without these settings the training of PolyNet spends much of its time in the kernel.
    """
    import tensorflow as tf

    if deterministic:
        tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(seed)
    if platform.libc_ver()[0] == "glibc":
        libc, trim_threshold, mmap_threshold = ctypes.CDLL(None), -1, -3  # the two names are malloc.h's M_… constants
        libc.mallopt(trim_threshold, 2**31 - 1)
        libc.mallopt(mmap_threshold, 2**25)
