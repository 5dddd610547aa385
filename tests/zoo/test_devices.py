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

from zoo.devices import data_parallel, join_processes

TRAIN = """
import sys
from dataclasses import replace
from zoo.recipes import read_recipe
from zoo.training import train
folder, optimizer = sys.argv[1:]
recipe = replace(read_recipe("pinet_digits"), epochs=1, batch_size=128, warmup_epochs=1, optimizer=optimizer)
for count in (1, 2):
    train(recipe, run_dir=f"{folder}/{count}", devices=count)
"""
TWO_CPUS = """
import tensorflow as tf
device = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], [device, device])
"""


def run(code, folder, optimizer, **environment):
    command = [sys.executable, "-c", code, folder, optimizer]
    subprocess.run(command, env={**os.environ, **environment}, check=True, timeout=300)


def curve(folder):
    with open(folder / "log.csv", newline="", encoding="utf-8") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_two_devices_see_the_loss_of_one(tmp_path):
    run(TWO_CPUS + TRAIN, tmp_path, "adamw", KERAS_BACKEND="tensorflow")
    np.testing.assert_allclose(curve(tmp_path / "2"), curve(tmp_path / "1"), rtol=1e-4)


def test_two_devices_on_other_backends(tmp_path):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("the jax backend is not installed")
    flags = "--xla_force_host_platform_device_count=2"
    run(TRAIN, tmp_path, "muon", KERAS_BACKEND="jax", XLA_FLAGS=flags)
    np.testing.assert_allclose(curve(tmp_path / "2"), curve(tmp_path / "1"), rtol=1e-4)


def test_two_processes_on_other_backends(tmp_path):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("the jax backend is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "zoo.commands", "train", "pinet_digits", "--epochs", "3"]
    subprocess.run([*command, "--run-dir", tmp_path / "alone"], env={**os.environ, "KERAS_BACKEND": "jax"}, check=True)
    together = {"JOB_ADDRESSES": address, "NUM_PROCESSES": "2"}
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    environment |= {f"KERAS_DISTRIBUTION_{key}": value for key, value in together.items()}
    processes = [
        subprocess.Popen(
            [*command, "--devices", "2", "--run-dir", tmp_path / "together"],
            env={**environment, "KERAS_DISTRIBUTION_PROCESS_ID": str(index)},
        )
        for index in range(2)
    ]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    np.testing.assert_allclose(curve(tmp_path / "together"), curve(tmp_path / "alone"), rtol=1e-4)
    assert (tmp_path / "together" / "cards" / "pinet_digits.json").exists()


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
