import json
import re
import shutil
import warnings

import keras
import numpy as np
import pytest

import zoo
from zoo.architectures import build, build_generator
from zoo.data.catalog import SETS
from zoo.paths import CARDS, WEIGHTS

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype="uint8")


@pytest.fixture(scope="module")
def model():
    return zoo.load("pinet_digits")


@pytest.fixture
def copy(tmp_path):
    """A card on disk with its weights next to it, for tests that damage them."""
    for source in (CARDS / "pinet_digits.json", WEIGHTS / "pinet_digits.weights.h5"):
        (tmp_path / source.parent.name).mkdir()
        shutil.copy(source, tmp_path / source.parent.name)
    return tmp_path


@pytest.mark.parametrize(
    "name, key, wrong",
    [
        ("pinet_digits", "architecture_arguments", {"depht": 3}),
        ("pinet_digits", "architecture_arguments", {"width": -1}),
        ("pinet_digits", "architecture_arguments", {"stages": "two"}),
        ("pinet_digits", "architecture", "penet"),
        ("pinet_digits_generator", "architecture_arguments", {"depht": 3}),
        ("pinet_digits_generator", "architecture_arguments", {"width": -8}),
    ],
)
def test_a_card_whose_architecture_cannot_be_built_is_named(tmp_path, name, key, wrong):
    card = zoo.card(name)
    card[key] = {**card[key], **wrong} if isinstance(wrong, dict) else wrong
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} describes no model that can be built: .*\\w"):
        zoo.load(path)


def test_uint8_and_float_pixels_give_the_same_logits(model):
    logits = np.asarray(model(IMAGES))
    assert logits.shape == (3, 10)
    assert np.allclose(logits, np.asarray(model(IMAGES.astype("float32"))), atol=1e-6)
    assert np.allclose(logits, model.predict(IMAGES, verbose=0), atol=1e-4)


def test_values_beyond_pixels_are_clipped_in_the_graph(model):
    wild = keras.ops.convert_to_tensor(np.where(IMAGES > 200, 1e6, IMAGES).astype("float32"))
    tame = np.where(IMAGES > 200, 255, IMAGES).astype("float32")
    assert np.allclose(np.asarray(keras.ops.convert_to_numpy(model(wild))), np.asarray(model(tame)), atol=1e-4)


@pytest.mark.parametrize("method", ["__call__", "predict", "predict_on_batch"])
@pytest.mark.parametrize(
    "images",
    [
        IMAGES[0],
        np.zeros((2, 9, 8, 1), "uint8"),
        np.zeros((2, 8, 8, 3), "uint8"),
        np.zeros((0, 8, 8, 1), "uint8"),
        np.full((1, 8, 8, 1), np.nan),
        np.full((1, 8, 8, 1), 256.0),
        np.full((1, 8, 8, 1), -1.0),
    ],
    ids=["rank", "size", "channels", "empty", "nan", "too bright", "negative"],
)
def test_arrays_that_are_not_pixels_are_refused(model, method, images):
    with pytest.raises(ValueError, match="Received"):
        getattr(model, method)(images)


LABELS = np.zeros(3, "int64")
FITTED = {
    "fit": lambda model, x: model.fit(x, LABELS, verbose=0),
    "fit keyword": lambda model, x: model.fit(x=x, y=LABELS, verbose=0),
    "fit list": lambda model, x: model.fit([x], LABELS, verbose=0),
    "fit dict": lambda model, x: model.fit({"images": x}, LABELS, verbose=0),
    "validation data": lambda model, x: model.fit(IMAGES, LABELS, validation_data=(x, LABELS), verbose=0),
    "evaluate": lambda model, x: model.evaluate(x, LABELS, verbose=0),
    "train_on_batch": lambda model, x: model.train_on_batch(x, LABELS),
    "test_on_batch": lambda model, x: model.test_on_batch(x, LABELS),
}


@pytest.fixture(scope="module")
def compiled():
    model = zoo.load("pinet_digits")
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    return model


