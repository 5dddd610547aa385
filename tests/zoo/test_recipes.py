import pytest

from zoo.paths import RECIPES
from zoo.recipes import list_recipes, read_recipe

TEXT = (RECIPES / "pinet_digits.toml").read_text(encoding="utf-8")
TAUGHT = "epochs = 20\nteacher_share = 0.5\nteacher"


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
        ("label_smoothing = 0.05", "label_smoothing = 1.0", "'label_smoothing' must be at least 0 and below 1"),
        ("seed = 0", "seed = 0\nshift = -1", "'shift' must be 0 or more. Received: shift=-1"),
        ("epochs = 20", 'epochs = 20\noptimizer = "lion"', "'optimizer' must be one of 'adamw', 'muon', 'sgd'"),
        ('name = "pinet_digits"', 'name = "../x"', "'name' must be a plain name"),
        ("batch_size = 64", "", "incomplete: missing 1 required positional argument: 'batch_size'"),
        ("epochs = 20", "epochs = ", "no valid TOML"),
        ("epochs = 20", 'epochs = 20\nteacher = "pinet_digits"', "'teacher' and 'teacher_share' need each other"),
        ("epochs = 20", "epochs = 20\nteacher_share = 0.5", "'teacher' and 'teacher_share' need each other"),
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
