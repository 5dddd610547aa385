"""docs/transfer.md: what `python -m benchmarks.transfer` draws, trains and writes."""

import json
from dataclasses import replace

import numpy as np
import pytest

import zoo
from benchmarks import transfer, transfer_page
from zoo.data.loading import load_set
from zoo.training.finetuning import finetuning_recipe, open_for_finetuning


@pytest.fixture(scope="module")
def digits():
    return load_set("digits")


def test_each_seed_draws_labels_of_its_own_and_keeps_the_test_images(digits):
    drawn = [transfer.few(digits, (3, 7), 10, seed) for seed in (0, 0, 1)]
    images, labels = drawn[0]["train"]
    assert sorted(labels.tolist()) == ["3"] * 10 + ["7"] * 10
    assert np.array_equal(images, drawn[1]["train"][0]) and not np.array_equal(images, drawn[2]["train"][0])
    tested, names = drawn[0]["test"]
    assert set(names) == {"3", "7"} and len(tested) == np.isin(digits.y_test, (3, 7)).sum()
    training = {image.tobytes() for image in digits.x_train}
    assert all(image.tobytes() in training for image in images)


def test_the_three_ways_differ_in_what_is_trained_and_in_nothing_else(digits):
    source = "pinet_mnist_tiny"
    data_set = open_for_finetuning(source, transfer.few(digits, (), 10, 1))
    tuned, head, scratch = (transfer.recipe_of(way, source, data_set, 1) for way in transfer.WAYS)
    assert tuned == replace(finetuning_recipe(source, data_set), seed=1)
    assert head == replace(tuned, frozen_epochs=tuned.epochs)
    assert (scratch.initial, scratch.frozen_epochs) == ("", 0)
    own = zoo.card(source)["training"]["recipe"]
    assert scratch.learning_rate == own["learning_rate"] and scratch.warmup_epochs == own["warmup_epochs"]
    for key in ("epochs", "batch_size", "early_stopping", "shift", "label_smoothing", "validation", "seed"):
        assert getattr(scratch, key) == getattr(tuned, key)


def test_what_is_in_the_results_is_not_trained_again(digits, tmp_path, monkeypatch):
    calls = []

    def run(way, source, data, seed, folder):
        calls.append((way, len(data["train"][0]), seed))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return {"test": 0.5}

    monkeypatch.setattr(transfer, "run", run)
    monkeypatch.setattr(transfer_page, "FOLDER", tmp_path)
    with pytest.raises(KeyboardInterrupt):
        transfer.measure("digits", tmp_path / "runs")
    transfer.measure("digits", tmp_path / "runs")
    rows = json.loads((tmp_path / "digits.json").read_text(encoding="utf-8"))["rows"]
    wanted = [(way, 10 * labels, seed) for labels in (10, 100) for seed in (0, 1, 2) for way in transfer.WAYS]
    assert calls[:4] == wanted[:4] and calls[4:] == wanted[3:]
    assert [(row["way"], 10 * row["labels"], row["seed"]) for row in rows] == wanted


def test_the_table_has_mean_and_standard_deviation_of_the_seeds():
    rows = [
        {"way": "fine-tuned", "labels": labels, "seed": seed, "test": test}
        for labels, seed, test in ((100, 0, 0.98), (10, 0, 0.9), (10, 1, 0.92))
    ]
    assert transfer_page.table(rows) == [
        ["10", "91.0 ± 1.4 %", "not measured", "not measured"],
        ["100", "98.0 % (seeds: 1)", "not measured", "not measured"],
    ]


def test_the_page_holds_what_was_measured():
    page = transfer_page.PAGE.read_text(encoding="utf-8")
    for path in transfer_page.FOLDER.glob("*.json"):
        assert transfer_page.section(path.stem, json.loads(path.read_text(encoding="utf-8"))) in page
        assert path.with_suffix(".png").is_file()
