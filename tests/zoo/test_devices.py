"""Several devices train as one does, tried on virtual ones."""

import csv
import importlib.util
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest

from zoo.training.devices import data_parallel, join_processes

TRAIN = """
import sys
from dataclasses import replace
from zoo.recipes import read_recipe
from zoo.training.classifiers import train
folder, optimizer, *counts = sys.argv[1:]
recipe = replace(read_recipe("pinet_digits"), epochs=1, batch_size=128, warmup_epochs=1, optimizer=optimizer)
for count in map(int, counts):
    train(recipe, run_dir=f"{folder}/{count}", devices=count)
"""
TWO_CPUS = """
import tensorflow as tf
device = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], [device, device])
"""


def command(code, folder, optimizer, *counts):
    return [sys.executable, "-c", code, folder, optimizer, *counts]


def curve(folder):
    with open(folder / "log.csv", newline="", encoding="utf-8") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_two_devices_see_the_loss_of_one(tmp_path):
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    subprocess.run(command(TWO_CPUS + TRAIN, tmp_path, "adamw", "1", "2"), env=environment, check=True, timeout=300)
    np.testing.assert_allclose(curve(tmp_path / "2"), curve(tmp_path / "1"), rtol=1e-4)


def test_two_devices_and_two_processes_on_other_backends(tmp_path):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("the jax backend is not installed")
    jax = {**os.environ, "KERAS_BACKEND": "jax"}
    two_devices = jax | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    subprocess.run(command(TRAIN, tmp_path, "muon", "1", "2"), env=two_devices, check=True, timeout=300)
    np.testing.assert_allclose(curve(tmp_path / "2"), curve(tmp_path / "1"), rtol=1e-4)
    together = tmp_path / "together"
    processes = [
        subprocess.Popen(command(TRAIN, together, "muon", "2"), env=jax | variables) for variables in two_processes()
    ]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    np.testing.assert_allclose(curve(together / "2"), curve(tmp_path / "1"), rtol=1e-4)
    assert (together / "2" / "cards" / "pinet_digits.json").exists()


def two_processes():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    common = {"JOB_ADDRESSES": address, "NUM_PROCESSES": "2"}
    for index in range(2):
        variables = {**common, "PROCESS_ID": str(index)}
        yield {f"KERAS_DISTRIBUTION_{key}": value for key, value in variables.items()}


def test_several_processes_need_jax(monkeypatch):
    if keras.backend.backend() == "jax":
        pytest.skip("this is jax")
    monkeypatch.setenv("KERAS_DISTRIBUTION_NUM_PROCESSES", "2")
    with pytest.raises(ValueError, match="Several processes need the jax backend. Received: '"):
        join_processes()


@pytest.mark.parametrize(
    "count, size, words",
    [(2, 65, "A batch of 65 cannot be divided evenly. Received: devices=2"), (64, 64, "Received: devices=64")],
)
def test_what_cannot_be_spread_is_refused(count, size, words):
    with pytest.raises(ValueError, match=words), data_parallel(count, size):
        pass
