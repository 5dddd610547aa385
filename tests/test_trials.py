"""The command of trials: each that has no result is run in a process of its own, and its result is kept."""

import json

import numpy as np
import pytest

from benchmarks import trials
from zoo.data.loading import load_set

GROUPS = {
    "base": {"epochs": 3, "architecture": "any", "architecture_arguments": {"width": 2}},
    "group": [{"baseline": "one", "trials": {"one": {}, "two": {"epochs": 4}}}],
}


@pytest.fixture
def command(monkeypatch, tmp_path):
    calls, path = [], tmp_path / "docs" / "results.json"
    monkeypatch.setattr(trials.subprocess, "run", lambda words, check: calls.append(words[1:]))
    monkeypatch.setattr(trials, "train_with_onednn", lambda: None)

    def run(*arguments):
        calls.clear()
        monkeypatch.setattr("sys.argv", ["trials", *arguments])
        trials.command("some.module", GROUPS, path, lambda *given: {"given": given}, calls.append)
        return calls

    return run, path


def test_trials_without_a_result_run_in_processes_of_their_own(command):
    run, path = command
    assert run("--data", "a.npz") == [
        ["-m", "some.module", "--here", name, "--data", "a.npz"] for name in ("one", "two")
    ]
    assert run("--here", "two") == []
    settings = {"epochs": 4, "architecture": "any", "architecture_arguments": {"width": 2}}
    assert json.loads(path.read_text()) == {"two": {"given": ["two", settings, None]}}
    run("--here", "one", "--data", "a.npz")
    assert list(trials.read_results(path)) == ["two", "one"] and trials.read_results(path)["one"]["given"][2] == "a.npz"
    assert run() == []


def test_only_the_named_trials_are_run_and_page_runs_none(command):
    run, _ = command
    assert run("--only", "two") == [["-m", "some.module", "--here", "two"]]
    assert run("--page") == [GROUPS]


def test_the_first_examples_of_the_training_split():
    whole = load_set("digits")
    part = trials.first_examples(whole, 7)
    assert np.array_equal(part.x_train, whole.x_train[:7]) and np.array_equal(part.y_train, whole.y_train[:7])
    assert np.array_equal(part.x_test, whole.x_test)
