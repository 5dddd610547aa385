"""`pinet tune --data X`: a search on data of one's own, without a search file."""

import json
import subprocess
import sys

import numpy as np
import pytest

import zoo
from examples.shapes import draw_shapes
from tuning.new_space import new_space
from tuning.results import read_results
from tuning.space import Space
from zoo.architectures import build
from zoo.recipes import read_recipe


def data_set(shape, count=200):
    audio = len(shape) == 1
    noise = np.random.default_rng(0).integers(0, 256, (count, *shape)).astype("int16" if audio else "uint8")
    return zoo.open_data((noise * (50 if audio else 1), np.arange(count) % 2), class_names=("cat", "dog"))


@pytest.mark.parametrize("shape", [(8, 8, 1), (32, 32, 3), (64, 48, 3), (200, 200, 3), (8192,)])
def test_the_smallest_and_the_largest_network_of_the_space_can_be_built(shape):
    examples = data_set(shape)
    space = Space.from_dict(new_space("mine", examples))
    size = space.fixed.get("image_size", 0)
    shape = (size, size, shape[2]) if size else shape
    channels = shape[2] if len(shape) == 3 else 1
    counts = []
    for choose in (min, max):
        values = {
            each.name: each.choices[0] if each.choices else choose(each.low, each.high) for each in space.dimensions
        }
        recipe = space.recipe(values)
        model = build(recipe.architecture, recipe.architecture_arguments, shape, [0.0] * channels, [1.0] * channels, 2)
        counts.append(model.count_params())
        assert min(model.get_layer("features").input.shape[1:3]) >= 2  # no map is pooled away
    assert counts[0] < 3000 < counts[1]


def test_trials_are_short_but_have_enough_steps():
    few, many = (new_space("mine", data_set((8, 8, 1), count)) for count in (200, 30_000))
    assert few["epochs"] == 50  # of 8 steps each: what pinet new gives
    assert many["epochs"] == 6  # of 328 steps, a third of what it gives


def test_degree_and_rank_are_searched_where_they_matter():
    space = Space.from_dict(new_space("digits", zoo.open_data("digits")))
    where = {each.name: each.where for each in space.dimensions}
    assert where["degree"] == where["rank"] == (("block", ("poly",)),) and where["alpha"] == (("block", ("residual",)),)
    assert space.fixed["validation"] == 143 and not space.fixed["flip"]


def test_pinet_tune_searches_a_folder_and_writes_a_recipe_for_it(tmp_path):
    draw_shapes(tmp_path / "photos", 40)

    def pinet(*arguments):
        command = [sys.executable, "-m", "tuning.main", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)

    done = pinet("tune", "--data", "photos", "--max-trials", 1, "--max-params", "2k")
    assert done.returncode == 0, done.stderr
    assert "pinet tune promote runs/tune/photos" in done.stdout
    settings = json.loads((tmp_path / "runs" / "tune" / "photos" / "search.json").read_text(encoding="utf-8"))
    assert settings["space"]["fixed"]["dataset"] == "photos"
    done = pinet("tune", "promote", "runs/tune/photos", "found.toml")
    assert done.returncode == 0, done.stderr
    recipe = read_recipe(tmp_path / "found.toml")
    assert (recipe.dataset, recipe.validation, recipe.image_size) == ("photos", 8, 32)
    assert read_results(tmp_path / "runs" / "tune" / "photos")[0].record["parameters"] <= 2000
    done = pinet("tune", "--max-trials", 1)
    assert done.returncode == 1 and "Name a search (cifar10, digits" in done.stderr
