"""docs/calibration.md: its blocks run, and `python -m benchmarks.calibration` measures and writes what it holds."""

import re
import tomllib

import numpy as np
import pytest

from benchmarks import calibration, calibration_page
from zoo.evaluation.scores import expected_calibration_error, fit_temperature
from zoo.recipes import Recipe

TEXT = calibration_page.PAGE.read_text(encoding="utf-8")


def test_every_block_of_the_page_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "calibration.md", "exec"), {"__name__": "calibration_page"})
    numbers = [float(word) for word in capsys.readouterr().out.split()]
    assert len(numbers) == 4 and numbers[0] > 5 * numbers[1] and numbers[2] > 5 * numbers[3]
    (recipe,) = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
    assert tomllib.loads(recipe) == {"loss": "focal", "focal_gamma": 3.0}


def test_the_losses_differ_in_the_loss_alone():
    found = {loss: calibration.settings(loss, 1) for loss in calibration.LOSSES}
    recipes = [
        Recipe(**{key: value for key, value in keys.items() if key != "examples"}, name="x") for keys in found.values()
    ]
    assert [(each.loss, each.focal_gamma, each.label_smoothing) for each in recipes] == [
        ("crossentropy", 0.0, 0.0),
        ("crossentropy", 0.0, 0.1),
        ("focal", 3.0, 0.0),
        ("flsd53", 0.0, 0.0),
    ]
    for keys in found.values():
        for key in ("loss", "focal_gamma", "label_smoothing"):
            keys.pop(key, None)
    assert all(keys == found["focal"] for keys in found.values())
    assert found["focal"]["examples"] - found["focal"]["validation"] == 10_000 and found["focal"]["seed"] == 1


def test_no_image_is_measured_with_a_temperature_that_it_was_fitted_on():
    """The logits of the second half are twice as large, so each half needs another temperature than the other's."""
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(4000, 4))
    labels = np.array([generator.choice(4, p=row) for row in np.exp(logits) / np.exp(logits).sum(1, keepdims=True)])
    logits[2000:] *= 2
    found = calibration.measured(logits, labels)
    assert found["temperatures"] == pytest.approx([1, 2], rel=0.15)
    first, second = found["temperatures"]
    scaled = np.concatenate([logits[:2000] / second, logits[2000:] / first])
    assert found["ece_calibrated"] == pytest.approx(expected_calibration_error(scaled, labels))
    assert found["ece"] == pytest.approx(expected_calibration_error(logits, labels))
    assert found["temperatures"][0] == fit_temperature(logits[:2000], labels[:2000])


def test_the_table_holds_what_was_measured():
    rows, seeds = calibration_page.results(), {row["seed"] for row in calibration_page.results()}
    assert {row["loss"] for row in rows} == set(calibration.LOSSES) and len(rows) == 4 * len(seeds)
    for loss in calibration.LOSSES:
        (line,) = re.findall(rf"^\| {loss} \|(.*)\|$", TEXT, re.MULTILINE)
        cells = [float(re.match(r"[\d.]+", cell.strip()).group()) for cell in line.split("|")]
        own = [row for row in rows if row["loss"] == loss]
        for cell, column in zip(cells, calibration_page.COLUMNS, strict=True):
            if column == "temperature":
                assert cell == pytest.approx(np.mean([row["temperatures"] for row in own]), abs=0.0051)
            else:
                assert cell == pytest.approx(100 * np.mean([row[column] for row in own]), abs=0.051)
        for row in own:
            for key in ("ece", "ece_calibrated"):
                bins = row[key.replace("ece", "reliability")]
                gaps = [
                    n * abs(a - c)
                    for n, a, c in zip(*(bins[k] for k in ("examples", "accuracy", "confidence")), strict=True)
                    if n
                ]
                assert row[key] == pytest.approx(sum(gaps) / 5000)
