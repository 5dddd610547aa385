"""Training from end to end on the digits: train, kill, resume, evaluate, load."""

import csv
import importlib.util
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from io import StringIO

import keras
import numpy as np
import pytest
from rich.console import Console

import zoo
from zoo.data.loading import load_set
from zoo.measuring import evaluate
from zoo.paths import RECIPES
from zoo.publishing.publish import write_card
from zoo.recipes import read_recipe
from zoo.training import classifiers
from zoo.training.checkpoint import Checkpoint
from zoo.training.classifiers import train, train_seeds
from zoo.training.fitting import fit, prepare, split, update_batch_norm

RECIPE = replace(read_recipe("pinet_digits"), epochs=12, warmup_epochs=1, validation=200)
COMMAND = [sys.executable, "-m", "zoo.cli.commands", "train", "pinet_digits", "--epochs", "12"]


def quiet():
    return Console(file=StringIO())


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    subprocess.run([*COMMAND, "--run-dir", folder], check=True, timeout=300)
    return folder


def read_card(folder):
    return json.loads((folder / "cards" / "pinet_digits.json").read_text(encoding="utf-8"))


def without_time(card):
    card["training"].pop("seconds")
    return card


def test_a_run_killed_with_9_half_way_ends_as_an_unbroken_one(unbroken, tmp_path):
    process = subprocess.Popen([*COMMAND, "--run-dir", tmp_path])
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and epochs_logged(tmp_path) < 5:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 5 <= epochs_logged(tmp_path) < 12 and not (tmp_path / "cards").exists()
    subprocess.run([*COMMAND, "--run-dir", tmp_path], check=True, timeout=300)
    assert without_time(read_card(tmp_path)) == without_time(read_card(unbroken))  # sha256 of the weights included
    losses = [[row["loss"] for row in log(folder)] for folder in (tmp_path, unbroken)]
    assert losses[0] == losses[1] and len(losses[0]) == 12


def log(folder):
    with open(folder / "log.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def epochs_logged(folder):
    return len(log(folder)) if (folder / "log.csv").exists() else 0


def test_what_a_run_leaves_behind_loads_and_evaluates(unbroken):
    card = unbroken / "cards" / "pinet_digits.json"
    assert zoo.load(card).count_params() == zoo.card(card)["parameters"]
    assert evaluate(card)["reproduces_card"]
    assert zoo.card(card)["accuracy"]["test"] > 0.9
    assert list((unbroken / "tensorboard").glob("events.out.tfevents.*"))


def test_the_log_is_readable_by_tensorboard(unbroken):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(unbroken / "tensorboard"))
    events.Reload()
    curve = [point.value for point in events.Scalars("val_accuracy")]
    assert curve == pytest.approx([float(row["val_accuracy"]) for row in log(unbroken)], abs=1e-6)


def test_a_finished_run_started_again_only_writes_its_card_again(unbroken):
    before = (unbroken / "cards" / "pinet_digits.json").read_text(encoding="utf-8")
    subprocess.run([*COMMAND, "--run-dir", unbroken], check=True, timeout=300)
    assert (unbroken / "cards" / "pinet_digits.json").read_text(encoding="utf-8") == before


def test_the_card_of_several_seeds_tells_mean_and_spread(unbroken, tmp_path):
    subprocess.run([*COMMAND, "--seeds", "2", "--run-dir", unbroken, "--out", tmp_path], check=True, timeout=300)
    card = read_card(tmp_path)
    seeds = card.pop("seeds")
    assert without_time(card) == without_time(read_card(unbroken))
    other = read_card(unbroken / "seed_1")
    assert other["training"]["seed"] == 1 and other["weights"]["sha256"] != card["weights"]["sha256"]
    one, two = card["accuracy"]["test"], other["accuracy"]["test"]
    assert seeds["accuracy"] == {"0": one, "1": two}
    assert (seeds["mean"], seeds["std"]) == pytest.approx(((one + two) / 2, abs(one - two) / 2**0.5))
    again = train_seeds(recipe_of(unbroken), 1, run_dir=unbroken, out_dir=tmp_path, console=quiet())
    assert again["seeds"] == seeds == read_card(tmp_path)["seeds"]


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """Trains in no time: the card of pinet_digits, with a seed, its accuracy and a wall time."""

    def train(recipe, *, run_dir, out_dir=None, seconds=1.0):
        card = zoo.card("pinet_digits")
        card["accuracy"]["test"] = 0.9 + recipe.seed / 100
        card["training"] |= {"seed": recipe.seed, "seconds": seconds}
        write_card(card, out_dir or run_dir)
        return card

    monkeypatch.setattr(classifiers, "train", train)
    return lambda count, **options: classifiers.train_seeds(RECIPE, count, run_dir=tmp_path, **options)


