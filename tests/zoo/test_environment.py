"""What cards tell of the machine that trained."""

import subprocess
from dataclasses import replace
from importlib.metadata import version

import keras
import numpy as np
import pytest

import zoo
from benchmarks.complete_cards import in_todays_form, with_words
from zoo import environment
from zoo.publishing.formatting import human_environment
from zoo.publishing.training_record import training_record
from zoo.recipes import read_recipe
from zoo.training import checkpoint
from zoo.training.onednn import train_with_onednn


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_card_tells_what_is_recorded_today(name):
    """What its training did not record is null; `python -m benchmarks.complete_cards` adds it."""
    training = zoo.card(name)["training"]
    assert environment.completed({}).keys() <= training.keys()
    assert environment.completed({})["versions"].keys() | {training["backend"]} == training["versions"].keys()


def test_completing_a_card_adds_nulls_and_words_and_changes_nothing_else():
    card = zoo.card("pinet_mnist")
    training = card["training"]
    old = {key: value for key, value in training.items() if key not in ("commit", "cpu", "onednn")}
    old["versions"] = {key: value for key, value in training["versions"].items() if key != "scipy"}
    expected = {**training, "commit": None, "cpu": None, "onednn": None}
    assert in_todays_form(old) == {**expected, "versions": {**training["versions"], "scipy": None}}
    recipe = replace(read_recipe("pinet_mnist"), note="a bar was missed")
    noted = {**training, "recipe": {**training["recipe"], "note": "a bar was missed"}}
    assert with_words(card, recipe) == {**card, "note": "a bar was missed", "training": noted}
    assert with_words(card, replace(recipe, epochs=15)) == card  # not the recipe that it was trained by


def test_it_names_versions_hardware_and_the_onednn_setting(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    found = environment.environment()
    assert found.keys() == environment.completed({}).keys()
    assert found["onednn"] == {"TF_ENABLE_ONEDNN_OPTS": "1", "ONEDNN_MAX_CPU_ISA": None}
    assert {package: found["versions"][package] for package in ("pinet-keras", "scipy", "keras")} == {
        package: version(package) for package in ("pinet-keras", "scipy", "keras")
    }
    assert found["versions"][found["backend"]] and "core" in found["machine"]


def test_commands_that_train_turn_onednn_on_unless_the_environment_decides(monkeypatch):
    for given, expected in (({}, "1"), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "0")):
        monkeypatch.setattr("os.environ", given)
        train_with_onednn()
        assert given == {"TF_ENABLE_ONEDNN_OPTS": expected}


def test_the_cpu_is_named_as_the_system_names_it(monkeypatch, tmp_path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some CPU: 2.0 GHz\nmodel name\t: Other\n")
    real = environment.Path
    monkeypatch.setattr(environment, "Path", lambda path: real(str(path).replace("/proc", str(tmp_path))))
    assert environment._cpu() == "Some CPU: 2.0 GHz"
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n")
    monkeypatch.setattr(environment.platform, "processor", lambda: "")
    assert environment._cpu() is None


def test_the_commit_is_that_of_the_checkout_and_of_no_other(monkeypatch, tmp_path):
    def git(*arguments):
        author = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
        command = ["git", "-C", tmp_path, *author, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    (tmp_path / "zoo").mkdir()
    monkeypatch.setattr(environment, "ROOT", tmp_path / "zoo")
    assert environment._commit() is None
    git("init")
    (tmp_path / "zoo" / "file").write_text("1")
    git("add", ".")
    git("commit", "-m", "one")
    assert environment._commit() == git("rev-parse", "HEAD")
    (tmp_path / "zoo" / "file").write_text("2")
    assert environment._commit() == git("rev-parse", "HEAD") + "-dirty"
    (tmp_path / "venv" / "zoo").mkdir(parents=True)
    monkeypatch.setattr(environment, "ROOT", tmp_path / "venv" / "zoo")
    assert environment._commit() is None


def small_model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def trained(folder, model, epochs):
    callback = checkpoint.Checkpoint(folder)
    done = callback.restore(model)
    seconds = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(seconds=1.0))
    arrays = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    model.fit(*arrays, initial_epoch=done, epochs=epochs, verbose=0, callbacks=[seconds, callback])
    return callback


def test_a_card_tells_of_the_machine_of_the_last_epoch_not_of_the_one_that_writes_it(monkeypatch, tmp_path):
    recipe = read_recipe("pinet_digits")
    for place, epochs, expected in (("here", 1, "here"), ("there", 1, "here"), ("there", 2, "there")):
        monkeypatch.setattr(checkpoint, "environment", lambda place=place: {"cpu": place})
        record = training_record(recipe, trained(tmp_path, small_model(), epochs))
        assert (record["cpu"], record["epochs"]) == (expected, epochs)
        assert record["commit"] is None


def test_a_checkpoint_that_did_not_record_it_leaves_it_unknown(tmp_path):
    trained(tmp_path, small_model(), 1)
    with np.load(tmp_path / "checkpoint.npz") as state:
        old = {key: state[key] for key in state if key != "environment"}
    np.savez(tmp_path / "checkpoint.npz", **old)
    record = training_record(read_recipe("pinet_digits"), trained(tmp_path, small_model(), 1))
    assert record["cpu"] is record["machine"] is record["versions"]["scipy"] is None
    assert human_environment(record).count("not recorded") == 10


def test_a_validation_loss_beyond_float32_is_null_in_the_history_and_ends_nothing(tmp_path):
    callback, model = checkpoint.Checkpoint(tmp_path), small_model()
    callback.set_model(model)
    callback.on_train_begin()
    for loss in (np.nan, np.inf, 0.5):
        callback.on_epoch_end(0, {"loss": 1.0, "val_loss": np.float32(loss)})
    again = checkpoint.Checkpoint(tmp_path)
    assert again.restore(model) == 3
    assert [row["val_loss"] for row in again.history] == [None, None, 0.5]
    assert (tmp_path / "log.csv").read_text().split() == ["epoch,loss,val_loss", "1,1.0,", "1,1.0,", "1,1.0,0.5"]
