"""What a run's folder may hold: this very run, or nothing."""

import re
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from rich.console import Console

from zoo.files import DamagedFile, folder_lock
from zoo.recipes import read_recipe
from zoo.training.checkpoint import Checkpoint
from zoo.training.classifiers import train
from zoo.training.run_folder import open_run, report_earlier_epochs, reporting_interruption

RECIPE = replace(read_recipe("pinet_digits"), epochs=12, validation=60)
DATA = SimpleNamespace(sha256="abc")


@pytest.fixture
def run_dir(tmp_path):
    """A folder with a run of RECIPE."""
    open_run(tmp_path, RECIPE, DATA, fresh=False)
    (tmp_path / "checkpoint.npz").write_bytes(b"weights")
    return tmp_path


def test_a_run_without_its_record_is_refused_and_kept(run_dir):
    (run_dir / "run.json").unlink()
    with pytest.raises(ValueError, match="holds a checkpoint, and no run.json.*--fresh"):
        open_run(run_dir, RECIPE, DATA, fresh=False)
    assert (run_dir / "checkpoint.npz").read_bytes() == b"weights"
    open_run(run_dir, RECIPE, DATA, fresh=True)
    assert not (run_dir / "checkpoint.npz").exists() and (run_dir / "run.json").exists()


def test_a_run_of_no_epoch_binds_nobody(tmp_path):
    open_run(tmp_path, RECIPE, DATA, fresh=False)
    other = replace(RECIPE, batch_size=20)
    open_run(tmp_path, other, DATA, fresh=False)
    (tmp_path / "checkpoint.npz").write_bytes(b"weights")
    with pytest.raises(ValueError, match="differs in batch_size"):
        open_run(tmp_path, RECIPE, DATA, fresh=False)
    open_run(tmp_path, other, DATA, fresh=False)


def test_a_run_of_another_backend_is_not_resumed(run_dir, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "another")
    with pytest.raises(ValueError, match="differs in backend"):
        open_run(run_dir, RECIPE, DATA, fresh=False)


@pytest.fixture
def answers(run_dir):
    """A file of a teacher's answers in the run's folder."""
    path = run_dir / "answers_to_version_0.npy"
    path.write_bytes(b"answers")
    return path


def test_a_run_that_is_stopped_in_its_first_epoch_keeps_its_teachers_answers(run_dir, answers):
    (run_dir / "checkpoint.npz").unlink()
    open_run(run_dir, replace(RECIPE, note="The same training."), DATA, fresh=False)
    assert answers.exists()


@pytest.mark.parametrize("change", ["seed", "data", "teacher", "task", "damaged", "no record", "fresh"])
def test_another_run_keeps_no_answers_of_the_earlier_ones_teacher(run_dir, answers, change, monkeypatch):
    """They belong to that teacher, and to examples that were changed by that seed."""
    (run_dir / "checkpoint.npz").unlink()
    recipe, data, record = RECIPE, DATA, run_dir / "run.json"
    if change == "seed":
        recipe = replace(RECIPE, seed=1)
    if change == "data":
        data = SimpleNamespace(sha256="def")
    if change == "teacher":
        monkeypatch.setattr("zoo.training.run_folder.models_record", lambda _: {"teacher_sha256": "of other weights"})
    if change == "task":
        record.write_text(record.read_text().replace("image classification", "image generation"))
    if change == "damaged":
        record.write_text("{")
    if change == "no record":
        record.unlink()
    open_run(run_dir, recipe, data, fresh=change == "fresh")
    assert not answers.exists()


def test_a_run_that_is_resumed_keeps_its_teachers_answers(run_dir, answers):
    open_run(run_dir, RECIPE, DATA, fresh=False)
    assert answers.exists()


def test_a_refused_run_leaves_nothing_behind(tmp_path, small_npz):
    with pytest.raises(ValueError, match="no whole batch"):
        train(replace(RECIPE, batch_size=5000), data=small_npz, run_dir=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"recipe": {"epochs": 3}}', '{"recipe": 7}'])
