"""docs/few_labels.md: its example runs, and what `python -m benchmarks.few_labels` draws, measures and writes."""

import json
import re

import numpy as np
import pytest

from benchmarks import few_labels, few_labels_page
from zoo.data.data_set import DataSet
from zoo.data.loading import load_set
from zoo.loading import load

TEXT = few_labels_page.PAGE.read_text(encoding="utf-8")


def test_the_example_of_the_page_runs():
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    exec(compile(block, str(few_labels_page.PAGE), "exec"), {})


def test_labels_are_drawn_by_seed_of_the_training_images_alone():
    digits = load_set("digits")
    drawn = [few_labels.few(digits, 50, seed) for seed in (0, 0, 1)]
    assert np.array_equal(np.bincount(drawn[0].y_train), [5] * 10)
    assert np.array_equal(drawn[0].x_train, drawn[1].x_train)
    assert not np.array_equal(drawn[0].x_train, drawn[2].x_train)
    assert drawn[0].x_test is digits.x_test
    training = {image.tobytes() for image in digits.x_train}
    assert all(image.tobytes() in training for image in drawn[0].x_train)


@pytest.mark.parametrize("setting", few_labels.SETTINGS, ids=lambda setting: f"{setting.dataset}-{setting.labels}")
def test_no_label_is_read_that_is_not_counted(setting):
    recipe = few_labels.recipe_of(setting, 3)
    assert recipe.validation == 0 and recipe.seed == 3 and not recipe.initial and not recipe.teacher
    assert setting.labels % recipe.batch_size == 0


def test_the_heads_are_measured_on_the_test_split():
    digits = load_set("digits")
    found = few_labels.heads(load("pinet_digits"), digits)
    assert found["linear"] > 0.99 and found["wnll"] > 0.97  # as on the card
    assert 0.85 < found["alike"] < 1
    wrong = DataSet("digits", digits.x_train, digits.y_train, digits.x_test, (digits.y_test + 1) % 10)
    found = few_labels.heads(load("pinet_digits"), wrong)
    assert found["linear"] < 0.01 and found["wnll"] < 0.03


def test_what_is_in_the_results_is_not_measured_again(tmp_path, monkeypatch):
    calls = []

    def run(setting, whole, seed):
        calls.append((setting.dataset, setting.labels, seed))
        if len(calls) == 5:
            raise KeyboardInterrupt
        return {"linear": 0.5, "wnll": 0.6, "alike": 0.5}

    digits = load_set("digits")
    monkeypatch.setattr(few_labels, "load_set", lambda name, data_dir: digits)
    monkeypatch.setattr(few_labels, "run", run)
    monkeypatch.setattr(few_labels, "shipped", lambda name, data_set: {"linear": 0.8, "wnll": 0.9, "alike": 0.5})
    monkeypatch.setattr(few_labels_page, "RESULTS", tmp_path / "results.json")
    with pytest.raises(KeyboardInterrupt):
        few_labels.measure()
    few_labels.measure()
    few_labels.measure()
    wanted = [(each.dataset, each.labels, seed) for each in few_labels.SETTINGS for seed in few_labels.SEEDS]
    assert calls == [*wanted[:5], *wanted[4:]]
    rows = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["rows"]
    assert [(row["dataset"], row["labels"], row["seed"]) for row in rows] == [*wanted, ("cifar10", 50_000, None)]
    assert rows[0]["wnll"] == 0.6 and rows[-1]["wnll"] == 0.9


def test_the_table_has_means_deviations_and_the_gain():
    few = {"dataset": "cifar10", "labels": 1000, "wnll": 0.49, "in_turn_wnll": 0.6, "alike": 0.5}
    rows = [
        {**few, "seed": 0, "linear": 0.50},
        {**few, "seed": 1, "linear": 0.52},
        {"dataset": "cifar10", "labels": 50_000, "seed": None, "linear": 0.9, "wnll": 0.91, "alike": 0.8},
    ]
    points, of_class = "−2.0 ± 1.4 points", "50.0 ± 0.0 %"
    assert few_labels_page.table(rows) == [
        ["cifar10", "1,000", "2", "51.0 ± 1.4 %", "49.0 ± 0.0 %", "–", "60.0 ± 0.0 %", points, of_class],
        ["cifar10", "50,000", "1", "90.0 %", "91.0 %", "–", "–", "+1.0 points", "80.0 %"],
    ]


def test_the_page_tells_which_runs_are_missing():
    wanted, row = [["cifar10", 1000, 3], ["mnist", 100, 1]], {"dataset": "cifar10", "labels": 1000, "seed": 0}
    rows = [row, row, {"dataset": "mnist", "labels": 100, "seed": 0}]
    (words,) = few_labels_page.missing({"wanted": wanted, "rows": rows})
    assert words == "Runs that are not measured yet: cifar10 with 1,000 labels (1 of 3)."
    assert few_labels_page.missing({"wanted": wanted, "rows": [*rows, row]}) == []


def test_the_page_holds_what_was_measured():
    found = json.loads(few_labels_page.RESULTS.read_text(encoding="utf-8"))
    assert few_labels_page.section(found) in TEXT
    assert (few_labels_page.FOLDER / "curve.png").is_file()


def test_the_curve_has_a_point_for_each_seed():
    found = json.loads(few_labels_page.RESULTS.read_text(encoding="utf-8"))
    (axis,) = few_labels_page.curve(found["rows"]).axes
    points = [len(line.get_xdata()) for line in axis.lines if line.get_marker() == "o"]
    rows = [row for row in found["rows"] if row["dataset"] == "cifar10"]
    assert sum(points) == sum(key in row for row in rows for key in few_labels_page.COLUMNS)
