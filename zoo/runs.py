"""What every training needs before its first step: a repeatable backend, and a folder that holds this run alone."""

import ctypes
import json
import platform
import random
from dataclasses import asdict

import keras

from zoo.registry import CLASSIFICATION
from zoo.teacher import teacher_record


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


def open_run(run_dir, recipe, data_set, fresh):
    """Make the run's folder, or make sure that what it holds is this very run, whatever words describe it."""
    run_dir.mkdir(parents=True, exist_ok=True)
    record = {
        "task": recipe.task,
        "recipe": asdict(recipe),
        "dataset_sha256": data_set.sha256,
        "backend": keras.backend.backend(),
        **teacher_record(recipe),
    }
    path = run_dir / "run.json"
    if fresh or not path.exists():
        (run_dir / "checkpoint.npz").unlink(missing_ok=True)
        path.write_text(json.dumps(record, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        return
    earlier = {"task": CLASSIFICATION, **json.loads(path.read_text(encoding="utf-8"))}  # older runs name no task
    if earlier["task"] != recipe.task:
        raise ValueError(f"{run_dir} holds a run of another task, {earlier['task']}. Give another run folder.")
    earlier["recipe"] = asdict(type(recipe)(**earlier["recipe"]))  # a key that is younger than the run has its default
    for words in record["recipe"].keys() & {"description", "note", "beside"}:  # which no step depends on
        earlier["recipe"][words] = record["recipe"][words]
    if earlier != record:
        differing = sorted(
            [key for key in record["recipe"] if earlier["recipe"][key] != record["recipe"][key]]
            + [key for key in ("dataset_sha256", "backend", "teacher_sha256") if earlier.get(key) != record.get(key)]
        )
        raise ValueError(
            f"{run_dir} holds a run that differs in {', '.join(differing)}. Give another run folder, or start over "
            "with --fresh (which forgets that run)."
        )