def test_a_damaged_record_is_named(run_dir, text):
    (run_dir / "run.json").write_text(text)
    with pytest.raises(DamagedFile, match=r"run.json is damaged.*--fresh"):
        open_run(run_dir, RECIPE, DATA, fresh=False)


def test_a_second_training_in_the_folder_is_refused(tmp_path, small_npz):
    with folder_lock(tmp_path, "training"), pytest.raises(ValueError, match="A training is running in"):
        train(replace(RECIPE, batch_size=20), data=small_npz, run_dir=tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".json")] == []


@pytest.fixture
def saved(tmp_path):
    """A model, and a folder with its checkpoint of two epochs."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    checkpoint = Checkpoint(tmp_path)
    checkpoint.set_model(model)
    checkpoint.on_train_begin()
    checkpoint.on_epoch_end(0, {"loss": 1.0})
    checkpoint.on_epoch_end(1, {"loss": 0.5})
    return model, tmp_path


def without(path, key):
    with np.load(path) as file:
        arrays = {name: file[name] for name in file if name != key}
    np.savez(path, **arrays)


DAMAGE = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no archive"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "flipped": lambda path: path.write_bytes(path.read_bytes().replace(b"\x93NUMPY", b"\x93NUMPI")),
    "no weights": lambda path: without(path, "model_0"),
    "no history": lambda path: without(path, "history"),
    "a lone array": lambda path: np.save(path.open("wb"), np.zeros(3)),
    "another model": lambda path: np.savez(path, model_0=np.zeros((4, 2))),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_named_and_changes_nothing(saved, damage):
    model, folder = saved
    before = [weight.copy() for weight in model.get_weights()]
    DAMAGE[damage](folder / "checkpoint.npz")
    with pytest.raises(DamagedFile, match=r"checkpoint.npz is damaged.*--fresh"):
        Checkpoint(folder).restore(model)
    assert all((one == two).all() for one, two in zip(before, model.get_weights(), strict=True))


def test_what_a_kill_left_half_written_is_removed(saved):
    model, folder = saved
    (folder / ".123.checkpoint.npz").write_bytes(b"half")
    assert Checkpoint(folder).restore(model) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint.npz", "log.csv"]


def test_a_log_that_a_kill_left_an_epoch_short_is_written_again(saved):
    model, folder = saved
    whole = (folder / "log.csv").read_text()
    (folder / "log.csv").write_text("".join(whole.splitlines(keepends=True)[:-1]))
    Checkpoint(folder).restore(model)
    assert (folder / "log.csv").read_text() == whole


@pytest.mark.parametrize(
    "done, words",
    [(0, ""), (5, "resuming .* after epoch 5 of 12"), (12, "finished run, all of its 12 epochs.*--fresh")],
)
def test_a_run_says_where_it_stands(tmp_path, done, words):
    console = Console(file=StringIO(), width=400)
    report_earlier_epochs([{}] * done, RECIPE, tmp_path, console)
    printed = console.file.getvalue()
    assert bool(printed) == bool(words)
    assert not words or re.search(words, printed)


@pytest.mark.parametrize("done, words", [(0, "no epoch is kept"), (3, "3 of 12 epochs are kept in .*the same command")])
def test_ctrl_c_says_what_is_kept(tmp_path, done, words):
    console, checkpoint = Console(file=StringIO(), width=400), Checkpoint(tmp_path)
    checkpoint.history = [{"epoch": epoch} for epoch in range(done)]
    stopped = []
    progress = SimpleNamespace(console=console, recipe=RECIPE, bar=SimpleNamespace(stop=lambda: stopped.append(1)))
    with pytest.raises(KeyboardInterrupt), reporting_interruption(checkpoint, progress):
        raise KeyboardInterrupt
    assert re.search(words, console.file.getvalue()) and stopped == [1]
