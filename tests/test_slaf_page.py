"""docs/learned_activations.md: its code runs, and `python -m benchmarks.slaf_page` writes the rest."""

import re
import tomllib

import numpy as np
import pytest
from numpy.polynomial import polynomial
from PIL import Image

import zoo
from benchmarks import slaf_page
from benchmarks.slaf_page import DEGREES, FOLDER, PAGE
from pinet_keras.analysis import certify
from tuning import Space
from zoo.training import fitting

TEXT = PAGE.read_text(encoding="utf-8")


def test_every_block_of_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    assert len(blocks) >= 3
    names: dict = {"__name__": "slaf_page"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert (tmp_path / "learned.png").exists()


def test_the_search_file_makes_recipes():
    (text,) = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
    space = Space.from_dict(tomllib.loads(text))
    names = {dimension.name for dimension in space.dimensions}
    assert {"degree", "initial_activation", "bound", "coefficient_training"} <= names
    assert certify(fitting.untrained(space.first_recipe())).tier


def test_the_page_says_what_the_shipped_model_is():
    card = zoo.card("slaf_mnist")
    assert f"each with\none polynomial of degree 2, together of degree {card['degree']}." in TEXT
    assert card["tier"] == 2 and card["architecture_arguments"]["degree"] == 2


@pytest.mark.parametrize("name", ["learned", "replaced"])
def test_the_drawings_are_on_the_page(name):
    assert f"](learned_activations/{name}.png)" in TEXT
    assert np.asarray(Image.open(FOLDER / f"{name}.png").convert("L")).std() > 10, "an empty plot"


def rows_of(name):
    (block,) = re.findall(rf"<!-- {name} -->(.*?)<!-- end of {name} -->", TEXT, flags=re.DOTALL)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in block.strip().splitlines()[2:]]


def test_the_table_has_a_line_for_each_degree():
    assert [row[0] for row in rows_of("replaced")] == [str(degree) for degree in DEGREES]
    assert [row[1] for row in rows_of("replaced")] == [str(degree**3) for degree in DEGREES]
    for row in rows_of("replaced"):
        before, after, loss = (float(each) for each in re.findall(r"-?[\d.]+", " ".join(row[3:])))
        assert loss == pytest.approx(before - after, abs=0.11)


def test_what_the_command_fits_draws_and_trains():
    images, labels, held, held_labels = slaf_page.digits()
    assert (len(images), len(held)) == (1137, 300)
    model = slaf_page.fit(slaf_page.relu_network(), images[:200], labels[:200], epochs=1)
    replacement, before, after, same = slaf_page.replaced(model, 2, images[:100], held, held_labels)
    found = [each.predict(held, verbose=0).argmax(1) for each in (model, replacement.model)]
    right = [(each == held_labels).mean() for each in found]
    assert (before, after) == tuple(right) and same == (found[0] == found[1]).mean()
    row = slaf_page.replacement_row(replacement, 0.9, 0.85, 0.95)
    assert row == ["2", "8", "95.0%", "90.0% → 85.0%", "5.0 points"]
    figure = slaf_page.replaced_figure([replacement])
    assert len(figure.axes) == 3
    curve, _ = figure.axes[0].lines
    first = replacement.activations[0]
    np.testing.assert_allclose(curve.get_ydata(), polynomial.polyval(curve.get_xdata(), first.coefficients))
    assert (curve.get_xdata()[0], curve.get_xdata()[-1]) == (first.low, first.high)
