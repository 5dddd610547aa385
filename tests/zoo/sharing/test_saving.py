"""`zoo.save` writes a folder that stands for the model, in Python and in every command."""

import json
from pathlib import Path

import jsonschema
import keras
import numpy as np
import pytest

import zoo
from zoo.architectures import build
from zoo.architectures.parts.built_model import Origin
from zoo.data.loading import load_set
from zoo.data.samples import patterns
from zoo.generation.sampling import sample
from zoo.measuring import evaluate
from zoo.paths import CARD_SCHEMA, SAMPLES

IMAGES = patterns((8, 8, 1), seed=5)
DIGITS = [str(SAMPLES / f"digits_{digit}_0.png") for digit in (4, 9)]


def logits_of(model, examples=IMAGES):
    return keras.ops.convert_to_numpy(model(examples))


def test_a_saved_model_comes_back_with_what_is_known_of_it(trained, saved):
    card, again = zoo.card(saved), zoo.load(saved)
    np.testing.assert_allclose(logits_of(again), logits_of(trained), atol=1e-2)  # float16
    assert (card["name"], card["class_names"], card["license"]) == ("even_or_odd", ["even [2]", "odd / ñ"], "MIT")
    assert (card["tier"], card["degree"], card["input_shape"]) == (3, 4, [8, 8, 1])
    assert card["preprocessing"] == {"mean": [77.89], "std": [95.87]}
    assert card["dataset"] == {"name": None, "sha256": None} and "accuracy" not in card
    validator = jsonschema.Draft202012Validator(json.loads(CARD_SCHEMA.read_text(encoding="utf-8")))
    assert not [error.message for error in validator.iter_errors(card)]


def test_the_model_that_is_saved_keeps_its_weights(here, trained):
    before = trained.get_weights()
    zoo.save(trained, "models/kept")
    assert all(np.array_equal(old, new) for old, new in zip(before, trained.get_weights(), strict=True))
    assert trained.name == "pinet_digits" and zoo.load("models/kept").name == "kept"


def test_golden_outputs_are_those_of_the_folder(saved):
    golden = zoo.card(saved)["golden"]
    logits = logits_of(zoo.load(saved), patterns((8, 8, 1), seed=golden["seed"]))
    assert np.abs(logits - golden["logits"]).max() < 1e-3 and len(logits) == 10


def test_a_known_data_set_has_its_samples_as_golden_inputs(here):
    card = zoo.save(zoo.load("pinet_digits"), "models/again", dataset="digits")
    shipped = zoo.card("pinet_digits")["golden"]
    assert card["golden"]["images"] == shipped["images"]
    np.testing.assert_allclose(card["golden"]["logits"], shipped["logits"], atol=1e-3)


def numbers(entry):
    """The numbers of an entry of a card, those of each column of bins; NaN in place of null."""
    return [np.array(each, "float64") for each in (entry.values() if isinstance(entry, dict) else [entry])]


def test_accuracy_and_temperature_are_measured_where_data_are_given(here):
    """With the data of the shipped model, they are those of its card."""
    data, shipped = load_set("digits"), zoo.card("pinet_digits")
    card = zoo.save(
        zoo.load("pinet_digits"),
        "models/measured",
        dataset=data,
        validation=(data.x_train[-300:], data.y_train[-300:]),
        test=(data.x_test, data.y_test),
    )
    assert card["accuracy"] == shipped["accuracy"] and card["class_names"] == list("0123456789")
    assert card["dataset"] == shipped["dataset"]
    for key, value in shipped["calibration"].items():
        for found, expected in zip(numbers(card["calibration"][key]), numbers(value), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-3, err_msg=key)
    assert evaluate("models/measured")["reproduces_card"]


def test_a_keras_file_of_a_tuned_model_can_still_be_saved_as_a_folder(here, trained):
    trained.save("tuned.keras")
    again = keras.saving.load_model("tuned.keras")
    assert again.origin == trained.origin
    zoo.save(again, "models/tuned")
    np.testing.assert_allclose(logits_of(zoo.load("models/tuned")), logits_of(trained), atol=1e-2)


