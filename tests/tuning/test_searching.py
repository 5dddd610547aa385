"""A search: budgets, failures, and resuming after a stop. Trials cost nothing here, except where one is trained."""

import json
import math
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tuning import search
from tuning.hyper_model import PinetHyperModel
from tuning.results import best_first, read_results, read_settings
from tuning.search_tuner import SearchTuner
from tuning.space import Space
from zoo.architectures.parts.pixel_model import PixelModel
from zoo.data.loading import load_set
from zoo.encrypted.compiling import compile_encrypted
from zoo.training import fitting

TUNERS = ["random", "bayesian", "hyperband", "grid"]


def quiet():
    return Console(file=StringIO(), width=400)


class Killed(BaseException):
    """What a kill looks like from inside: nothing may catch it."""


@pytest.mark.parametrize("tuner", TUNERS)
def test_trials_are_distinct_and_numbered_alike(tuner, space, data, untrained, tmp_path):
    results = search(space, tuner=tuner, max_trials=6, out=tmp_path, data=data, console=quiet())
    assert sorted(untrained) == [f"{number:04d}" for number in range(len(results))]
    assert len({json.dumps(result.values, sort_keys=True) for result in results}) == len(results) >= 5
    scores = [result.record["val_accuracy"] for result in results]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("tuner", TUNERS)
def test_a_network_over_budget_is_no_trial(tuner, space, data, untrained, tmp_path):
    console = quiet()
    most = {"random": 7, "bayesian": 7, "hyperband": None, "grid": None}[tuner]  # Hyperband asks for 6
    results = search(space, tuner=tuner, max_trials=most, max_params=300, out=tmp_path, data=data, console=console)
    assert len(results) == {"random": 7, "bayesian": 7, "hyperband": 6, "grid": 30}[tuner]
    assert all(result.record["parameters"] <= 300 for result in results)
    assert json.loads((tmp_path / "oracle.json").read_text())["rejected"] > 0
    assert "networks over budget not trained" in console.file.getvalue()


def test_a_budget_that_nothing_meets_is_reported(space, data, untrained, tmp_path):
    with pytest.raises(ValueError, match="No network was tried: .*parameters ≤ 10"):
        search(space, max_params=10, out=tmp_path, data=data, console=quiet())


@pytest.mark.parametrize("tuner", TUNERS)
def test_a_stopped_search_is_resumed(tuner, space, data, untrained, tmp_path):
    settings = {"tuner": tuner, "data": data, "console": quiet()}
    whole = search(space, max_trials=6, out=tmp_path / "positive_integer", **settings)
    untrained.clear()
    search(space, max_trials=3, out=tmp_path / "parts", **settings)
    parts = search(space, max_trials=6, out=tmp_path / "parts", **settings)
    assert sorted(untrained) == [f"{number:04d}" for number in range(6)]
    if tuner != "bayesian":  # whose first random trials are a fraction of max_trials
        assert sorted(str(r.values) for r in parts) == sorted(str(r.values) for r in whole)


@pytest.mark.parametrize("tuner", TUNERS)
def test_a_kill_at_any_write_costs_at_most_the_running_trial(tuner, space, data, untrained, tmp_path, monkeypatch):
    settings = {"tuner": tuner, "max_trials": 3, "data": data, "console": quiet()}
    replace = Path.replace
    for moment in range(100):
        folder, left = tmp_path / str(moment), [moment]
        untrained.clear()

        def killing(path, target, left=left):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return replace(path, target)

        monkeypatch.setattr(Path, "replace", killing)
        try:
            search(space, out=folder, **settings)
            break
        except Killed:
            monkeypatch.setattr(Path, "replace", replace)
        results = search(space, out=folder, **settings)
        assert [(result.trial, result.status) for result in read_results(folder)] == [
            (number, "COMPLETED") for number in range(3)
        ]
        assert len(results) == 3 and len(untrained) <= 4
        assert len(set(json.loads((folder / "oracle.json").read_text())["end_order"])) == 3
    assert moment > 20  # every write of a whole search was a moment to be killed at


def test_another_search_in_the_folder_is_refused(space, data, untrained, tmp_path):
    settings = {"max_trials": 2, "out": tmp_path, "console": quiet()}
    search(space, data=data, **settings)
    other = Space.from_dict({**space.fixed, "learning_rate": 1e-3, "network": {"width": [2, 4], "block": "poly"}})
    with pytest.raises(ValueError, match="differs in space.*--fresh"):
        search(other, data=data, **settings)
    with pytest.raises(ValueError, match="differs in data"):
        search(space, **settings)
    with pytest.raises(ValueError, match="differs in tuner"):
        search(space, data=data, tuner="grid", **settings)
    with pytest.raises(ValueError, match="differs in budget"):
        search(space, data=data, max_params=700, **settings)
    assert len(search(other, data=data, fresh=True, **settings)) == 2
    assert read_settings(tmp_path)["space"] == json.loads(json.dumps(other.as_dict()))


