"""A training on a folder of images, killed and resumed."""

import csv
import json
import signal
import subprocess
import sys
import time

import pytest

from examples.shapes import draw_shapes
from zoo.recipes.new_recipe import write_new_recipe
from zoo.runs import read_run, read_starts

EPOCHS = 12


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with 80 photographs and a recipe for them."""
    import zoo

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PINET_CACHE", str(tmp_path / "cache"))
    draw_shapes(tmp_path / "photos", 80)
    write_new_recipe("shapes", "photos", zoo.open_data("photos"))
    return tmp_path


def command(run_dir):
    program = [sys.executable, "-m", "zoo.cli.commands", "train", "shapes.toml", "--run-dir", run_dir]
    return [*program, "--epochs", str(EPOCHS), "--set", "image_size=16"]


def log(run_dir):
    path = run_dir / "log.csv"
    if not path.exists():
        return []
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def card(run_dir):
    found = json.loads((run_dir / "cards" / "shapes.json").read_text(encoding="utf-8"))
    del found["training"]["seconds"]
    return found


def test_a_run_on_a_folder_killed_with_9_ends_as_an_unbroken_one(folder):
    killed, unbroken = folder / "killed", folder / "unbroken"
    process = subprocess.Popen(command(killed))
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and len(log(killed)) < 3:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    run = read_run(killed)
    assert run.state == "stopped" and 3 <= run.epochs_done < run.epochs == EPOCHS
    for run_dir in (killed, unbroken):
        subprocess.run(command(run_dir), check=True, timeout=300)
    assert card(killed) == card(unbroken)  # sha256 of the weights included
    assert [row["loss"] for row in log(killed)] == [row["loss"] for row in log(unbroken)]
    assert [start.get("end") for start in read_starts(killed)] == [None, "finished"]
    assert read_run(killed).state == "finished"