def test_a_finished_run_of_several_seeds_keeps_them(trained, tmp_path):
    assert "seeds" not in trained(1)
    three = trained(3)["seeds"]
    assert three == read_card(tmp_path)["seeds"] and three["accuracy"] == {"0": 0.9, "1": 0.91, "2": 0.92}
    for count in (1, 2):
        assert trained(count)["seeds"] == three == read_card(tmp_path)["seeds"]
    assert trained(4)["seeds"]["accuracy"] == {**three["accuracy"], "3": 0.93}
    assert list(trained(2, seconds=2.0)["seeds"]["accuracy"]) == ["0", "1"]  # another run
    assert "seeds" not in trained(1) and "seeds" not in read_card(tmp_path)
    (tmp_path / "cards" / "pinet_digits.json").write_text("{", encoding="utf-8")
    assert "seeds" not in trained(1) and "seeds" not in read_card(tmp_path)


def test_train_says_what_is_kept_resumed_and_finished_and_how_seeds_spread(pinet, tmp_path, small_npz, monkeypatch):
    text = (RECIPES / "pinet_digits.toml").read_text(encoding="utf-8").replace("validation = 300", "validation = 60")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    run_dir, on_epoch_end = tmp_path / "run", Checkpoint.on_epoch_end
    command = ("train", tmp_path / "mine.toml", "--data", small_npz, "--epochs", 3, "--run-dir", run_dir)

    def ctrl_c(self, epoch, logs=None):
        on_epoch_end(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "on_epoch_end", ctrl_c)
    code, _, err = pinet(*command)
    assert code == 130 and f"stopped; 2 of 3 epochs are kept in {run_dir}: the same command resumes" in err
    assert "2 of 3 epochs are done" in pinet("info", run_dir)[2]
    monkeypatch.undo()
    code, _, err = pinet(*command)
    assert code == 0 and f"resuming {run_dir} after epoch 2 of 3" in err
    code, out, err = pinet(*command, "--seeds", 2)
    assert code == 0 and f"{run_dir} holds a finished run, all of its 3 epochs" in err
    accuracies = [read_card(folder)["accuracy"]["test"] for folder in (run_dir, run_dir / "seed_1")]
    mean, spread = statistics.mean(accuracies), statistics.stdev(accuracies)
    assert f"over 2 seeds {mean:.2%} ± {spread:.2%}" in out


def test_a_finished_run_takes_other_words(unbroken, tmp_path):
    recipe = replace(recipe_of(unbroken), description="other words", note="a bar was missed")
    card = train(recipe, run_dir=unbroken, out_dir=tmp_path, console=quiet())
    assert (card["description"], card["note"]) == ("other words", "a bar was missed")
    assert card["weights"]["sha256"] == read_card(unbroken)["weights"]["sha256"]


def recipe_of(folder):
    recipe = json.loads((folder / "run.json").read_text(encoding="utf-8"))["recipe"]
    return type(RECIPE)(**recipe)


def test_a_folder_with_another_run_is_refused_and_fresh_starts_over(tmp_path, small_npz):
    recipe = replace(RECIPE, epochs=1, batch_size=20)
    train(recipe, data=small_npz, run_dir=tmp_path, console=quiet())
    other = replace(recipe, learning_rate=1e-4)
    with pytest.raises(ValueError, match="differs in learning_rate.*--fresh"):
        train(other, data=small_npz, run_dir=tmp_path, console=quiet())
    with pytest.raises(ValueError, match="differs in dataset_sha256"):
        train(recipe, run_dir=tmp_path, console=quiet())
    card = train(other, data=small_npz, run_dir=tmp_path, fresh=True, console=quiet())
    assert card["training"]["recipe"]["learning_rate"] == 1e-4


def test_a_diverging_run_stops_and_keeps_the_last_good_epoch(tmp_path, small_npz, monkeypatch):
    recipe = replace(RECIPE, epochs=3, batch_size=20)
    real = keras.callbacks.LambdaCallback

    def poison(model_of, epoch):
        if epoch == 1:
            model_of.model.get_layer("logits").bias.assign(np.full(10, np.nan, "float32"))

    def lambda_callback(on_epoch_begin):
        callback = real(on_epoch_begin=on_epoch_begin)
        callback.on_epoch_begin = lambda epoch, logs=None: (on_epoch_begin(epoch, logs), poison(callback, epoch))
        return callback

    monkeypatch.setattr(keras.callbacks, "LambdaCallback", lambda_callback)
    with pytest.raises(ValueError, match="loss of epoch 2 is nan"):
        train(recipe, data=small_npz, run_dir=tmp_path, console=quiet())
    assert epochs_logged(tmp_path) == 1
    monkeypatch.undo()
    card = train(recipe, data=small_npz, run_dir=tmp_path, console=quiet())
    assert card["training"]["epochs"] == 3 and np.isfinite(card["golden"]["logits"]).all()