def test_changed_code_is_refused(space, data, untrained, tmp_path, monkeypatch):
    from tuning import fingerprint

    search(space, max_trials=1, out=tmp_path, data=data, console=quiet())
    monkeypatch.setattr(fingerprint, "code_sha256", lambda: "of other code")
    with pytest.raises(ValueError, match="differs in code"):
        search(space, max_trials=1, out=tmp_path, data=data, console=quiet())


def test_trials_of_unknown_origin_are_refused(space, data, untrained, tmp_path):
    (tmp_path / "trial_0000").mkdir()
    with pytest.raises(ValueError, match="unknown origin"):
        search(space, out=tmp_path, data=data, console=quiet())


def test_two_searches_in_one_folder_at_once_are_refused(space, data, untrained, tmp_path, monkeypatch):
    def again(self):
        search(space, out=tmp_path, data=data, console=quiet())

    monkeypatch.setattr(SearchTuner, "search", again)
    with pytest.raises(ValueError, match="is running in"):
        search(space, out=tmp_path, data=data, console=quiet())


def test_failures_are_shown_and_end_nothing(space, data, untrained, tmp_path, monkeypatch):
    run_trial = SearchTuner.run_trial

    def failing(self, trial):
        if trial.trial_id < "0005":  # Keras Tuner gives up after three in a row
            raise MemoryError("out of memory\nwhile trying")
        return run_trial(self, trial)

    monkeypatch.setattr(SearchTuner, "run_trial", failing)
    console = quiet()
    assert len(search(space, max_trials=8, out=tmp_path, data=data, console=console)) == 3
    failed = [result for result in read_results(tmp_path) if result.status == "FAILED"]
    assert [result.trial for result in failed] == [0, 1, 2, 3, 4]
    assert {result.record["message"] for result in failed} == {"MemoryError: out of memory while trying"}
    assert "trial 4 (5/8 done)  failed: MemoryError: out of memory" in console.file.getvalue()
    assert "3 trials completed, 5 failed" in console.file.getvalue()


def test_progress_tells_what_is_left_and_the_best_so_far(space, data, untrained, tmp_path):
    console = quiet()
    best = search(space, max_trials=4, out=tmp_path, data=data, console=console)[0]
    lines = console.file.getvalue().splitlines()
    assert "(1/4 done)" in lines[0] and lines[0].endswith("left")
    assert f"best {best.record['val_accuracy']:.2%}, trial {best.trial}: width=" in lines[3]


def test_no_trial_begins_after_the_minutes(space, data, untrained, tmp_path, monkeypatch):
    monkeypatch.setattr(SearchTuner, "on_trial_end", slow(SearchTuner.on_trial_end))
    console = quiet()
    results = search(space, max_trials=50, minutes=0.02, out=tmp_path, data=data, console=console)
    assert 1 <= len(results) < 10
    assert "the time is up" in console.file.getvalue()


@pytest.mark.parametrize("tuner", TUNERS)
def test_the_minutes_hold_while_networks_over_budget_are_proposed(tuner, space, data, untrained, tmp_path, monkeypatch):
    from tuning.hyper_model import PinetHyperModel

    def costs(self, recipe, *measured):
        time.sleep(0.2)
        return {"parameters": 1000, "macs": 1}

    monkeypatch.setattr(PinetHyperModel, "costs", costs)
    started = time.monotonic()
    with pytest.raises(ValueError, match="the time is up"):
        search(space, tuner=tuner, minutes=0.01, max_params=10, out=tmp_path, data=data, console=quiet())
    assert time.monotonic() - started < 5  # 300 proposals, or a grid of 40 points, would take longer


def test_ctrl_c_says_what_is_kept(space, data, untrained, tmp_path, monkeypatch):
    def stopped(self, trial):
        raise KeyboardInterrupt

    search(space, max_trials=2, out=tmp_path, data=data, console=quiet())
    monkeypatch.setattr(SearchTuner, "run_trial", stopped)
    console = quiet()
    with pytest.raises(KeyboardInterrupt):
        search(space, max_trials=4, out=tmp_path, data=data, console=console)
    assert f"2 trials are kept in {tmp_path}: the same command resumes" in console.file.getvalue()


def slow(method):
    def wrapped(*args):
        time.sleep(0.4)
        return method(*args)

    return wrapped


