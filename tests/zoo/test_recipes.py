from dataclasses import asdict, fields

import pytest

from zoo.paths import RECIPES
from zoo.recipes import list_recipes, read_recipe, with_changes

TEXT = (RECIPES / "pinet_digits.toml").read_text(encoding="utf-8")
TAUGHT = "epochs = 20\nteacher_weight = 0.5\nteacher"


def write(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", list_recipes())
def test_every_shipped_recipe_reads_and_has_the_name_of_its_file(name):
    assert read_recipe(name).name == name


def test_a_recipe_file_reads_like_a_shipped_one(tmp_path):
    assert read_recipe(write(tmp_path, TEXT)) == read_recipe("pinet_digits")


def test_an_unknown_key_is_refused_with_the_near_one(tmp_path):
    with pytest.raises(
        ValueError, match="Unknown key in mine.toml; did you mean learning_rate.*Received: 'learning_rat'"
    ):
        read_recipe(write(tmp_path, TEXT + "\nlearning_rat = 1\n"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs = 20", "epochs = 0", "'epochs' must be above 0. Received: epochs=0"),
        ("epochs = 20", 'epochs = "many"', "'epochs' must be of type int. Received: 'many'"),
        ("epochs = 20", "epochs = true", "'epochs' must be of type int. Received: True"),
        ("clip_norm = 1.0", "clip_norm = inf", "'clip_norm' must be a finite number. Received: inf"),
        ("label_smoothing = 0.05", "label_smoothing = 1.0", "'label_smoothing' must be at least 0 and below 1"),
        ("seed = 0", "seed = 0\nshift = -1", "'shift' must be 0 or more. Received: shift=-1"),
        ("epochs = 20", 'epochs = 20\noptimizer = "lion"', "'optimizer' must be one of 'adamw', 'muon', 'sgd'"),
        ('name = "pinet_digits"', 'name = "../x"', "'name' must be a plain name"),
        ("batch_size = 64", "", "incomplete: missing 1 required positional argument: 'batch_size'"),
        ("epochs = 20", "epochs = ", "not valid TOML"),
        ("epochs = 20", 'epochs = 20\nteacher = "pinet_digits"', "'teacher' and 'teacher_weight' need each other"),
        ("epochs = 20", "epochs = 20\nteacher_weight = 0.5", "'teacher' and 'teacher_weight' need each other"),
        ("epochs = 20", f"{TAUGHT} = 'pinet_digit'", "did you mean pinet_digits"),
        ("epochs = 20", f"{TAUGHT} = 'pinet_digits_generator'", "a model for image generation"),
        ("epochs = 20", f"{TAUGHT} = 'pinet_mnist'", "must name a model for digits. Received: 'pinet_mnist'"),
    ],
)
def test_a_bad_value_is_refused_in_words(tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(ValueError, match=message):
        read_recipe(write(tmp_path, TEXT.replace(old, new)))


def test_an_unknown_recipe_suggests_near_ones(tmp_path):
    with pytest.raises(ValueError, match="did you mean pinet_digits"):
        read_recipe("pinet_digit")
    with pytest.raises(ValueError, match="no recipe file"):
        read_recipe(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    "name, change, key, value",
    [
        ("pinet_digits", "learning_rate=3e-3", "learning_rate", 0.003),
        ("pinet_digits", "learning_rate = 1", "learning_rate", 1.0),
        ("pinet_digits", "epochs=7", "epochs", 7),
        ("pinet_digits", "flip=True", "flip", True),
        ("pinet_digits", "flip=false", "flip", False),
        ("pinet_digits", "optimizer=sgd", "optimizer", "sgd"),
        ("pinet_digits", "description=a = b, 7", "description", "a = b, 7"),
        ("pinet_digits", "architecture_arguments={width = 8}", "architecture_arguments", {"width": 8}),
        ("pinet_digits_generator", "latent_size=8", "latent_size", 8),
        ("pinet_digits_generator", 'baselines=["linear_mnist_generator"]', "baselines", ["linear_mnist_generator"]),
    ],
)
def test_a_change_has_the_type_of_its_key_and_changes_nothing_else(name, change, key, value):
    recipe = read_recipe(name)
    changed = with_changes(recipe, [change])
    assert (getattr(changed, key), type(getattr(changed, key))) == (value, type(value))
    assert asdict(changed) == {**asdict(recipe), key: value}
    assert recipe == read_recipe(name)


def test_keys_within_a_table_change_alone():
    recipe = read_recipe("pinet_digits")
    changes = [
        "architecture_arguments.width=16",
        "architecture_arguments.block=poly",
        "architecture_arguments.alpha=2.5",
    ]
    arguments = with_changes(recipe, changes).architecture_arguments
    assert arguments == {**recipe.architecture_arguments, "width": 16, "block": "poly", "alpha": 2.5}
    assert recipe.architecture_arguments["width"] == 12


@pytest.mark.parametrize(
    "changes, words",
    [
        (["learning_rate"], "A change of a recipe is KEY=VALUE.*Received: 'learning_rate'"),
        (["learning_rat=1"], "did you mean learning_rate.*Received: 'learning_rat=1'"),
        (["task=image generation"], "no such key"),
        (["learning_rate=fast"], "must be of type float. Received: 'learning_rate=fast'"),
        (["learning_rate=nan"], "'learning_rate' must be a finite number"),
        (["learning_rate=-1"], "'learning_rate' must be above 0"),
        (["epochs=2.5"], "must be of type int. Received: 'epochs=2.5'"),
        (["flip=1"], "must be true or false. Received: 'flip=1'"),
        (["epochs=2", "seed=1", "epochs=3"], "'epochs' is changed twice. Received: epochs=2, seed=1, epochs=3"),
        (["architecture_arguments={}", "architecture_arguments.width=8"], "is changed twice"),
        (["architecture_arguments.width=8", "architecture_arguments={}"], "is changed twice"),
        (["architecture_arguments.width=8", "architecture_arguments.width=9"], "is changed twice"),
        (["architecture_arguments.width="], "as in TOML"),
        (["architecture_arguments.width=1\nheight = 2"], "as in TOML"),
        (["architecture_arguments=8"], "'architecture_arguments' must be of type dict. Received: 8"),
        (["epochs.width=8"], "'epochs' holds no keys of its own"),
        (["architecture_arguments.=8"], "holds no keys of its own"),
    ],
)
def test_a_change_that_is_none_is_refused_in_words(changes, words):
    with pytest.raises(ValueError, match=words):
        with_changes(read_recipe("pinet_digits"), changes)


def test_every_key_of_a_recipe_can_be_changed():
    for name in ("pinet_digits", "pinet_digits_generator"):
        recipe = read_recipe(name)
        for item in fields(recipe):
            value = getattr(recipe, item.name)
            if not isinstance(value, dict | list):
                assert with_changes(recipe, [f"{item.name}={value}"]) == recipe
