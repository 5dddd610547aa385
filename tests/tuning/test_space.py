"""Search files: what they say, and what they may not say."""

import subprocess
import sys

import keras_tuner
import pytest

from tuning import list_searches, read_space
from tuning.space import Space

VALUES = {"dataset": "digits", "validation": 60, "epochs": 2, "batch_size": 60, "learning_rate": 1e-3}


def made(**network):
    return Space.from_dict({**VALUES, "network": network})


@pytest.mark.parametrize("name", list_searches())
def test_every_point_of_a_shipped_search_is_a_recipe_that_builds(name):
    from pinet_keras.analysis import certify
    from zoo.training.fitting import untrained

    space = read_space(name)
    tuner = keras_tuner.oracles.RandomSearchOracle(objective="val_accuracy", seed=1)
    hp = keras_tuner.HyperParameters()
    space.declare(hp)
    tuner.update_space(hp)
    for _ in range(3):
        recipe = space.recipe(tuner._random_values())
        certificate = certify(untrained(recipe))
        assert recipe.dataset == space.dataset and certificate.tier in (2, 3)


def test_fixed_bounded_and_left_out():
    space = made(width=4, rank={"min": 2, "max": 8, "step": 2}, degree=[2, 3])
    assert [dimension.name for dimension in space.dimensions] == ["rank", "degree"]
    recipe = space.recipe({"rank": 6.0, "degree": 3, "tuner/epochs": 1})
    assert recipe.architecture_arguments == {"width": 4, "rank": 6, "degree": 3}
    assert isinstance(recipe.architecture_arguments["rank"], int)


def test_a_condition_holds_in_the_tuner_and_in_the_recipe():
    space = made(degree={"choices": [2, 3], "where": {"block": "poly"}}, block=["poly", "residual"])
    assert [dimension.name for dimension in space.dimensions] == ["block", "degree"]
    hp = keras_tuner.HyperParameters()
    assert space.declare(hp) == {"block": "poly", "degree": 2}
    hp.values["block"] = "residual"
    assert space.declare(hp) == {"block": "residual"}
    assert space.recipe({"block": "residual", "degree": 3}).architecture_arguments == {"block": "residual"}


def test_a_condition_on_a_fixed_value_is_decided_at_once():
    degree = {"choices": [2, 3], "where": {"block": "poly"}}
    assert len(made(block="poly", degree=degree).dimensions) == 1
    assert len(made(block="residual", degree=degree).dimensions) == 0


def test_numbers_that_went_through_32_bits_come_back():
    space = made(alpha=[0.0, 0.05, 0.1], stem=[False, True])
    arguments = space.recipe({"alpha": 0.05000000074505806, "stem": 1}).architecture_arguments
    assert arguments == {"alpha": 0.05, "stem": True} and arguments["stem"] is True


@pytest.mark.parametrize(
    "change, message",
    [
        ({"learning_rates": [1e-3]}, "did you mean learning_rate"),
        ({"learning_rate": {"min": 1e-2, "max": 1e-3}}, "min below max"),
        ({"learning_rate": {"min": 0.0, "max": 1e-3, "log": True}}, "above 0 if log"),
        ({"learning_rate": {"min": 1e-3, "max": 1e-2, "step": 0}}, "step above 0"),
        ({"learning_rate": {"low": 1e-3, "high": 1e-2}}, "min, max, step"),
        ({"learning_rate": {"choices": [1e-3], "min": 1e-3}}, "either choices"),
        ({"learning_rate": [1e-3, "large"]}, "list of numbers"),
        ({"learning_rate": [-1.0, -2.0]}, "above 0"),
        ({"dataset": ["digits", "mnist"]}, "one value"),
        ({"network": {"learning_rate": 1e-3}}, "stands above"),
        ({"network": {"degree": {"choices": [2, 3], "where": {"blok": "poly"}}}}, "blok"),
        ({"network": 3}, "must be a table"),
    ],
)
def test_what_makes_no_space_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Space.from_dict({**VALUES, **change})


def test_an_incomplete_search_is_refused():
    with pytest.raises(ValueError, match="incomplete.*epochs"):
        Space.from_dict({key: value for key, value in VALUES.items() if key != "epochs"})


def test_searches_are_read_by_name_and_by_file(tmp_path):
    with pytest.raises(ValueError, match="did you mean digits"):
        read_space("digit")
    with pytest.raises(ValueError, match="no search file"):
        read_space(tmp_path / "absent.toml")
    (tmp_path / "broken.toml").write_text("dataset = ")
    with pytest.raises(ValueError, match="broken.toml is not valid TOML"):
        read_space(tmp_path / "broken.toml")


def test_importing_the_package_is_light():
    code = "import sys, tuning, tuning.main; print([m for m in ('keras', 'numpy', 'grpc') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
