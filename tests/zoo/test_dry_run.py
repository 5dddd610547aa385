"""`pinet train --dry-run`: what a training would take, without one."""

import itertools
import re
from dataclasses import replace
from types import SimpleNamespace

import keras
import pytest

import zoo
from pinet_keras import PolyDense
from pinet_keras.analysis.graph import graph_of
from zoo.recipes import read_recipe
from zoo.training import dry_run as module
from zoo.training.dry_run import dry_run

RECIPE = replace(read_recipe("pinet_digits"), batch_size=32, validation=60, epochs=7)


@pytest.fixture(scope="module")
def found(tmp_path_factory, small_arrays_of_the_module):
    return dry_run(RECIPE, data=small_arrays_of_the_module)


@pytest.fixture(scope="module")
def small_arrays_of_the_module(tmp_path_factory):
    import numpy as np

    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "small.npz"
    arrays = {
        f"x_{split}": generator.integers(0, 256, (n, 8, 8, 1), dtype="uint8")
        for split, n in (("train", 300), ("test", 50))
    }
    arrays |= {f"y_{split}": generator.integers(0, 10, n) for split, n in (("train", 300), ("test", 50))}
    np.savez(path, **arrays)
    return path


def test_size_and_structure_are_those_of_the_trained_model(found):
    card = zoo.card("pinet_digits")
    for key in ("parameters", "macs", "tier", "degree", "multiplicative_depth"):
        assert found["structure"][key] == card[key]
    assert sum(parameters for _, _, parameters in found["layers"]) == card["parameters"]
    assert ("stage_1_block_0", [4, 4, 18], 0) in found["layers"]
    assert found["data"] == {"shape": [8, 8, 1], "classes": 10, "training": 240, "validation": 60, "test": 50}


def test_memory_is_counted_by_what_needs_it(found):
    model = zoo.load("pinet_digits")
    trainable = sum(weight.shape.num_elements() for weight in model.trainable_weights)
    memory = found["memory_bytes"]
    assert memory["weights"] == 4 * model.count_params()
    assert memory["gradients"] == 4 * trainable
    scalars = memory["optimizer"] - 3 * 4 * trainable  # two moments of AdamW and the averages
    assert 0 < scalars <= 16
    assert memory["activations"] == 4 * 32 * module._values(graph_of(model))  # of a batch of 32
    assert memory["training_examples"] == 240 * 64
    assert memory["process"] > 100e6


def test_activations_are_those_of_every_operation():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), PolyDense(2, degree=2, rank=5)])
    inside = 4 * 5 + 2  # U1 z, U2 z, their product, its sum with U1 z; C x
    assert module._values(graph_of(model)) == 3 + inside


def test_an_epoch_is_its_steps_and_its_validation(monkeypatch, small_arrays_of_the_module):
    monkeypatch.setattr(module, "_seconds_a_step", lambda model, batches: 2.0)
    monkeypatch.setattr(module, "_validation_seconds", lambda model, images, targets: len(images) / 100)
    found = dry_run(RECIPE, data=small_arrays_of_the_module)
    assert found["time_seconds"] == {"step": 2.0, "epoch": 7 * 2.0 + 0.6, "training": 7 * 14.6}


@pytest.mark.parametrize("length", [1, 3, 50])
def test_a_step_is_timed_without_the_first_which_compiles(monkeypatch, length):
    clock = itertools.accumulate(itertools.chain([100.0], itertools.repeat(2.0)))
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    steps = []

    class Batches(list):
        def start_epoch(self, epoch):
            steps.append(epoch)

    def fit(batches, steps_per_epoch, epochs, callbacks, **options):
        for epoch in range(epochs):
            callbacks[0].on_epoch_begin(epoch)
            for step in range(steps_per_epoch):
                callbacks[0].on_train_batch_end(step)

    seconds = module._seconds_a_step(SimpleNamespace(fit=fit), Batches(range(length)))
    assert seconds == 2.0 and steps == list(range({1: 11, 3: 4, 50: 1}[length]))


def test_a_dry_run_prints_and_leaves_nothing(pinet, tmp_path, monkeypatch, small_arrays_of_the_module):
    monkeypatch.chdir(tmp_path)
    options = ("--data", small_arrays_of_the_module, "--set", "validation=60")
    code, out, _ = pinet("train", "pinet_digits", *options, "--dry-run")
    assert code == 0 and list(tmp_path.iterdir()) == []
    assert re.search(r"tier +3 low-depth, degree 4, multiplicative depth 5", out)
    assert re.search(r"stage_1_block_0_factors +4×4×36 +3,888", out)
    assert re.search(r"20\.0 kB +weights", out) and "measured on ten steps of 64" in out


def test_a_dry_run_refuses_what_it_does_not_measure(pinet):
    code, _, err = pinet("train", "pinet_digits_generator", "--dry-run")
    assert code == 1 and "--dry-run is for image classification" in err
    code, _, err = pinet("train", "pinet_digits", "--dry-run", "--seeds", 2)
    assert code == 1 and "one run on one device. Received: --devices 1 --seeds 2" in err
