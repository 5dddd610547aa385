import json
import multiprocessing
import os

import numpy as np
import pytest

from tuning.space import Space


@pytest.fixture
def space():
    """A small space over the digits: four numbers and words, one of them only for some networks."""
    return Space.from_dict(
        {
            "dataset": "digits",
            "validation": 60,
            "epochs": 3,
            "batch_size": 60,
            "learning_rate": {"min": 1e-3, "max": 1e-2, "log": True},
            "network": {
                "stages": 1,
                "width": {"min": 2, "max": 8, "step": 2},
                "block": ["poly", "residual"],
                "degree": {"choices": [2, 3], "where": {"block": "poly"}},
            },
        }
    )


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """300 images whose brightest row tells their class: quick to train on, and learnable."""
    generator = np.random.default_rng(0)
    arrays = {}
    for split, count in (("train", 300), ("test", 50)):
        labels = generator.integers(0, 8, count)
        images = generator.integers(0, 120, (count, 8, 8, 1))
        images[np.arange(count), labels] += 130
        arrays |= {f"x_{split}": images.astype("uint8"), f"y_{split}": labels}
    path = tmp_path_factory.mktemp("data") / "rows.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture
def untrained(monkeypatch):
    """Trials that cost nothing: the score follows from the hyperparameters. Gives the list of those that were run."""
    from tuning.hyper_model import PinetHyperModel
    from tuning.search_tuner import SearchTuner

    ran = []

    def run_trial(self, trial):
        ran.append(trial.trial_id)
        values = trial.hyperparameters.values
        accuracy = (
            0.5
            + values["width"] / 40
            + 0.2 * (values.get("block") == "poly")
            - abs(values.get("learning_rate", 3e-3) - 3e-3)
        )
        scores = {"val_accuracy": accuracy, "val_loss": 1 - accuracy}
        size = {"parameters": 100 * values["width"], "macs": 1000 * values["width"]}
        recipe = vars(self.hypermodel.recipe(trial.hyperparameters))
        self._record(trial, **scores, **size, epochs=3, fit_seconds=0.0, executions=[scores], recipe=recipe)
        return scores

    monkeypatch.setattr(SearchTuner, "run_trial", run_trial)
    monkeypatch.setattr(PinetHyperModel, "build", lambda self, hp: self.recipe(hp))
    monkeypatch.setattr(
        PinetHyperModel, "costs", lambda self, recipe, *measured: {"parameters": 100 * width(recipe), "macs": 1}
    )
    return ran


def width(recipe):
    return recipe.architecture_arguments["width"]


@pytest.fixture(scope="session")
def start():
    """Starts `search(...)` in a process of its own that can be killed; TensorFlow is imported once for all of them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "tuning.searching"])
    os.environ.setdefault("no_grpc_proxy", "127.0.0.1")
    started = []

    def run(*args, **kwargs):
        from tuning.searching import search

        process = context.Process(target=search, args=args, kwargs=kwargs)
        process.start()
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()


@pytest.fixture
def states():
    """Reads the status of every trial of a search."""

    def read(folder):
        trials = [json.loads(path.read_text()) for path in sorted(folder.glob("trial_*/trial.json"))]
        return {trial["trial_id"]: trial["status"] for trial in trials}

    return read
