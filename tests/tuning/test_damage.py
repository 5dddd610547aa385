"""Damaged files of a search: named, with what is wrong and what to do; a damaged checkpoint costs its epochs alone."""

from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from tuning import search
from tuning.results import read_results, read_settings
from zoo.files import DamagedFile


@pytest.fixture
def folder(space, data, untrained, tmp_path):
    search(space, max_trials=2, out=tmp_path, data=data, console=Console(file=StringIO()))
    return tmp_path


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "\0"])
@pytest.mark.parametrize("name", ["search.json", "oracle.json", "trial_0001/trial.json"])
def test_a_damaged_state_is_named(folder, space, data, name, text):
    (folder / name).write_text(text)
    with pytest.raises(DamagedFile, match=rf"{name} is damaged.*--fresh"):
        search(space, max_trials=3, out=folder, data=data, console=Console(file=StringIO()))


@pytest.mark.parametrize("name", ["oracle.json", "tuner.json"])
def test_trials_without_their_state_are_refused_and_kept(folder, space, data, name):
    """Keras Tuner would start over, and write its first trial over the one that is there."""
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"holds trials, and no {name}.*--fresh"):
        search(space, max_trials=3, out=folder, data=data, console=Console(file=StringIO()))
    assert (folder / "trial_0001" / "trial.json").exists()


def test_a_trial_that_is_gone_is_named(folder, space, data):
    (folder / "trial_0000" / "trial.json").unlink()
    with pytest.raises(ValueError, match=r"trial_0000 holds no trial.json.*--fresh"):
        search(space, max_trials=3, out=folder, data=data, console=Console(file=StringIO()))


@pytest.mark.parametrize(
    "name, text, read",
    [
        ("search.json", "{}", read_settings),
        ("search.json", "7", read_settings),
        ("trial_0000/trial.json", "{}", read_results),
        ("trial_0000/record.json", '{"recipe": {}}', read_results),
        ("trial_0000/record.json", "no", read_results),
    ],
)
def test_a_report_names_what_is_damaged(folder, name, text, read):
    (folder / name).write_text(text)
    with pytest.raises(DamagedFile, match=rf"{name} is damaged"):
        read(folder)


def test_a_damaged_checkpoint_of_a_trial_costs_its_epochs_alone(space, data, tmp_path, monkeypatch):
    from tuning.search_tuner import SearchTuner
    from zoo.training import fitting
    from zoo.training.checkpoint import Checkpoint

    monkeypatch.setattr(fitting, "prepare", lambda recipe, data_set: "untrained")
    console = Console(file=StringIO(), width=400)
    (tmp_path / "checkpoint.npz").write_text("no archive")
    tuner = SearchTuner.__new__(SearchTuner)
    tuner.console, tuner.hypermodel = console, SimpleNamespace(data_set=None)
    assert tuner._resumed(Checkpoint(tmp_path), None) == ("untrained", 0)
    assert not (tmp_path / "checkpoint.npz").exists()
    assert "checkpoint.npz is damaged" in console.file.getvalue() and "from its start" in console.file.getvalue()
