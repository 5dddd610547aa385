"""A repeatable backend."""

import ctypes
import platform
import random

import keras


def set_up_backend(seed, deterministic=True):
    """Make weights and steps repeatable.

    Args:
        seed: of the weights; and of what the caller does afterwards, as TensorFlow then refuses to draw without one.
        deterministic: whether TensorFlow must take repeatable operations only. What XLA compiles for a CPU is
            repeatable anyway.
    """
    random.seed(seed)  # Keras draws the seeds of all its initializers from here; its own call imports TensorFlow
    if keras.backend.backend() == "tensorflow":
        _set_up_tensorflow(seed, deterministic)


def _set_up_tensorflow(seed, deterministic):
    """Make TensorFlow repeatable, and let glibc keep freed memory.

    glibc gives large blocks back to the kernel as soon as they are free, and each step would fault all its pages in
    again: without these settings much of PolyNet's training goes on in the kernel.
    """
    import tensorflow as tf

    if deterministic:
        tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(seed)
    if platform.libc_ver()[0] == "glibc":
        libc, trim_threshold, mmap_threshold = ctypes.CDLL(None), -1, -3  # the two names are malloc.h's M_… constants
        libc.mallopt(trim_threshold, 2**31 - 1)
        libc.mallopt(mmap_threshold, 2**25)