def test_the_other_objective_has_its_direction(space, data, untrained, tmp_path):
    results = search(space, max_trials=5, objective="val_loss", out=tmp_path, data=data, console=quiet())
    losses = [result.record["val_loss"] for result in results]
    assert losses == sorted(losses)
    state = json.loads((tmp_path / f"trial_{results[0].trial:04d}" / "trial.json").read_text())
    assert state["score"] == losses[0]


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"tuner": "guess"}, "tuner='guess'"),
        ({"objective": "accuracy"}, "objective='accuracy'"),
        ({"max_trials": 0}, "max_trials=0"),
        ({"executions_per_trial": 0}, "executions_per_trial=0"),
        ({"minutes": -1}, "minutes=-1"),
        ({"keep_checkpoints": -1}, "keep_checkpoints=-1"),
        ({"max_params": 0}, "parameters=0"),
        ({"distributed": "boss"}, "distributed='boss'"),
        ({"distributed": "worker", "oracle": "there", "worker_id": "a"}, "oracle='there'"),
        ({"distributed": "worker", "oracle": "there:1", "worker_id": "chief-2"}, "worker_id='chief-2'"),
        ({"worker_id": "a"}, "belong to a distributed search"),
    ],
)
def test_impossible_arguments_are_refused(wrong, message, space, data, tmp_path):
    with pytest.raises(ValueError, match=message):
        search(space, **{"max_trials": 1, "out": tmp_path, "data": data, **wrong})


def test_hyperband_wants_to_choose_the_epochs(data, tmp_path):
    values = {"dataset": "digits", "validation": 60, "epochs": [2, 3], "batch_size": 60, "learning_rate": 1e-3}
    with pytest.raises(ValueError, match="Hyperband chooses the epochs"):
        search(values, tuner="hyperband", out=tmp_path, data=data)


@pytest.mark.parametrize("objective", ["val_accuracy", "val_loss"])
def test_a_loss_beyond_float32_is_null_in_the_files_and_no_objective(objective, space, data, tmp_path, monkeypatch):
    monkeypatch.setattr(
        SearchTuner, "_execute", lambda *_: {"seed": 0, "val_accuracy": 0.9, "val_loss": float("nan"), "seconds": 1.0}
    )
    search(space, max_trials=1, objective=objective, out=tmp_path, data=data, console=quiet())
    (result,) = read_results(tmp_path)
    for path in tmp_path.rglob("*.json"):
        json.loads(path.read_text(), parse_constant=pytest.fail)
    if objective == "val_loss":
        assert result.status == "FAILED" and "val_loss is nan" in result.record["message"]
    else:
        assert result.completed and result.record["val_loss"] is None
        assert result.record["executions"] == [{"seed": 0, "val_accuracy": 0.9, "val_loss": None, "seconds": 1.0}]


# With real trainings.


def test_trials_train_and_disk_use_is_bounded(space, data, tmp_path):
    settings = {"out": tmp_path, "data": data, "console": quiet(), "keep_checkpoints": 1}
    results = search(space, max_trials=3, max_params=3000, max_macs=10**6, max_latency_ms=10_000, **settings)
    assert len(list(tmp_path.glob("trial_*/execution_*/checkpoint.npz"))) == 1
    assert (tmp_path / f"trial_{results[0].trial:04d}" / "execution_0" / "checkpoint.npz").exists()
    for result in results:
        assert 0 < result.record["fit_seconds"] <= result.record["seconds"]
        assert 0 < result.record["parameters"] <= 3000
        assert result.record["latency_ms"] > 0


def test_encrypted_seconds_are_those_of_the_plan_and_infinite_without_one(space, data):
    hypermodel = PinetHyperModel(space, data=data)
    recipe = space.first_recipe()
    costs = hypermodel.costs(recipe, encrypted=True)
    model = fitting.untrained(recipe, hypermodel.data_set)
    planned = compile_encrypted(model, hypermodel.data_set.x_train[:16]).plan.seconds
    assert costs["encrypted_seconds"] == pytest.approx(planned, rel=0.5) and "latency_ms" not in costs
    network = {"widths": [4], "blocks": 1, "activation": "relu"}
    relu = replace(recipe, architecture="resnet", architecture_arguments=network)
    assert hypermodel.costs(relu, encrypted=True)["encrypted_seconds"] == math.inf
    assert "encrypted_seconds" not in hypermodel.costs(relu)


def test_a_budget_of_encrypted_seconds(space, data, untrained, tmp_path, monkeypatch):
    def costs(self, recipe, latency=False, encrypted=False):
        assert encrypted and not latency
        return {"parameters": 1, "macs": 1, "encrypted_seconds": recipe.architecture_arguments["width"]}

    monkeypatch.setattr(PinetHyperModel, "costs", costs)
    results = search(space, max_trials=6, max_encrypted_seconds=4, out=tmp_path, data=data, console=quiet())
    assert len(results) == 6 and {result.values["width"] for result in results} == {2, 4}


