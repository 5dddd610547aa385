"""Training and evaluation on data of one's own, end to end."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.data.fixed_batches import FixedBatches, streamed
from zoo.evaluation.classifiers import predict_logits
from zoo.recipes import read_recipe
from zoo.training import fitting
from zoo.training.input_scaling import input_scaling
from zoo.training.recipe_data import recipe_data

SMALL = ("--set", "architecture_arguments.width=2", "--set", "batch_size=8", "--epochs", "1")


@pytest.fixture
def shades(tmp_path, monkeypatch):
    """40 images of 16×16: dark and light ones."""
    for label, grey in (("dark & dim", 60), ("light", 180)):
        folder = tmp_path / "shades" / label
        folder.mkdir(parents=True)
        for index in range(20):
            pixels = np.random.default_rng(grey + index).normal(grey, 20, (16, 16, 3)).clip(0, 255)
            Image.fromarray(pixels.astype("uint8")).save(folder / f"{index}.png")
    monkeypatch.chdir(tmp_path)
    return "shades"


def test_train_evaluate_and_predict_on_a_folder(pinet, shades):
    code, out, err = pinet("train", "pinet_digits", "--data", shades, *SMALL)
    assert code == 0 and "shades: image files, 2 classes, 16×16 pixels, colour" in err
    assert "train: 28 (dark & dim 14, light 14)" in err and "validation: 6" in err
    assert "sizes: 16×16 in 40" in err and re.search(r"reads and augments [\d,]+ examples/s", err)
    assert "pinet evaluate runs/pinet_digits --data shades" in out
    card = zoo.card("runs/pinet_digits")
    assert card["class_names"] == ["dark & dim", "light"] and card["input_shape"] == [16, 16, 3]
    found = zoo.open_data(shades)
    assert card["preprocessing"] == dict(zip(("mean", "std"), input_scaling(found), strict=True))
    assert card["dataset"] == {"name": "shades", "sha256": found.sha256}
    assert {key: card["training"]["recipe"][key] for key in ("dataset", "validation")} == {
        "dataset": "shades",
        "validation": 6,
    }
    code, out, _ = pinet("evaluate", "runs/pinet_digits", "--json")
    assert code == 0 and json.loads(out)["reproduces_card"] and json.loads(out)["examples"] == 6
    code, out, _ = pinet("predict", "runs/pinet_digits", f"{shades}/light", "--json")
    assert code == 0 and {guess["class"] for guess in json.loads(out)[0]["predictions"]} == {"dark & dim", "light"}


def test_a_model_is_not_evaluated_on_other_classes(pinet, shades, tmp_path):
    (tmp_path / "other" / "cat").mkdir(parents=True)
    (tmp_path / "other" / "dog").symlink_to(tmp_path / "shades" / "light")
    for path in (tmp_path / "shades" / "dark & dim").iterdir():
        (tmp_path / "other" / "cat" / path.name).write_bytes(path.read_bytes())
    code, _, err = pinet("evaluate", "pinet_digits", "--data", "other")
    assert (
        code == 1 and "pinet_digits was trained on other classes, 0, 1, 2, 3, 4 and 5 more. Received: cat, dog" in err
    )


def test_a_recipe_names_its_data_and_how_much_is_held_out(shades):
    recipe = replace(read_recipe("pinet_digits"), dataset=shades, validation=9)
    assert recipe_data(recipe)[0].validation == 9
    assert recipe_data(replace(recipe, validation=0))[0].validation == 6
    changed, found = recipe_data(read_recipe("pinet_digits"), shades)
    assert (changed.dataset, changed.validation) == (shades, 6) and found.name == shades


def test_an_npz_of_the_known_kind_replaces_arrays_and_another_one_is_data_of_its_own(small_npz, small_arrays, tmp_path):
    recipe = read_recipe("pinet_digits")
    same, found = recipe_data(recipe, small_npz)
    assert same == recipe and found.name == "digits" and found.class_names == tuple("0123456789")
    path = tmp_path / "own.npz"
    np.savez(path, **small_arrays, class_names=[f"digit {index}" for index in range(10)])
    own, found = recipe_data(recipe, path)
    assert own.dataset == str(path) and found.class_names[3] == "digit 3" and own.validation == found.validation > 0


def test_keys_without_a_meaning_for_the_data_are_refused(shades):
    with pytest.raises(ValueError, match="'gain' has no meaning for shades, which holds images"):
        recipe_data(replace(read_recipe("pinet_digits"), dataset=shades, gain=3.0))
    with pytest.raises(ValueError, match="'validation' must be above 0 for digits"):
        replace(read_recipe("pinet_digits"), validation=0)


def test_scaling_is_found_from_the_training_split(shades):
    found = zoo.open_data(shades)
    pixels = np.asarray(found.x_train, "float64")
    mean, std = input_scaling(found)
    np.testing.assert_allclose(mean, pixels.mean((0, 1, 2)), atol=0.006)
    np.testing.assert_allclose(std, pixels.std((0, 1, 2)), atol=0.006)
    clips = np.random.default_rng(0).normal(0, 3000, (40, 4096)).astype("int16")
    audio = zoo.open_data((clips, np.arange(40) % 2))
    recipe = replace(read_recipe("pinet_spoken_digit"), dataset="arrays", samples=0)
    scaled = fitting.keras.Model(
        (model := fitting.untrained(recipe, audio)).input, model.get_layer("pixels").output
    ).predict(np.asarray(audio.x_train), verbose=0)
    assert abs(scaled.mean()) < 0.05 and scaled.std() == pytest.approx(1, abs=0.05)


def test_mapped_files_are_read_batch_by_batch(shades):
    found = zoo.open_data(shades)
    assert isinstance(found.x_train, np.memmap)
    batches = streamed(found.x_train, found.y_train, 8)
    assert isinstance(batches, FixedBatches) and [len(batches[step][0]) for step in range(len(batches))] == [8] * 4 + [
        2
    ]
    in_memory = np.array(found.x_train)
    assert streamed(in_memory, None, 8) is in_memory
    model = fitting.untrained(replace(read_recipe("pinet_digits"), dataset=shades), found)
    done = []
    expected, logits = predict_logits(model, in_memory, 8), predict_logits(model, found.x_train, 8, done.append)
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)
    assert done[-1] == 34


def test_a_contact_sheet_and_counts_are_shown(pinet, shades, tmp_path):
    (tmp_path / "shades" / "light" / "bad.png").write_bytes(b"")
    code, out, _ = pinet("data", shades, "-o", "sheet.png")
    assert code == 0 and "light/bad.png: The file is empty." in out and "written: sheet.png" in out
    rows = [line.split() for line in out.splitlines()]
    assert ["light", "14", "3", "3"] in rows and ["all", "28", "6", "6"] in rows
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet[30:60, 10:60].mean() < 100 < sheet[130:160, 10:60].mean()  # a row of dark images, one of light ones
    code, out, _ = pinet("data", shades, "--json", "--image-size", "8")
    facts = json.loads(out)
    assert facts["shape"] == [8, 8, 3] and facts["counts"]["test"]["light"] == 3
    code, out, _ = pinet("data", "digits", "--json")
    assert json.loads(out)["counts"]["train"]["0"] > 100


def test_clips_are_drawn_as_spectrograms(pinet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clips = np.random.default_rng(0).normal(0, 3000, (20, 4096)).astype("int16")
    np.savez("clips.npz", x=clips, y=np.arange(20) % 2)
    assert pinet("data", "clips.npz", "-o", "sheet.png")[0] == 0
    assert Image.open("sheet.png").width > 500
