"""docs/tropical.md: blocks of Python run, and `python -m benchmarks.tropical_page` counts and draws what it holds."""

import re

import keras
import numpy as np
import pytest
from PIL import Image

from benchmarks import tropical_page
from benchmarks.tropical_page import FOLDER, PAGE, WIDTHS
from pinet_keras.analysis import tropical

TEXT = PAGE.read_text(encoding="utf-8")


def test_every_block_of_the_page_runs():
    blocks = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    assert len(blocks) >= 5
    names: dict = {"__name__": "tropical_page"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)


def test_the_table_holds_what_was_counted():
    rows = [line for line in TEXT.splitlines() if re.match(r"\| \d+( \+ \d+)? \|", line)]
    assert len(rows) == len(WIDTHS)
    for line, widths in zip(rows, WIDTHS, strict=True):
        units, before, after, bound, _ = (cell.strip() for cell in line.strip("|").split("|"))
        assert units == " + ".join(map(str, widths))
        assert int(bound) == tropical.region_bound(2, widths)
        if keras.backend.backend() == "tensorflow":  # whose random weights the page's networks have before training
            models = [tropical_page.relu_model(widths, seed) for seed in tropical_page.SEEDS]
            assert before == ", ".join(str(tropical_page.count(model)) for model in models)
        assert max(map(int, after.split(", "))) <= int(bound)


@pytest.mark.parametrize("name", ["zonotope", "regions", "boundary"])
def test_the_drawings_are_on_the_page(name):
    assert f"](tropical/{name}.png)" in TEXT
    assert np.asarray(Image.open(FOLDER / f"{name}.png").convert("L")).std() > 10, "an empty plot"


def test_the_zonotope_shows_as_many_regions_as_lines_can_make():
    [left, right] = tropical_page.zonotope_figure().axes
    assert left.get_title().startswith("16 vertices") and right.get_title().startswith("16 linear regions")
    assert tropical.region_bound(2, [5]) == 16
    colours = {tuple(colour) for colour in right.collections[0].get_facecolor()}
    assert colours == {tuple(colour) for colour in left.collections[1].get_facecolor()} and len(colours) == 16


def test_the_drawings_are_of_the_networks(tmp_path):
    model, pinet = tropical_page.relu_model((5,), seed=0), tropical_page.pinet_model()
    network = tropical.ReLUNetwork.from_keras(model)
    x = np.random.default_rng(0).normal(size=(50, 2))
    figure = tropical_page.boundary_figure(network, pinet, (0.5, 0.5), (x, (x[:, 0] > 0).astype(int)))
    boundary = np.concatenate(figure.axes[0].collections[2].get_segments())
    assert len(boundary) and np.abs(model.predict(boundary, verbose=0)).max() < 1e-5
    curve = np.concatenate([path.vertices for path in figure.axes[1].collections[1].get_paths()])
    logits = np.abs(pinet.predict(x, verbose=0)).mean()
    assert len(curve) and np.abs(pinet.predict(curve, verbose=0)).max() < 1e-2 * logits
    tropical_page.save(figure, "boundary", tmp_path)
    assert (tmp_path / "boundary.png").stat().st_size > 10_000
    text = tropical_page.boundary_text(network, pinet, (0.5, 0.25))
    for part in ("5 hidden units;", " 50.0% of 10,000", "has 25.0%;", "with 10 coefficients"):
        assert part in text