def test_a_trial_is_scored_on_the_validation_images(space, data, tmp_path, monkeypatch):
    scored = []
    evaluate = PixelModel.evaluate

    def spy(self, x=None, *args, **kwargs):
        scored.append(getattr(x, "examples", x))
        return evaluate(self, x, *args, **kwargs)

    monkeypatch.setattr(PixelModel, "evaluate", spy)
    search(space, max_trials=1, out=tmp_path, data=data, console=quiet())
    np.testing.assert_array_equal(scored[-1], load_set("digits", data).x_train[-60:])


def test_the_test_split_is_not_there(space, data):
    from tuning import PinetHyperModel

    hypermodel = PinetHyperModel(space, data=data)
    assert len(hypermodel.data_set.x_test) == len(hypermodel.data_set.y_test) == 0
    assert hypermodel.dataset_sha256 == load_set("digits", data).sha256


def test_a_promoted_recipe_trains_what_the_trial_trained(space, data, tmp_path):
    from tuning.promotion import promote
    from zoo.recipes import read_recipe
    from zoo.training.classifiers import train

    settings = {"out": tmp_path, "data": data, "console": quiet()}
    best = search(space, max_trials=1, executions_per_trial=2, **settings)[0]
    seeds = [execution["seed"] for execution in best.record["executions"]]
    assert seeds == [0, 1]
    promote(tmp_path, tmp_path / "found.toml")
    train(read_recipe(tmp_path / "found.toml"), data=data, run_dir=tmp_path / "run", console=quiet())
    trained = (tmp_path / "run" / "log.csv").read_text().splitlines()
    searched = (tmp_path / f"trial_{best.trial:04d}" / "execution_0" / "log.csv").read_text().splitlines()
    assert lines_without_seconds(trained) == lines_without_seconds(searched)


def lines_without_seconds(lines):
    kept = [index for index, name in enumerate(lines[0].split(",")) if name != "seconds"]
    return [sorted(line.split(",")[index] for index in kept) for line in lines]


def test_hyperband_resumes_the_round_before_as_if_uninterrupted(space, data, tmp_path):
    results = search(space, tuner="hyperband", max_trials=4, out=tmp_path, data=data, console=quiet())
    (final,) = [result for result in results if "tuner/trial_id" in result.values]
    log = (tmp_path / f"trial_{final.trial:04d}" / "execution_0" / "log.csv").read_text().splitlines()
    first = tmp_path / f"trial_{final.values['tuner/trial_id']}" / "execution_0" / "log.csv"
    assert len(log) == 4 and log[1] == first.read_text().splitlines()[1]
    again = search(
        {**space.fixed, "network": final.record["recipe"]["architecture_arguments"]}
        | {"learning_rate": final.record["recipe"]["learning_rate"], "shift": [0, 1]},
        max_trials=1,
        tuner="grid",
        out=tmp_path / "again",
        data=data,
        console=quiet(),
    )[0]
    assert again.record["val_loss"] == pytest.approx(final.record["val_loss"], rel=1e-5)


def test_a_diverging_trial_fails_with_its_reason(data, tmp_path):
    values = {"dataset": "digits", "validation": 60, "epochs": 2, "batch_size": 60, "clip_norm": 1e30}
    values |= {
        "learning_rate": [1e18, 1e19],
        "network": {"stages": 2, "width": 2, "normalization": "none", "degree": 4},
    }
    console = quiet()
    assert search(values, max_trials=2, tuner="grid", out=tmp_path, data=data, console=console) == []
    assert [result.status for result in read_results(tmp_path)] == ["FAILED", "FAILED"]
    assert "the run diverged" in console.file.getvalue()


def test_a_trial_of_which_the_process_dies_twice_fails(space, data, tmp_path, monkeypatch):
    def dying(self, *args):
        raise Killed

    monkeypatch.setattr(SearchTuner, "_execute", dying)
    settings = {"max_trials": 1, "out": tmp_path, "data": data, "console": quiet()}
    for after_crash in (False, False, True):
        with pytest.raises(Killed):
            search(space, after_crash=after_crash, **settings)
    assert search(space, after_crash=True, **settings) == []
    assert "died of it 2 times" in read_results(tmp_path)[0].record["message"]


def test_a_search_killed_ten_times_completes_every_trial_once(space, data, tmp_path, start, states):
    import random

    generator = random.Random(0)
    arguments = {"max_trials": 4, "out": tmp_path, "data": data}
    for _ in range(10):
        process = start(space, **arguments)
        process.join(generator.uniform(0.3, 2.5))
        process.kill()
        process.join()
    process = start(space, **arguments)
    process.join(200)
    assert process.exitcode == 0
    assert states(tmp_path) == {f"{number:04d}": "COMPLETED" for number in range(4)}
    ended = json.loads((tmp_path / "oracle.json").read_text())["end_order"]
    assert sorted(ended) == [f"{number:04d}" for number in range(4)]
    assert len(best_first(read_results(tmp_path))) == 4