@pytest.mark.parametrize("use", FITTED.values(), ids=FITTED)
@pytest.mark.parametrize("value", [999.0, np.nan])
def test_training_and_evaluation_refuse_what_is_no_pixel_before_a_weight_moves(compiled, use, value):
    wrong = IMAGES.astype("float32")
    wrong[1, 2, 3] = value
    before = compiled.get_weights()
    with pytest.raises(ValueError, match="Received: values from"):
        use(compiled, wrong)
    assert all(np.array_equal(old, new) for old, new in zip(before, compiled.get_weights(), strict=True))


CALLED = {
    "call": lambda model, x: model(x),
    "predict": lambda model, x: model.predict(x, verbose=0),
    "predict_on_batch": lambda model, x: model.predict_on_batch(x),
}


def warned(model, use, x, repeat=1):
    """What the user sees of warnings, and where each points to."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(repeat):
            use(model, x)
    return [(str(each.message), each.filename) for each in caught if "multiply" in str(each.message).lower()]


@pytest.mark.parametrize("use", [*CALLED.values(), *FITTED.values()], ids=[*CALLED, *FITTED])
def test_images_divided_by_255_are_warned_of_once_where_they_are_given(use):
    model = zoo.load("pinet_digits", weights=None)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    for fine in (IMAGES, IMAGES * 0, IMAGES.astype("float32")):
        assert warned(model, use, fine) == []
    ((words, file),) = warned(model, use, IMAGES / 255, repeat=3)
    assert words.startswith("No pixel is above 1") and file == __file__


def test_the_digits_of_scikit_learn_are_warned_of_as_they_come():
    from sklearn.datasets import load_digits

    digits, model = load_digits(), zoo.load("pinet_digits")
    images, right = digits.images[..., None], lambda x: np.mean(CALLED["predict"](model, x).argmax(1) == digits.target)
    assert warned(model, CALLED["predict"], images * (255 / 16)) == []
    ((words, _),) = warned(model, CALLED["predict"], images)
    assert "255 / 16" in words
    assert right(images) < 0.2 < 0.9 < right(images * (255 / 16))


def test_audio_clips_in_minus_1_to_1_are_warned_of_once():
    clip = np.random.default_rng(0).uniform(-1, 1, (2, 8192))
    loud, quiet = np.where(clip == clip[0, 0], -1.5, clip), np.sign(clip).astype("int16")
    for use in CALLED.values():
        model = zoo.load("pinet_spoken_digit", weights=None)
        for fine in (clip * 32767, clip * 0, loud, quiet):  # of integers there is no other scale
            assert warned(model, use, fine) == []
        ((words, file),) = warned(model, use, clip, repeat=2)
        assert words.startswith("No sample is beyond -1..1") and "by 32767" in words and file == __file__


def test_an_audio_model_checks_its_training_data():
    model = zoo.load("pinet_spoken_digit", weights=None)
    model.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(ValueError, match="Received"):
        model.fit(np.full((2, 8192), 40000.0), np.zeros((2, 10)), verbose=0)


def test_the_whole_model_saves_and_loads_as_keras_file(model, tmp_path):
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.allclose(np.asarray(again(IMAGES)), np.asarray(model(IMAGES)), atol=1e-6)


def test_a_keras_file_with_a_lambda_is_refused(tmp_path):
    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Lambda(lambda x: 2 * x)(inputs)).save(tmp_path / "lambda.keras")
    with pytest.raises(ValueError, match="[Ll]ambda"):
        keras.saving.load_model(tmp_path / "lambda.keras", safe_mode=True)


def test_num_classes_gives_a_new_head_on_the_trained_body(model):
    tuned = zoo.load("pinet_digits", num_classes=3)
    assert tuned.output_shape == (None, 3)
    features = zoo.load("pinet_digits", include_top=False)
    kernel, bias = model.get_layer("logits").get_weights()
    assert np.allclose(np.asarray(features(IMAGES)) @ kernel + bias, np.asarray(model(IMAGES)), atol=1e-4)
    kernel, bias = tuned.get_layer("logits").get_weights()
    assert np.allclose(np.asarray(features(IMAGES)) @ kernel + bias, np.asarray(tuned(IMAGES)), atol=1e-4)


def test_without_weights_the_model_is_untrained(model):
    fresh = zoo.load("pinet_digits", weights=None)
    assert not np.allclose(np.asarray(fresh(IMAGES)), np.asarray(model(IMAGES)), atol=1e-2)


def test_weights_from_a_path(model):
    again = zoo.load("pinet_digits", weights=WEIGHTS / "pinet_digits.weights.h5")
    assert np.array_equal(np.asarray(again(IMAGES)), np.asarray(model(IMAGES)))


def test_fine_tuned_weights_come_back_with_the_number_of_classes_they_were_saved_with(tmp_path):
    tuned, path = zoo.load("pinet_digits", num_classes=3), tmp_path / "tuned.weights.h5"
    kernel, bias = tuned.get_layer("logits").get_weights()
    tuned.get_layer("logits").set_weights([kernel + 1, bias + 1])
    tuned.save_weights(path)
    again = zoo.load("pinet_digits", weights=path, num_classes=3)
    assert np.array_equal(np.asarray(again(IMAGES)), np.asarray(tuned(IMAGES)))
    features = zoo.load("pinet_digits", weights=path, include_top=False)
    assert np.allclose(np.asarray(features(IMAGES)) @ (kernel + 1) + bias + 1, np.asarray(tuned(IMAGES)), atol=1e-3)
    for wrong in (None, 2, 10):
        with pytest.raises(ValueError, match="a head of 3 classes: load it with num_classes=3"):
            zoo.load("pinet_digits", weights=path, num_classes=wrong)
    features.save_weights(tmp_path / "features.weights.h5")
    with pytest.raises(ValueError, match="holds no head: load it with include_top=False"):
        zoo.load("pinet_digits", weights=tmp_path / "features.weights.h5")
    body = zoo.load("pinet_digits", weights=tmp_path / "features.weights.h5", include_top=False)
    assert np.array_equal(np.asarray(body(IMAGES)), np.asarray(features(IMAGES)))


@pytest.mark.parametrize(
    "name, other",
    [
        ("pinet_cifar10", "pinet_cifar10_activated"),  # differs in an activation function
        ("pinet_mnist_generator", "linear_mnist_generator"),  # in sums for products
    ],
)
def test_weights_of_a_model_that_computes_something_else_with_them_are_refused(name, other):
    with pytest.raises(ValueError, match=f"does not hold the weights of {name}.*named '{other}'"):
        zoo.load(name, weights=WEIGHTS / f"{other}.weights.h5")


@pytest.mark.parametrize("mirrored", [False, True])
def test_weights_of_other_layers_are_refused_whatever_the_model_was_called(tmp_path, mirrored):
    card = zoo.card("pinet_cifar10_encrypted")
    scale, path = SETS["cifar10"], tmp_path / "other.weights.h5"
    card["architecture_arguments"] |= {"mirrored": mirrored}  # then its layers are those of a model in the model
    own = tmp_path / "own.json"
    own.write_text(json.dumps(card))
    arguments = card["architecture_arguments"] | {"activation": "relu"}
    shape = (scale["shape"], scale["mean"], scale["std"], 10)
    build(card["architecture"], arguments, *shape, name=card["name"]).save_weights(path)
    with pytest.raises(ValueError, match="belongs to another model .the layers .*_activation.* in one of them only"):
        zoo.load(own, weights=path)


def test_mean_and_std_are_those_of_the_card(copy):
    path = copy / "cards" / "pinet_digits.json"
    path.write_text(path.read_text().replace("77.89", "70.5").replace("95.87", "90.5"))
    scaling = zoo.load(path).get_layer("pixels")
    assert (scaling.mean, scaling.std) == ([70.5], [90.5])


def test_a_card_on_disk_loads_the_weights_next_to_it(model, copy):
    again = zoo.load(copy / "cards" / "pinet_digits.json")
    assert np.array_equal(np.asarray(again(IMAGES)), np.asarray(model(IMAGES)))


def test_tampered_and_truncated_weights_are_refused_by_name(copy):
    path = copy / "weights" / "pinet_digits.weights.h5"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100] + bytes(100))
    with pytest.raises(ValueError, match="pinet_digits.weights.h5 is not the one its card describes"):
        zoo.load(copy / "cards" / "pinet_digits.json")
    path.write_bytes(whole[:1000])
    with pytest.raises(ValueError, match="pinet_digits.weights.h5 is not the one.*1000 bytes"):
        zoo.load(copy / "cards" / "pinet_digits.json")
    path.unlink()
    with pytest.raises(FileNotFoundError, match="pinet_digits.weights.h5 is missing"):
        zoo.load(copy / "cards" / "pinet_digits.json")


def test_weights_of_another_model_or_no_weights_are_refused(tmp_path):
    other = build("pinet", {"width": 8, "stages": 2, "growth": 1.0, "head": "flatten"}, (8, 8, 1), [0.0], [1.0], 10)
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(ValueError, match="does not hold the weights of pinet_digits"):
        zoo.load("pinet_digits", weights=tmp_path / "other.weights.h5")
    (tmp_path / "text.weights.h5").write_text("no weights", encoding="utf-8")
    with pytest.raises(ValueError, match="does not hold the weights of pinet_digits"):
        zoo.load("pinet_digits", weights=tmp_path / "text.weights.h5")
    with pytest.raises(FileNotFoundError, match="There is no weights file"):
        zoo.load("pinet_digits", weights=tmp_path / "absent.weights.h5")


def test_calibrated_logits_are_divided_by_the_temperature(model):
    temperature = zoo.card("pinet_digits")["calibration"]["temperature"]
    calibrated = zoo.load("pinet_digits", calibrated=True)
    np.testing.assert_allclose(
        np.asarray(calibrated(IMAGES)), np.asarray(model(IMAGES)) / temperature, rtol=1e-5, atol=1e-6
    )
    for arguments in ({"weights": None}, {"num_classes": 3}, {"include_top": False}):
        with pytest.raises(ValueError, match="`calibrated` needs the trained weights and their head"):
            zoo.load("pinet_digits", calibrated=True, **arguments)


def test_numpys_integers_count_classes_wherever_a_model_is_built_and_survive_a_file(tmp_path):
    three, card = np.int64(3), zoo.card("pinet_digits_generator")
    arguments = (card["architecture"], card["architecture_arguments"], card["latent_size"], card["output_shape"])
    models = {
        "loaded": zoo.load("pinet_digits", num_classes=three),
        "built": build("pinet", {"width": 8, "stages": 2}, (8, 8, 1), [0.0], [1.0], three, name="mine"),
        "generator": build_generator(*arguments, three, np.int32(4), name="generator"),
    }
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
        again = keras.saving.load_model(tmp_path / f"{name}.keras")
        assert (again.num_classes if name == "generator" else again.output_shape[1]) == 3
    for bad in (0, True, 2.0, "3"):
        for make in (
            lambda: zoo.load("pinet_digits", num_classes=bad),  # noqa: B023 called at once
            lambda: build("pinet", {"width": 8, "stages": 2}, (8, 8, 1), [0.0], [1.0], bad),  # noqa: B023
            lambda: build_generator(*arguments, bad),  # noqa: B023
        ):
            with pytest.raises(ValueError, match=f"an integer of at least 1.*Received: num_classes={bad!r}"):
                make()


@pytest.mark.parametrize(
    "bad",
    [
        {"num_classes": 0},
        {"num_classes": 2.5},
        {"num_classes": 3, "include_top": False},
        {"num_classes": 0, "weights": WEIGHTS / "pinet_digits.weights.h5"},
    ],
)
def test_impossible_heads_are_refused(bad):
    with pytest.raises(ValueError, match="Received: num_classes="):
        zoo.load("pinet_digits", **bad)
