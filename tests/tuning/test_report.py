"""The report of a search, and the recipe of a trial; the trials cost nothing."""

import csv
import itertools
from io import StringIO

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from tuning import report, search
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
        image = np.asarray(Image.open(path).convert("L"))
        assert min(image.shape) > 300 and image.std() > 5
    with open(paths[0], encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20 and {"trial", "status", "val_accuracy", "parameters", "width", "degree"} <= set(rows[0])
    best = best_first(read_results(folder))[0]
    assert float(rows[best.trial]["val_accuracy"]) == best.record["val_accuracy"]


@pytest.fixture
def drawn(monkeypatch):
    """The drawings that are saved, by the names of their files."""
    drawings = {}
    monkeypatch.setattr(report, "_save", lambda figure, path, title: drawings.setdefault(path.name, figure) and path)
    return drawings


ACCURACIES = [0.12, 0.5, 0.98, 0.99, 0.991, 0.992, 0.993, 0.9935, 0.994, 1.0]


@pytest.mark.parametrize("objective", ["val_accuracy", "val_loss"])
def test_every_trial_is_in_the_drawings(drawn, tmp_path, objective):
    blocks = [
        {"block": "poly", "degree": 2, "rank": 4},
        {"block": "residual"},
        {"block": "poly", "degree": 3, "rank": 4},
    ]
    trials = [trial(n, score, 10 * 2**n, **blocks[n % 3]) for n, score in enumerate(ACCURACIES)]
    for result in trials:
        result.record.update(macs=result.record["parameters"], val_loss=1.001 - result.record["val_accuracy"])
    report.draw(trials, objective, tmp_path)
    panels = [drawn[f"accuracy_{name}.png"].axes for name in ("parameters", "macs", "degree_rank")]
    for axes in itertools.chain(*panels):
        seen = axes.collections[0].get_offsets()
        assert sorted(seen[:, 1]) == pytest.approx(sorted(result.record[objective] for result in trials))
        (low, high), (left, right) = axes.get_ylim(), axes.get_xlim()
        assert (seen[:, 1] > low).all() and (seen[:, 1] < high).all()
        assert (seen[:, 0] > left).all() and (seen[:, 0] < right).all()
        heights = axes.transData.transform(seen)[:, 1]
        if objective == "val_accuracy":  # the two failures leave room for the rest
            assert heights[ACCURACIES.index(0.994)] - heights[ACCURACIES.index(0.98)] > 0.15 * axes.bbox.height
    names = [label.get_text() for label in panels[2][0].get_xticklabels()]
    assert names == ["2\n4 trials", "3\n3 trials", "none\n3 trials"]


def test_a_degree_that_is_fixed_is_drawn_and_one_that_no_trial_has_is_not(drawn, tmp_path):
    fixed = {"architecture_arguments": {"degree": 2}}
    trials = [trial(0, 0.5, 100), trial(1, 0.6, 200)]
    for result in trials:
        result.record.update(macs=1, recipe=fixed)
    report.draw(trials, "val_accuracy", tmp_path)
    degree, rank = drawn["accuracy_degree_rank.png"].axes
    assert [label.get_text() for label in degree.get_xticklabels()] == ["2\n2 trials"]
    assert [label.get_text() for label in rank.get_xticklabels()] == ["none\n2 trials"]
    drawn.clear()
    for result in trials:
        result.record["recipe"] = {}
    report.draw(trials, "val_accuracy", tmp_path)
    assert sorted(drawn) == ["accuracy_macs.png", "accuracy_parameters.png"]


def test_ticks_are_round_accuracies_apart_from_each_other():
    ticks = report._error_ticks(1 - np.array(ACCURACIES), 0.003)
    assert ticks[0] == 1.0 and 0.9 in ticks and 6 <= len(ticks) <= 15
    assert all(tick == round(tick, 5) for tick in ticks)


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


def test_overhead_is_the_fraction_of_time_outside_of_training():
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
    odd = 'two lines\r\nof "words"\twith \\ and \x07 and ü\n'
    promote(folder, tmp_path / "odd.toml", description=odd)
    assert read_recipe(tmp_path / "odd.toml").description == odd
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
