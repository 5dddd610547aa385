"""`pinet runs`, and what a run's folder tells of its starts."""

import json
import os
import sys
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest

from zoo.data.summary import Summary
from zoo.files import folder_lock
from zoo.recipes import read_recipe
from zoo.runs import find_runs, read_run, read_starts
from zoo.training.starts import recording_start

RECIPE = replace(read_recipe("pinet_digits"), epochs=3)
EXAMPLES = SimpleNamespace(
    name="digits",
    class_names=("a", "b"),
    x_train=np.zeros((7, 8, 8, 1)),
    x_test=np.zeros((2, 8, 8, 1)),
    summary=Summary("image files", {"train": {"a": 4, "b": 3}}),
)


def make_run(folder, *accuracies, starts=None):
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"recipe": asdict(RECIPE)}))
    if accuracies:
        rows = "".join(f"{epoch},1.5,{value}\n" for epoch, value in enumerate(accuracies, 1))
        (folder / "log.csv").write_text(f"epoch,loss,val_accuracy\n{rows}")
    if starts is not None:
        (folder / "starts.json").write_text(json.dumps(starts))
    return folder


def start(hour, **end):
    return {"started": f"2026-01-01T{hour:02}:00:00+00:00", **end}


def test_each_state_is_told_with_the_best_epoch(tmp_path):
    make_run(tmp_path / "whole", 0.5, 0.9, 0.8, starts=[start(1, end="finished")])
    make_run(tmp_path / "older", 0.5, 0.9, 0.8)
    make_run(tmp_path / "half", 0.5, "", starts=[start(1, end="failed", message="x"), start(2)])
    make_run(tmp_path / "no_card_yet", 0.5, 0.6, 0.7, starts=[start(1)])
    make_run(tmp_path / "broken", starts=[start(1), start(2, end="failed", message="the disk is full")])
    make_run(tmp_path / "now", 0.5, starts=[start(1)])
    make_run(tmp_path / "whole" / "seed_1", 0.7)
    with folder_lock(tmp_path / "now", "training"):
        runs = {os.path.relpath(run.folder, tmp_path): run for run in find_runs(tmp_path)}
    assert {name: run.state for name, run in runs.items()} == {
        "whole": "finished",
        "older": "finished",
        "half": "stopped",
        "no_card_yet": "stopped",
        "broken": "failed",
        "now": "running",
        "whole/seed_1": "stopped",
    }
    whole = runs["whole"]
    assert (whole.best, whole.best_epoch, whole.metric, whole.epochs_done) == (0.9, 2, "val_accuracy", 3)
    assert (runs["half"].best, runs["half"].best_epoch, runs["half"].epochs_done) == (0.5, 1, 2)
    assert runs["broken"].best is None and runs["broken"].message == "the disk is full" and not runs["half"].message
    assert runs["half"].started == "2026-01-01T01:00:00+00:00"
    assert runs["broken"].last == "2026-01-01T02:00:00+00:00" < runs["whole"].last  # whose log was written just now


@pytest.mark.parametrize("file, text", [("run.json", "{}"), ("log.csv", "epoch\nx"), ("starts.json", "[3]")])
def test_a_damaged_run_does_not_hide_the_others(tmp_path, file, text):
    make_run(tmp_path / "good", 0.5)
    (make_run(tmp_path / "bad", 0.5, starts=[]) / file).write_text(text)
    runs = {os.path.basename(run.folder): run for run in find_runs(tmp_path)}
    assert runs["good"].state == "stopped"
    if file == "log.csv":  # a log without the metrics is one of another kind of run
        assert runs["bad"].best is None
    else:
        assert runs["bad"].state == "damaged" and file in runs["bad"].message


def test_the_best_of_a_generator_is_its_smallest_distance(tmp_path):
    folder = make_run(tmp_path / "gan")
    (folder / "log.csv").write_text("epoch,loss,frechet_distance\n1,1,9.5\n2,1,3.5\n3,1,4\n")
    run = read_run(folder)
    assert (run.metric, run.best, run.best_epoch) == ("frechet_distance", 3.5, 2)


def test_pinet_runs_prints_a_table_and_json(pinet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the table folds a long path
    make_run(tmp_path / "runs" / "mine", 0.5, 0.9, starts=[start(1, end="failed", message="too [bold] far")])
    code, out, _ = pinet("runs")
    assert code == 0
    (row,) = [line for line in out.splitlines() if "mine " in line and "2/3" in line]
    assert "failed" in row and "90.00% (epoch 2)" in row and "pinet_digits" in row
    assert "mine: too [bold] far" in out
    code, out, _ = pinet("runs", "runs", "--json")
    assert code == 0 and [(each["state"], each["best"]) for each in json.loads(out)] == [("failed", 0.9)]
    (tmp_path / "empty").mkdir()
    assert "There is no run in" in pinet("runs", tmp_path / "empty")[1]
    code, _, err = pinet("runs", tmp_path / "nowhere")
    assert code == 1 and "There is no folder of runs" in err


def test_a_start_tells_command_data_machine_and_end(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/pinet", "train", "my recipe.toml"])
    with recording_start(tmp_path, EXAMPLES, data=tmp_path / "x.npz", devices=1, arrays=np.zeros(9)):
        (during,) = read_starts(tmp_path)
    (after,) = read_starts(tmp_path)
    assert "end" not in during and after["end"] == "finished" and after["ended"] >= after["started"]
    assert after["command"] == "pinet train 'my recipe.toml'"
    assert after["options"] == {"data": str(tmp_path / "x.npz"), "devices": 1, "arrays": "ndarray"}
    assert after["data_set"]["training_examples"] == 7 and after["data_set"]["class_names"] == ["a", "b"]
    assert after["data_set"]["found"] == ["train: 7 (a 4, b 3)"]
    assert after["environment"]["versions"]["keras"] and after["environment"]["machine"]


def test_each_start_of_a_run_is_kept_and_those_of_another_run_are_not(tmp_path):
    with pytest.raises(KeyboardInterrupt), recording_start(tmp_path, EXAMPLES):
        raise KeyboardInterrupt
    (tmp_path / "checkpoint.npz").write_bytes(b"")
    with pytest.raises(ValueError), recording_start(tmp_path, EXAMPLES):
        raise ValueError("it diverged")
    assert [(each["end"], each.get("message")) for each in read_starts(tmp_path)] == [
        ("stopped", None),
        ("failed", "it diverged"),
    ]
    (tmp_path / "starts.json").write_text("{")  # nothing depends on it
    with recording_start(tmp_path, EXAMPLES):
        pass
    assert len(read_starts(tmp_path)) == 1
    with recording_start(tmp_path, EXAMPLES):
        pass
    assert len(read_starts(tmp_path)) == 2
    (tmp_path / "checkpoint.npz").unlink()
    with recording_start(tmp_path, EXAMPLES):
        pass
    assert len(read_starts(tmp_path)) == 1
