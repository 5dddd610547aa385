"""`zoo.predict`, `zoo.preprocess` and `zoo.decode_predictions`."""

import json
import warnings

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.paths import SAMPLES

pytestmark = pytest.mark.filterwarnings("error::UserWarning")

CAT = SAMPLES / "cifar10_cat_0.png"
FIVE = SAMPLES / "digits_5_0.png"
SEVEN = SAMPLES / "spoken_digit_7_0.wav"


def calibrated(name, file):
    """The probabilities of a bundled sample, by hand from the card's golden logits."""
    card = zoo.card(name)
    golden = card["golden"]
    logits = golden["logits"][golden["audio" if "audio" in golden else "images"].index(file.name)]
    powers = np.exp(np.array(logits) / card["calibration"]["temperature"])
    return dict(zip(card["class_names"], powers / powers.sum(), strict=True))


@pytest.mark.parametrize(
    "name, file, label",
    [("pinet_cifar10", CAT, "cat"), ("pinet_digits", FIVE, "5"), ("pinet_spoken_digit", SEVEN, "7")],
)
def test_a_file_becomes_labels_and_calibrated_probabilities(name, file, label):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        guesses = zoo.predict(name, str(file), top=10)
    assert len(told) == (file == SEVEN)  # which is shorter than what the model takes
    expected = calibrated(name, file)
    assert guesses[0][0] == label and [type(value) for value in guesses[0]] == [str, float]
    assert dict(guesses) == pytest.approx(expected, abs=1e-3)
    assert [value for _, value in guesses] == sorted((value for _, value in guesses), reverse=True)
    json.dumps(guesses, allow_nan=False)


def test_one_input_gives_one_answer_and_a_list_or_batch_gives_one_each():
    five, pixels = zoo.predict("pinet_digits", FIVE), np.asarray(Image.open(FIVE))
    assert len(five) == 5 and five[0][0] == "5"
    for same in (FIVE.read_bytes(), Image.open(FIVE), pixels, pixels[..., None], np.repeat(pixels[..., None], 3, -1)):
        assert zoo.predict("pinet_digits", same) == five
    three = zoo.predict("pinet_digits", SAMPLES / "digits_3_0.png", top=1)
    assert zoo.predict("pinet_digits", [SAMPLES / "digits_3_0.png", pixels], top=1) == [three, five[:1]]
    assert zoo.predict("pinet_digits", pixels[None, ..., None]) == [five]


def test_predict_is_preprocess_the_model_and_decode_predictions():
    files = [CAT, SAMPLES / "cifar10_dog_0.png"]
    batch = zoo.preprocess("pinet_cifar10_encrypted", files)
    assert (batch.dtype, batch.shape) == ("uint8", (2, 32, 32, 3))
    answers = zoo.predict("pinet_cifar10_encrypted", files)
    for options in ({}, {"calibrated": True}):
        logits = zoo.load("pinet_cifar10_encrypted", **options).predict(batch, verbose=0)
        for decoded, answer in zip(
            zoo.decode_predictions("pinet_cifar10_encrypted", logits, **options), answers, strict=True
        ):
            assert [label for label, _ in decoded] == [label for label, _ in answer]
            assert [value for _, value in decoded] == pytest.approx([value for _, value in answer], rel=1e-4)


def test_images_of_any_size_and_kind_become_the_models_pixels_and_each_change_is_reported():
    large = np.zeros((40, 60, 4), "uint8")
    large[..., 0], large[..., 3] = 200, 255
    large[:, 30:, 3] = 0  # transparent: laid on white
    with pytest.warns(UserWarning, match="input 1") as told:
        batch = zoo.preprocess("pinet_cifar10", [CAT, large])
    laid, resized = (str(each.message) for each in told)
    assert laid == "input 1: laid the transparent parts on white" and resized.endswith("from 60×40 to 32×32 pixels")
    assert {each.filename for each in told} == {__file__}
    assert np.array_equal(batch[0], np.asarray(Image.open(CAT)))
    assert (batch[1, 16, 2] == [200, 0, 0]).all() and (batch[1, 16, -2] == 255).all()
    with pytest.warns(UserWarning, match="resized from 28×28 to 8×8"):
        assert zoo.preprocess("pinet_digits", SAMPLES / "mnist_7_0.png").shape == (1, 8, 8, 1)


def test_a_light_background_is_warned_of():
    with pytest.warns(UserWarning, match="input 0: the background is light") as told:
        zoo.predict("pinet_digits", 255 - np.asarray(Image.open(FIVE)))
    assert told[0].filename == __file__


def test_audio_clips_are_fitted():
    with pytest.warns(UserWarning, match="laid 0.* seconds in the middle"):
        batch = zoo.preprocess("pinet_spoken_digit", SEVEN)
    assert (batch.dtype, batch.shape) == ("int16", (1, 8192))
    short = np.arange(100, dtype="int16") + 1
    assert zoo.preprocess("pinet_spoken_digit", short).sum() == short.sum()
    assert zoo.preprocess("pinet_spoken_digit", np.stack([short, short])).shape == (2, 8192)


@pytest.mark.parametrize(
    "name, inputs, words",
    [
        ("pinet_digits", [], "no input"),
        ("pinet_digits", np.zeros((8, 8)), "uint8, 0..255; multiply values in 0..1 by 255 first"),
        ("pinet_digits", np.zeros((8, 8), "int64"), "must be uint8, 0..255. Received: dtype=int64"),
        ("pinet_digits", np.zeros((5, 8, 8), "uint8"), r"batch \[batch, height, width, channels\]. Received"),
        ("pinet_digits", np.zeros((0, 8), "uint8"), "Received: shape=\\(0, 8\\)"),
        ("pinet_digits", np.zeros((0, 8, 8, 1), "uint8"), "no input"),
        ("pinet_digits", [[1, 2]], "must be one of: path, bytes of an image file, Pillow image"),
        ("pinet_digits", [None], "Received: None"),
        ("pinet_digits", b"no image", "not an image"),
        ("pinet_spoken_digit", np.zeros(9), r"int16 \[samples\].*dtype=float64"),
        ("pinet_spoken_digit", Image.new("L", (8, 8)), "path, bytes of a WAV file"),
        ("pinet_digits_generator", FIVE, "is a model for image generation"),
        ("pinet_digit", FIVE, "did you mean"),
    ],
)
def test_what_is_no_input_is_refused(name, inputs, words):
    for function in (zoo.preprocess, zoo.predict):
        with pytest.raises(ValueError, match=words):
            function(name, inputs)


def test_an_absent_file_is_named():
    with pytest.raises(FileNotFoundError, match="absent.png"):
        zoo.predict("pinet_digits", "absent.png")


LOGITS = np.eye(10, dtype="float32")[[5, 3]] * 20


@pytest.mark.parametrize(
    "predictions, options, words",
    [
        (LOGITS[0], {}, r"\[batch, 10\]. Received: predictions of shape \(10,\)"),
        (LOGITS[:, :3], {}, "of shape \\(2, 3\\)"),
        (LOGITS, {"top": 0}, "`top` must be an integer of at least 1"),
        (np.full((2, 10), 0.1), {}, "These are probabilities"),
    ],
)
def test_what_are_no_logits_is_refused(predictions, options, words):
    with pytest.raises(ValueError, match=words):
        zoo.decode_predictions("pinet_digits", predictions, **options)


def test_decoding_gives_no_answer_where_a_logit_is_beyond_float32():
    wild = LOGITS.copy()
    wild[0, 2] = np.inf
    first, second = zoo.decode_predictions("pinet_digits", wild, top=1)
    assert first == [] and second[0][0] == "3"
