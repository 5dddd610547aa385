"""`pinet generate`, and the other commands with a generator."""

import itertools
import json
import re

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.generation.sampling import sample

NAME = "pinet_digits_generator"


def pixels(path):
    return np.asarray(Image.open(path))


def test_generate_writes_the_images_of_the_seed(pinet, tmp_path):
    code, out, err = pinet(
        "generate", NAME, "-n", 12, "--seed", 5, "-o", tmp_path / "g.png", "--out-dir", tmp_path / "all"
    )
    assert (code, err) == (0, "")
    assert str(tmp_path / "g.png") in out
    expected, _ = sample(zoo.load(NAME), 12, seed=5)
    files = sorted((tmp_path / "all").iterdir())
    assert [file.name for file in files[:3]] == [f"{NAME}_5_000{index}_{index}.png" for index in range(3)]
    np.testing.assert_array_equal(np.stack([pixels(file) for file in files]), expected[..., 0])
    page = Image.open(tmp_path / "g.png")
    assert page.width > 10 * 64 and page.height > 2 * 64  # a class a column, and the rest below
    for file, left, top in ((files[0], 8, 34), (files[11], 80, 124)):
        np.testing.assert_array_equal(np.asarray(page)[top : top + 64 : 8, left : left + 64 : 8], pixels(file))


def test_generate_takes_a_label_and_interpolates_between_seeds(pinet, tmp_path):
    assert (
        pinet("generate", NAME, "-n", 9, "--label", 3, "-o", tmp_path / "g.png", "--out-dir", tmp_path / "threes")[0]
        == 0
    )
    threes = sorted((tmp_path / "threes").iterdir())
    assert all(file.stem.endswith("_3") for file in threes) and len(threes) == 9
    arguments = ("-n", 9, "--label", 3, "--seed", 0, "--interpolate", 4, "-o", tmp_path / "w.png")
    assert pinet("generate", NAME, *arguments, "--out-dir", tmp_path / "walk")[0] == 0
    walk = [pixels(file).astype(float) for file in sorted((tmp_path / "walk").iterdir())]
    np.testing.assert_array_equal(walk[0], pixels(threes[0]))
    steps = [np.abs(after - before).mean() for before, after in itertools.pairwise(walk)]
    assert 0 < max(steps) < np.abs(walk[-1] - walk[0]).mean()  # it goes there in small steps


def test_generate_takes_a_class_by_its_name_or_its_number(pinet, tmp_path):
    for label in ("ship", 8):
        arguments = ("-n", 2, "--label", label, "-o", tmp_path / f"{label}.png")
        assert pinet("generate", "pinet_cifar10_generator", *arguments)[0] == 0
    np.testing.assert_array_equal(pixels(tmp_path / "ship.png"), pixels(tmp_path / "8.png"))


def drawn(pinet, folder, *arguments):
    """The single images that `pinet generate` writes."""
    assert pinet("generate", NAME, *arguments, "-o", folder / "g.png", "--out-dir", folder / "all")[0] == 0
    return np.stack([pixels(file) for file in sorted((folder / "all").iterdir())])


def test_truncation_makes_images_of_a_class_alike(pinet, tmp_path):
    spread = {
        truncation: drawn(pinet, tmp_path / truncation, "-n", 6, "--label", 3, "--truncation", truncation).std(axis=0)
        for truncation in map(_folder_of(tmp_path), ("1", "0.5", "0"))
    }
    assert spread["1"].mean() > spread["0.5"].mean() > spread["0"].mean() == 0


def test_scale_repeats_pixels_or_enlarges_smoothly(pinet, tmp_path):
    folder = _folder_of(tmp_path)
    plain, large, smooth = (
        drawn(pinet, tmp_path / folder(name), "-n", 2, *options)
        for name, options in (("1", ()), ("3", ("--scale", 3)), ("s", ("--scale", 3, "--smooth")))
    )
    np.testing.assert_array_equal(large, plain.repeat(3, axis=1).repeat(3, axis=2))
    assert smooth.shape == large.shape and 0 < np.abs(smooth.astype(float) - large).mean() < 64
    assert (
        Image.open(tmp_path / "3" / "g.png").height < Image.open(tmp_path / "1" / "g.png").height
    )  # 24 pixels, not 64


