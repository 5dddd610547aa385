"""The searches on the page: the recipe that is shipped is that of the trial that the page names."""

import pytest

from benchmarks.searches import read
from zoo.recipes import read_recipe


@pytest.mark.parametrize("name, recipe, bound", [("digits", "pinet_digits", 10_000)])
def test_the_shipped_recipe_is_that_of_the_best_small_trial(name, recipe, bound):
    small = [trial for trial in read(name) if trial.completed and trial.record["parameters"] < bound]
    best = max(small, key=lambda trial: (trial.record["val_accuracy"], -trial.record["parameters"], -int(trial.trial)))
    shipped = read_recipe(recipe)
    flat = {**vars(shipped), **shipped.architecture_arguments}
    for key, value in best.values.items():
        assert flat[key] == pytest.approx(value, rel=1e-2) if isinstance(value, float) else flat[key] == value, key
