"""`pinet new`: a commented recipe with defaults that suit the data."""

import tomllib

import numpy as np
import pytest

import zoo
from examples.shapes import draw_shapes
from zoo.architectures import build
from zoo.recipes import read_recipe
from zoo.recipes.new_recipe import new_recipe, sided, write_new_recipe

SOURCE = """Anna's "best" folder/ü"""
GREY, COLOUR = (28, 28, 1), (32, 32, 3)


def data_set(shape, count=100, names=("cat", "dog")):
    """A data set of so many training examples, a tenth of as many for validation and test, of noise."""
    labels = np.arange(count) % len(names)
    audio = len(shape) == 1
    noise = np.random.default_rng(0).integers(-3000 if audio else 0, 3000 if audio else 256, (count, *shape))
    examples = noise.astype("int16" if audio else "uint8")
    splits = {name: (examples[:n], labels[:n]) for name, n in (("train", count), ("validation", 20), ("test", 20))}
    return zoo.open_data(splits, class_names=names, name="mine.npz")


def keys(shape, count=100, names=("cat", "dog")):
    return tomllib.loads(new_recipe("mine", "mine.npz", data_set(shape, count, names)))


def test_the_recipe_is_complete_and_every_choice_is_commented(tmp_path):
    path = write_new_recipe("mine", SOURCE, data_set(COLOUR), tmp_path)
    recipe = read_recipe(path)
    assert (recipe.name, recipe.dataset, recipe.validation) == ("mine", SOURCE, 0)
    bare = [line for line in path.read_text(encoding="utf-8").splitlines() if "=" in line and "#" not in line]
    assert {line.split(" = ")[0] for line in bare} <= {
        "name",
        "description",
        "dataset",
        "seed",
        "architecture",
        "architecture_arguments",
        "optimizer",
    }


@pytest.mark.parametrize("shape", [(8, 8, 1), GREY, COLOUR, (16, 16, 3), (48, 64, 3), (250, 250, 3), (96, 96, 1)])
def test_the_network_can_be_built_for_every_size(shape):
    found = keys(shape)
    size = found["image_size"]
    shape = (size, size, shape[2]) if size else shape
    mean = [0.0] * shape[2]
    model = build(found["architecture"], found["architecture_arguments"], shape, mean, [1.0] * shape[2], 2)
    assert model.count_params() < 400_000
    last = model.get_layer("features").input.shape
    assert 2 <= min(last[1:3]) <= 5  # no map is pooled away, and none is large


def test_the_size_is_kept_up_to_64_pixels():
    assert keys((250, 250, 3))["image_size"] == 64
    assert keys(COLOUR)["image_size"] == 32
    assert keys((48, 64, 3))["image_size"] == 0  # not square: kept


def test_epochs_batch_and_width_follow_the_number_of_images():
    few, more, many = (keys(GREY, count) for count in (100, 5000, 50_000))
    assert [each["batch_size"] for each in (few, more, many)] == [16, 64, 128]
    assert [each["epochs"] for each in (few, more, many)] == [50, 50, 15]
    assert [each["ema_momentum"] for each in (few, more, many)] == [0.9, 0.987, 0.99]
    assert few["architecture_arguments"]["width"] < many["architecture_arguments"]["width"]
    few, many = keys((16, 16, 3), 100), keys((16, 16, 3), 20_000)
    assert max(few["architecture_arguments"]["widths"]) < max(many["architecture_arguments"]["widths"])


@pytest.mark.parametrize(
    "names, flip",
    [
        (("cat", "dog"), True),
        (("left hand", "right hand"), False),
        (("b", "d"), False),
        (("3", "5"), False),
        (("sign_20", "sign_30"), False),
        (("playwright", "leftover"), True),
    ],
)
def test_images_are_mirrored_only_where_that_keeps_their_class(names, flip):
    assert sided(names) is not flip
    assert keys(COLOUR, names=names)["flip"] is flip
    assert keys(GREY, names=names)["flip"] is False  # characters, X-rays


def test_audio_clips_get_their_own_keys():
    found = keys((8192,))
    assert found["samples"] == 8192 and found["gain"] and "flip" not in found
    model = build(found["architecture"], found["architecture_arguments"], (8192,), [0.0], [1.0], 2)
    assert model.output_shape == (None, 2)


def test_a_data_set_of_the_zoo_keeps_its_size_and_gets_a_validation_split(tmp_path):
    recipe = read_recipe(write_new_recipe("mine", "digits", zoo.open_data("digits"), tmp_path))
    assert (recipe.dataset, recipe.image_size, recipe.validation) == ("digits", 0, 143)


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "mine.toml").write_text("mine")
    with pytest.raises(ValueError, match="exists already.*mine.toml"):
        write_new_recipe("mine", "x.npz", data_set(GREY), tmp_path)
    assert (tmp_path / "mine.toml").read_text() == "mine"
    with pytest.raises(ValueError, match="made of letters, digits and _. Received: 'my photos'"):
        write_new_recipe("my photos", "x.npz", data_set(GREY), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_pinet_new_says_what_was_found_and_what_comes_next(pinet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shapes = draw_shapes(tmp_path / "my photos", 40)
    code, out, _ = pinet("new", "mine", "--data", shapes)
    assert code == 0 and "train: 24 (circle 6, cross 6, square 6, triangle 6)" in out
    assert out.rstrip().endswith("pinet train mine.toml --dry-run\n  pinet train mine.toml")
    assert read_recipe("mine.toml").dataset == str(shapes)
    code, _, err = pinet("new", "mine", "--data", tmp_path / "nowhere/")  # said before any data are read
    assert code == 1 and "exists already" in err
    code, _, err = pinet("new", "other", "--data", tmp_path / "nowhere/")
    assert code == 1 and "nowhere" in err and not (tmp_path / "other.toml").exists()