def test_any_model_of_our_architectures_can_be_saved(here):
    model = build("polynet", {"width": np.int64(4)}, (32, 32, 3), [120.0] * 3, [60.0] * 3, 2, name="built")
    card = zoo.save(model, "models/built here")
    assert (card["name"], card["degree"], card["architecture_arguments"]) == ("built_here", 32, {"width": 4})
    model = build("resnet", {"widths": (4, 8), "blocks": 1}, (8, 8, 1), [0.0], [255.0], 2, name="built")
    assert zoo.save(model, "models/residual")["architecture_arguments"] == {"widths": [4, 8], "blocks": 1}
    assert zoo.load("models/residual").count_params() == model.count_params()


def test_generators_are_saved_too(here):
    model = zoo.load("pinet_digits_generator")
    card = zoo.save(model, "models/drawing", class_names=list("abcdefghij"))
    assert card["class_names"] == list("abcdefghij") and (card["tier"], card["degree"]) == (2, 22)
    old, new = (sample(each, 4, seed=1)[0].astype(int) for each in (model, zoo.load("models/drawing")))
    assert np.abs(old - new).max() <= 2 and card["golden"]["seed"] == 0
    with pytest.raises(ValueError, match="is for classifiers"):
        zoo.save(model, "models/other", test=(IMAGES, np.zeros(10, "int64")))


def test_every_command_takes_the_folder(pinet, saved):
    assert json.loads(pinet("info", saved, "--json")[1])["name"] == "even_or_odd"
    code, out, err = pinet("info", saved)
    assert code == 0 and "even [2], odd / ñ" in out and "not measured" in out and "MIT" in out, err
    code, out, _ = pinet("predict", saved, *DIGITS, "--json")
    assert [each["predictions"][0]["class"] for each in json.loads(out)] == ["even [2]", "odd / ñ"]
    code, out, _ = pinet("predict", saved, *DIGITS)
    assert code == 0 and "even [2]" in out
    code, out, err = pinet("certify", saved, "--verify", "--json")
    assert code == 0 and json.loads(out)["claim"]["holds"] and json.loads(out)["verification"]["verdict"] == "holds"
    code, out, err = pinet("boundary", saved, DIGITS[0], "--toward", DIGITS[1])
    assert code == 0 and "odd / ñ" in out, err
    assert pinet("boundary", saved, DIGITS[0], "--toward", DIGITS[1], "--third", DIGITS[0][:-7] + "1_0.png")[0] == 0
    code, out, err = pinet("export", saved, "served")
    assert code == 0 and Path("served/even_or_odd/1/saved_model.pb").is_file(), err


def test_evaluate_takes_data_where_the_card_names_none(pinet, saved):
    code, out, err = pinet("evaluate", saved)
    assert (code, out) == (1, "") and "names no data set: give its data, `--data DATA`" in err
    data = load_set("digits")
    arrays = {"x_train": data.x_train, "y_train": data.y_train % 2, "x_test": data.x_test, "y_test": data.y_test % 2}
    np.savez("parity.npz", **arrays)
    code, out, _ = pinet("evaluate", saved, "--data", "parity.npz", "--json")
    result = json.loads(out)
    assert code == 0 and result["accuracy"] > 0.8 and result["card_accuracy"] is None
    code, out, _ = pinet("evaluate", saved, "--data", "parity.npz")
    assert code == 0 and "not measured" in out and "no metrics to compare with" in out
    np.savez("digits.npz", **{**arrays, "y_test": data.y_test})
    assert "must lie in 0..1. Received: 0..9" in pinet("evaluate", saved, "--data", "digits.npz")[2]


def test_the_same_data_refute_no_card_that_holds_no_accuracy(pinet, here):
    card = zoo.save(zoo.load("pinet_digits"), "models/again", dataset=load_set("digits"))
    assert card["dataset"] == zoo.card("pinet_digits")["dataset"] and "accuracy" not in card
    code, out, err = pinet("evaluate", "models/again", "--json")
    result = json.loads(out)
    assert (code, result["same_data_as_card"], result["reproduces_card"]) == (0, False, False), err