def test_a_morph_goes_from_one_class_to_another(pinet, tmp_path):
    folder = _folder_of(tmp_path)
    way = drawn(pinet, tmp_path / folder("way"), "-n", 5, "--label", 3, "--morph", 8, "--seed", 4).astype(float)
    for place, label in ((0, 3), (-1, 8)):
        end = drawn(pinet, tmp_path / folder(f"{label}"), "-n", 1, "--label", label, "--seed", 4)[0]
        assert np.abs(way[place] - end).max() <= 2
    steps = [np.abs(after - before).mean() for before, after in itertools.pairwise(way)]
    assert 0 < max(steps) < np.abs(way[-1] - way[0]).mean()


def _folder_of(tmp_path):
    """Makes a folder of a name, and gives the name."""

    def made(name):
        (tmp_path / name).mkdir()
        return name

    return made


@pytest.mark.parametrize(
    "arguments, words",
    [
        (
            ("pinet_digits",),
            "for image generation there are: .*pinet_digits_generator",
        ),
        ((NAME, "--label", "ten"), "`label` must be one of 0, 1, .*Received: label='ten'"),
        (("pinet_cifar10_generator", "--label", "10"), "one of airplane, .*or a number below 10"),
        (("nobody",), "No model has that name"),
        ((NAME, "--morph", "3"), "`morph` needs `label`, .* Received: morph='3', label=None"),
        ((NAME, "--morph", "3", "--label", "1", "--interpolate", "2"), "so no `interpolate`"),
    ],
)
def test_generate_refuses(pinet, tmp_path, arguments, words):
    code, out, err = pinet("generate", *arguments, "-o", tmp_path / "g.png")
    assert code == 1 and out == ""
    assert re.search(words, err)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments", [("predict", NAME, "x.png"), ("boundary", NAME, "x.png", "--toward", "y.png")], ids=lambda a: a[0]
)
def test_commands_for_classifiers_send_one_to_generate(pinet, arguments):
    code, _, err = pinet(*arguments)
    assert code == 1 and f"{NAME} is a model for image generation" in err


def test_list_and_info_show_generators(pinet):
    card = zoo.card(NAME)
    assert f"{card['quality']['class_accuracy'] * 100:.1f} % class acc." in pinet("list")[1]
    out = pinet("info", NAME)[1]
    for words in ("degree 22 in the noise", "metrics of training images", "Fréchet distance", "recall"):
        assert words in out


def test_evaluate_reproduces_the_card_and_draws_the_nearest_training_images(pinet, tmp_path):
    code, out, err = pinet("evaluate", NAME, "--sheet", tmp_path / "nearest.png")
    assert (code, err) == (0, "")
    assert "The card's metrics are reproduced." in out
    page = np.asarray(Image.open(tmp_path / "nearest.png"))
    generated, _ = sample(zoo.load(NAME), 10)
    np.testing.assert_array_equal(page[52 : 52 + 64 : 8, 8 : 8 + 64 : 8], generated[0, ..., 0])
    assert (page[52:, 72:96] == 255).all()  # the generated ones stand apart
    assert (page[26:44, 8:72] < 128).any() and (page[26:44, 96:160] < 128).any()  # under headings
    result = json.loads(pinet("evaluate", NAME, "--json")[1])
    assert result["reproduces_card"] and result["card"]["recall"] == zoo.card(NAME)["quality"]["recall"]
    assert pinet("evaluate", "pinet_digits", "--sheet", tmp_path / "s.png")[0] == 1


def test_certify_verifies_the_claim_in_the_noise(pinet):
    code, out, _ = pinet("certify", NAME, "--verify", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["claim"] == {"tier": 2, "degree": 22, "holds": True}
    assert report["verification"]["verdict"] == "holds"


def test_options_of_classifiers_are_refused_by_load():
    for options in ({"num_classes": 3}, {"include_top": False}, {"calibrated": True}):
        with pytest.raises(ValueError, match="are for classifiers; a generator has no head"):
            zoo.load(NAME, **options)
    assert zoo.load(NAME, weights=None).latent_size == zoo.card(NAME)["latent_size"]
