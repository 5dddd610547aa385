"""docs/faces.md: its blocks run, its table is that of the results, and the shipped model is the one of the page."""

import json
import re
import statistics

import keras
import numpy as np
import pytest
from PIL import Image

import zoo
from benchmarks import faces, faces_page
from zoo.data.samples import sample_inputs
from zoo.verification import Identities, embeddings, verify
from zoo.verification.verifying import FACES, THRESHOLD_FILE

TEXT = faces_page.PAGE.read_text(encoding="utf-8")
ROWS = json.loads(faces_page.RESULTS.read_text(encoding="utf-8"))


def test_every_block_of_the_page_runs():
    blocks = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    assert len(blocks) == 2
    names: dict = {"__name__": "faces_page"}
    for block in blocks:
        exec(compile(block, "faces.md", "exec"), names)
    assert names["mean"] > 0.7 and names["rate"] > 0.5


def test_the_table_holds_what_was_measured():
    for name in ("pixels", "principal components", "embedding"):
        (line,) = re.findall(rf"^\| {name} \|(.*)\|$", TEXT, re.MULTILINE)
        cells = [float(re.match(r"[\d.]+", cell.strip()).group()) for cell in line.split("|")]
        for cell, key in zip(cells, ("accuracy", "tar_0.01", "tar_0.001"), strict=True):
            values = [100 * row[key] for row in ROWS if row["name"] == name]
            assert len(values) == (3 if name == "embedding" else 1)
            assert cell == pytest.approx(statistics.mean(values), abs=0.051)


def test_training_and_test_people_are_disjoint():
    images = np.zeros((80, 8, 8, 1), "uint8")
    people = Identities(images, np.repeat(np.arange(40), 2), tuple(f"s{number}" for number in range(1, 41)))
    parts = [faces.part(people, *ends).names for ends in ((1, 20), (21, 40), (1, 15), (16, 20))]
    assert not set(parts[0]) & set(parts[1]) and not set(parts[2]) & set(parts[3])
    assert {*parts[2], *parts[3]} == set(parts[0]) == set(zoo.card(FACES)["class_names"])


def test_the_shipped_model_is_a_small_polynomial_and_gives_its_golden_outputs():
    card = zoo.card(FACES)
    assert card["tier"] >= 2 and str(card["degree"]) in re.search(r"polynomial of degree (\d+) ", TEXT).group(1)
    assert (FACES / "weights" / card["weights"]["file"]).stat().st_size < 500_000
    logits = zoo.load(FACES).predict(sample_inputs(card), verbose=0)
    np.testing.assert_allclose(logits, card["golden"]["logits"], rtol=2e-3, atol=2e-3)


def test_its_threshold_is_the_one_that_was_measured():
    stored = json.loads((FACES / THRESHOLD_FILE).read_text(encoding="utf-8"))
    (row,) = [row for row in ROWS if row.get("seed") == 0]
    assert stored["threshold"] == row["threshold_0.01"] and stored["far"] == 0.01
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (112, 92), dtype="uint8"))
    found = verify(image, image)
    assert found.threshold == stored["threshold"] and found.similarity == pytest.approx(1) and found.same


def test_the_embedding_has_no_head():
    images = np.random.default_rng(0).integers(0, 256, (2, *faces.SHAPE), dtype="uint8")
    model = zoo.load(FACES, include_top=False)
    assert isinstance(model, keras.Model) and model.layers[-1].name == "standardized"
    np.testing.assert_allclose(embeddings(FACES, images), model.predict(images, verbose=0), rtol=1e-5)
    mirrored = embeddings(FACES, images[:, :, ::-1].copy())
    np.testing.assert_allclose(mirrored, embeddings(FACES, images), rtol=1e-3, atol=1e-4)