def test_a_validation_part_that_leaves_nothing_is_refused(tmp_path, small_npz):
    with pytest.raises(ValueError, match="leaves no whole batch.*Received: batch_size=64"):
        train(replace(RECIPE, validation=290), data=small_npz, run_dir=tmp_path, console=quiet())


def test_after_a_training_the_process_may_draw_and_shuffle_as_before(tmp_path, small_npz):
    train(replace(RECIPE, epochs=1, batch_size=20), data=small_npz, run_dir=tmp_path, console=quiet())
    model = zoo.load("pinet_digits")
    model.compile("adam", "mse", run_eagerly=False)
    model.fit(np.zeros((4, 8, 8, 1), "uint8"), np.zeros((4, 10)), shuffle=True, verbose=0)  # TensorFlow asks for a seed


@pytest.mark.parametrize("ema_momentum", [0, 0.98], ids=["last weights", "averaged weights"])
def test_a_hundred_steps_are_enough_for_the_running_statistics(ema_momentum):
    """Products multiply the lag of batch norm: the network at inference must not be far behind the one in training."""
    arguments = {**RECIPE.architecture_arguments, "block": "residual", "head": "average"}
    recipe = replace(RECIPE, architecture_arguments=arguments, epochs=5, warmup_epochs=0, ema_momentum=ema_momentum)
    digits = load_set("digits")
    model = prepare(recipe, digits)
    fit(model, recipe, digits)
    images, targets, _, _ = split(recipe, digits)
    images = images[:512]
    at_inference, in_training = (np.argmax(model(images, training=mode), -1) for mode in (False, True))
    truth = targets[:512].argmax(-1)
    assert (in_training == truth).mean() > 0.6
    assert (at_inference == truth).mean() > 0.9 * (in_training == truth).mean()


def test_the_shipped_statistics_belong_to_the_shipped_averages(tmp_path, small_npz):
    recipe = replace(RECIPE, epochs=2, batch_size=20, warmup_epochs=0, ema_momentum=0.9)
    train(recipe, data=small_npz, run_dir=tmp_path, console=quiet())
    model = zoo.load(tmp_path / "cards" / "pinet_digits.json")
    norms = [part for part in model._flatten_layers() if isinstance(part, keras.layers.BatchNormalization)]
    shipped = [np.asarray(value) for norm in norms for value in (norm.moving_mean, norm.moving_variance)]
    update_batch_norm(model, recipe, load_set("digits", small_npz))
    measured = [np.asarray(value) for norm in norms for value in (norm.moving_mean, norm.moving_variance)]
    assert len(shipped) > 1
    for one, other in zip(shipped, measured, strict=True):
        np.testing.assert_allclose(one, other, rtol=0.02, atol=0.02 * np.abs(other).max())


@pytest.mark.parametrize("optimizer, learning_rate", [("sgd", 0.1), ("muon", 0.01)])
def test_the_other_optimizers_learn_too(optimizer, learning_rate):
    arguments = {"widths": [8, 16], "depth": 1, "form": "self"}
    recipe = replace(
        RECIPE,
        architecture="pinet_vgg",
        architecture_arguments=arguments,
        optimizer=optimizer,
        learning_rate=learning_rate,
        weight_decay=1e-3,
        epochs=5,
    )
    digits = load_set("digits")
    model = prepare(recipe, digits)
    history = fit(model, recipe, digits)
    assert max(history.history["val_accuracy"]) > 0.8


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_training_on_the_other_backends(tmp_path, backend, small_npz):
    """From the first step to the card; from an .npz, and on JAX with every import of TensorFlow refused."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"the {backend} backend is not installed")
    refuse = "import sys; sys.modules['tensorflow'] = sys.modules['tensorflow_datasets'] = None;"
    code = (
        f"{refuse if backend == 'jax' else ''}"
        "from dataclasses import replace;"
        "from zoo.recipes import read_recipe; from zoo.training.classifiers import train;"
        "recipe = replace(read_recipe('pinet_digits'), epochs=1, batch_size=20, validation=60);"
        f"train(recipe, data={str(small_npz)!r}, run_dir={str(tmp_path)!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300, env={**os.environ, "KERAS_BACKEND": backend})
    assert read_card(tmp_path)["training"]["backend"] == backend
