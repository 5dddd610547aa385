"""The report of a search, and the recipe of a trial; the trials cost nothing."""

import csv
from io import StringIO

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from tuning import search
from tuning.promotion import promote
from tuning.report import importances, pareto_front, write_report
from tuning.results import Result, best_first, overhead, read_results
from zoo.recipes import read_recipe


@pytest.fixture
def folder(space, data, untrained, tmp_path):
    search(space, max_trials=20, out=tmp_path / "search", data=data, console=Console(file=StringIO()))
    return tmp_path / "search"


def trial(number, accuracy, parameters, **values):
    record = {"val_accuracy": accuracy, "val_loss": 1 - accuracy, "parameters": parameters, "recipe": {}}
    return Result(number, "COMPLETED", values, record)


def test_the_report_is_written_whole(folder, tmp_path):
    paths = write_report(folder, tmp_path / "report")
    assert [path.name for path in paths] == [
        "trials.csv",
        "accuracy_parameters.png",
        "accuracy_macs.png",
        "accuracy_degree_rank.png",
        "importance.png",
    ]
    for path in paths[1:]:
        picture = np.asarray(Image.open(path).convert("L"))
        assert min(picture.shape) > 300 and picture.std() > 5
    with open(paths[0], encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20 and {"trial", "status", "val_accuracy", "parameters", "width", "degree"} <= set(rows[0])
    best = best_first(read_results(folder))[0]
    assert float(rows[best.trial]["val_accuracy"]) == best.record["val_accuracy"]


def test_a_report_needs_a_search_with_a_completed_trial(tmp_path):
    with pytest.raises(ValueError, match="holds no search"):
        write_report(tmp_path)
    (tmp_path / "search.json").write_text('{"objective": "val_accuracy"}')
    with pytest.raises(ValueError, match="No trial of that search has completed"):
        write_report(tmp_path)


def test_the_front_holds_what_nothing_beats_for_less():
    trials = [trial(0, 0.9, 100), trial(1, 0.8, 200), trial(2, 0.95, 300), trial(3, 0.95, 400), trial(4, 0.7, 50)]
    assert [result.trial for result in pareto_front(trials, "val_accuracy", "parameters")] == [4, 0, 2]
    assert [result.trial for result in best_first(trials)][:3] == [2, 3, 0]
    assert [result.trial for result in pareto_front(trials, "val_loss", "parameters")] == [4, 0, 2]


def test_overhead_is_the_share_of_time_outside_of_training():
    records = [
        {"recipe": {}, "seconds": 10.0, "fit_seconds": 9.0},
        {"recipe": {}, "seconds": 30.0, "fit_seconds": 27.0},
    ]
    results = [Result(number, "COMPLETED", {}, record) for number, record in enumerate(records)]
    assert overhead([*results, Result(2, "FAILED", {}, {"seconds": 60.0})]) == pytest.approx(0.1)


def test_the_hyperparameter_that_decides_is_the_most_important():
    generator = np.random.default_rng(0)
    trials = []
    for number in range(40):
        values = {"rate": float(10 ** generator.uniform(-4, -1)), "block": str(generator.choice(["poly", "residual"]))}
        values["noise"] = int(generator.integers(5))
        accuracy = 0.9 + 0.05 * (values["block"] == "poly") - 0.001 * abs(np.log10(values["rate"]) + 2)
        trials.append(trial(number, accuracy, 100, **values, fixed=1))
    found, r2 = importances(trials, "val_accuracy")
    assert next(iter(found)) == "block" and set(found) == {"block", "rate", "noise"}
    assert r2 > 0.5


def test_promotion_writes_the_recipe_of_the_best_or_of_the_one_that_is_named(folder, tmp_path):
    chosen = promote(folder, tmp_path / "best.toml")
    assert chosen.trial == best_first(read_results(folder))[0].trial
    recipe = read_recipe(tmp_path / "best.toml")
    assert (recipe.name, recipe.epochs) == ("best", 3)
    assert vars(recipe) == {**chosen.record["recipe"], "name": "best", "description": recipe.description}
    promote(folder, tmp_path / "fourth.toml", trial=4, epochs=9, description='a "small" one')
    fourth = read_recipe(tmp_path / "fourth.toml")
    assert (fourth.epochs, fourth.description) == (9, 'a "small" one')
    small = promote(folder, tmp_path / "small.toml", best_under_params=400)
    assert small.record["parameters"] <= 400 < chosen.record["parameters"]


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("best.py", {}, "is a .toml file"),
        ("best-one.toml", {}, "letters, digits and _"),
        ("best.toml", {"trial": 99}, "completed are: 0, 1"),
        ("best.toml", {"best_under_params": 1}, "best_under_params=1"),
        ("best.toml", {"best_under_params": 1, "trial": 1}, "Received: both"),
        ("there.toml", {}, "exists already"),
    ],
)
def test_what_cannot_be_promoted_is_refused(folder, tmp_path, name, options, message):
    (tmp_path / "there.toml").touch()
    with pytest.raises(ValueError, match=message):
        promote(folder, tmp_path / name, **options)