def test_every_command_takes_the_folder_of_a_generator(pinet, here):
    folder = "models/drawing"
    names = ["../0", *"123456789"]
    zoo.save(zoo.load("pinet_digits_generator"), folder, class_names=names)
    code, _, err = pinet("generate", folder, "-n", 2, "--out-dir", "all")
    assert code == 0 and sorted(path.name for path in Path("all").iterdir()) == [
        "drawing_0_0000_.._0.png",
        "drawing_0_0001_1.png",
    ], err
    assert pinet("info", folder)[0] == pinet("certify", folder)[0] == pinet("export", folder, "served")[0] == 0
    code, _, err = pinet("evaluate", folder)
    assert code == 1 and "this card has no metrics" in err


BAD = {
    "features": (lambda: zoo.load("pinet_digits", include_top=False), {}, "saved with its head"),
    "plain model": (lambda: keras.Sequential([keras.Input((4,))], name="plain"), {}, "Received: 'plain'"),
    "no model": (lambda: "pinet_digits", {}, "Received: 'pinet_digits'"),
    "too few names": (None, {"class_names": ["even"]}, "must be 2 different names"),
    "same names": (None, {"class_names": ["even", "even"]}, "must be 2 different names"),
    "a string": (None, {"class_names": "eo"}, "must be 2 different names"),
    "name": (None, {"name": "a/b"}, "letters, digits and _.*Received: name='a/b'"),
    "no pair": (None, {"test": IMAGES}, "`test` must be a pair"),
    "labels": (None, {"test": (IMAGES, np.arange(10))}, "`test` must lie in 0..1. Received: 0..9"),
    "float labels": (None, {"validation": (IMAGES, np.zeros(10))}, "`validation` must be 10 integers"),
    "examples": (None, {"test": (IMAGES / 1e9 + np.nan, np.zeros(10, "int64"))}, "Received: values from nan"),
    "data set": (None, {"dataset": 3}, "dataset.name is of type int"),
    "checksum": (None, {"dataset": {"name": "x", "sha256": "y"}}, "dataset.sha256 is 'y'"),
    "description": (None, {"description": object()}, "A card cannot hold what was given"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_saved_is_refused_in_words_and_leaves_nothing(here, trained, case):
    model, arguments, words = BAD[case]
    with pytest.raises(ValueError, match=words):
        zoo.save(model() if model else trained, "models/new", **arguments)
    assert not [path for path in here.rglob("*") if path.is_file()]


def test_a_model_that_was_changed_after_it_was_built_is_refused(here):
    model = build("pinet", {"width": 4, "stages": 1}, (8, 8, 1), [100.0], [50.0], 2, name="changed")
    model.get_layer("logits").activation = keras.activations.tanh
    with pytest.raises(ValueError, match="changed is not the network that 'pinet' builds.*was changed since"):
        zoo.save(model, "models/changed")
    model = build("pinet", {"width": 4, "stages": 1}, (8, 8, 1), [100.0], [50.0], 2, name="changed")
    model.origin = Origin("pinet", {"width": 4, "stages": 2})
    with pytest.raises(ValueError, match="was changed since"):
        zoo.save(model, "models/changed")


def test_a_folder_that_is_taken_is_left_as_it_is(saved, trained):
    weights = Path(saved, "weights/even_or_odd.weights.h5").read_bytes()
    with pytest.raises(ValueError, match="holds the model even_or_odd already; overwrite=True"):
        zoo.save(trained, saved)
    with pytest.raises(ValueError, match="holds the model even_or_odd already; name another one"):
        zoo.save(trained, saved, name="other", overwrite=True)
    with pytest.raises(ValueError, match="Received: values"):  # after the weights were written
        zoo.save(trained, saved, overwrite=True, test=(IMAGES * 1000.0, np.zeros(10, "int64")))
    assert Path(saved, "weights/even_or_odd.weights.h5").read_bytes() == weights and zoo.load(saved)
    zoo.save(trained, saved, overwrite=True, note="the second")
    assert zoo.card(saved)["note"] == "the second" and zoo.load(saved)
    Path(saved, "run.json").write_text("{}")
    with pytest.raises(ValueError, match="holds a training run already"):
        zoo.save(trained, saved, overwrite=True)
