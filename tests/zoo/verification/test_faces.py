"""Reading of people, embeddings, training by ArcFace, and `pinet verify`."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

import zoo
from pinet_keras.analysis import certify
from zoo.recipes import Recipe
from zoo.verification import (
    Identities,
    all_pairs,
    embeddings,
    identities,
    read_identities,
    similarities,
    tar_at_far,
    train_embedding,
    verify,
    verifying,
)

RECIPE = Recipe(
    name="people",
    description="small",
    dataset="people",
    architecture="pinet",
    architecture_arguments={"width": 4, "stages": 1, "head": "flatten", "standardized": True},
    epochs=6,
    batch_size=20,
    learning_rate=0.02,
    validation=0,
)


def drawn(people, images, seed=0):
    """People whose images differ by noise alone."""
    generator = np.random.default_rng(seed)
    faces = generator.integers(60, 196, (people, 1, 8, 8, 1))
    noise = generator.integers(-40, 41, (people, images, 8, 8, 1))
    pixels = (faces + noise).reshape(-1, 8, 8, 1).astype("uint8")
    return Identities(pixels, np.repeat(np.arange(people), images), tuple(f"p{index}" for index in range(people)))


@pytest.fixture(scope="module")
def trained():
    return train_embedding(RECIPE, drawn(6, 10), margin=0.3, scale=10.0)


@pytest.fixture
def folder(tmp_path):
    people = drawn(3, 2)
    for label, image in zip(people.labels, people.images, strict=True):
        place = tmp_path / "people" / f"p{label}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(place / f"{len(list(place.iterdir()))}.pgm")
    return tmp_path / "people"


def test_a_folder_is_read_by_person(folder):
    found, people = read_identities(folder, (8, 8, 1)), drawn(3, 2)
    assert found.names == people.names and np.array_equal(found.labels, people.labels)
    assert np.array_equal(found.images, people.images)
    some = found.of(["p2", "p0"])
    assert some.labels.tolist() == [1, 1, 0, 0] and np.array_equal(some.images, people.images[[0, 1, 4, 5]])


def test_lfw_is_read_from_tfds(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    rows = [{"image": np.full((250, 250, 3), grey, "uint8"), "label": name} for grey, name in ((9, b"B"), (7, b"A"))]
    data = SimpleNamespace(as_numpy_iterator=lambda: iter(rows))
    builder = SimpleNamespace(as_dataset=lambda split, shuffle_files: data)
    asked = []
    monkeypatch.setattr(identities, "prepared_builder", lambda *given: asked.append(given) or builder)
    found = read_identities("lfw", (16, 16, 1), "here")
    assert asked == [("lfw", "here")] and found.names == ("A", "B") and found.labels.tolist() == [1, 0]
    assert found.images.shape == (2, 16, 16, 1) and found.images[:, 0, 0, 0].tolist() == [9, 7]


def test_what_holds_no_people_is_refused(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no such folder.*Received: .*nowhere"):
        read_identities(tmp_path / "nowhere", (8, 8, 1))
    (folder / "p1" / "bad.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="An image cannot be read: .*Received: p1/bad.png in "):
        read_identities(folder, (8, 8, 1))
    (tmp_path / "one" / "only").mkdir(parents=True)
    Image.new("L", (8, 8)).save(tmp_path / "one" / "only" / "1.png")
    with pytest.raises(ValueError, match="images of two people at least. Received: .*one, with only"):
        read_identities(tmp_path / "one", (8, 8, 1))
    with pytest.raises(ValueError, match="Each name must be one of the people, once. Received: nobody"):
        drawn(2, 2).of(["p0", "nobody"])
    with pytest.raises(ValueError, match="Each name must be one of the people, once. Received: p0, p0"):
        drawn(2, 2).of(["p0", "p0"])
    with pytest.raises(ValueError, match="Images must be uint8.*float64"):
        Identities(np.zeros((2, 8, 8, 1)), np.array([0, 1]), ("a", "b"))
    with pytest.raises(ValueError, match="`labels` must hold an index in 0..1 for each of 2 images"):
        Identities(np.zeros((2, 8, 8, 1), "uint8"), np.array([0, 2]), ("a", "b"))


def test_similarities_are_cosines_also_of_huge_vectors():
    vectors = np.random.default_rng(0).normal(size=(6, 4)) * 10.0 ** np.array([[0, 200, -200, 3, 0, 150]]).T
    pairs = all_pairs([0, 0, 1, 1, 2, 2])
    unit = [row / 10.0**power for row, power in zip(vectors, (0, 200, -200, 3, 0, 150), strict=True)]
    expected = [
        unit[i] @ unit[j] / np.sqrt((unit[i] @ unit[i]) * (unit[j] @ unit[j]))
        for i, j in zip(pairs.first, pairs.second, strict=True)
    ]
    np.testing.assert_allclose(similarities(vectors, pairs), expected, atol=1e-12)
    for bad, words in ((vectors[:5], "has no embedding"), (0 * vectors, "not all 0"), (vectors * np.nan, "numbers")):
        with pytest.raises(ValueError, match=words):
            similarities(bad, pairs)


def test_embeddings_are_the_features_below_the_head(trained):
    images = drawn(2, 3).images
    body = keras.Model(trained.input, trained.layers[-2].output)
    found = embeddings(body, images)
    kernel, bias = trained.get_layer("logits").get_weights()
    np.testing.assert_allclose(found @ kernel + bias, trained.predict(images, verbose=0), rtol=1e-4, atol=1e-3)
    inputs = keras.Input((8, 8, 1))
    for output, words in (
        (0 * inputs[:, 0, :, 0], "of 6 images are NaN, infinite or 0"),
        (inputs, "a vector for each"),
    ):
        with pytest.raises(ValueError, match=words):
            embeddings(keras.Model(inputs, output), images)
    with pytest.raises(ValueError, match="image generation"):
        embeddings("pinet_digits_generator", images)


def test_training_tells_people_apart_whom_it_has_not_seen(trained):
    """The head's columns are directions of one length, and the model is a polynomial."""
    kernel, bias = trained.get_layer("logits").get_weights()
    np.testing.assert_allclose(np.linalg.norm(kernel, axis=0), 10, rtol=1e-5)
    assert not bias.any() and certify(trained).tier >= 2
    others = drawn(6, 6, seed=1)
    pairs = all_pairs(others.labels)
    vectors = embeddings(keras.Model(trained.input, trained.layers[-2].output), others.images)
    assert tar_at_far(similarities(vectors, pairs), pairs.same, 0.02)[0] > 0.9
    people = drawn(6, 10)
    assert np.mean(trained.predict(people.images, verbose=0).argmax(1) == people.labels) > 0.9


@pytest.mark.parametrize(
    "changes, people, words",
    [
        ({"mixup": 0.2}, (2, 20), "without effect on an embedding must be left out. Received: mixup=0.2"),
        ({"loss": "flsd53", "ema_momentum": 0.9}, (2, 20), "Received: loss='flsd53', ema_momentum=0.9"),
        ({}, (1, 20), "images of two people or more.*1 people"),
        ({}, (2, 9), "a batch of images at least.*18 images, batch_size=20"),
    ],
)
def test_a_training_that_cannot_be_is_refused(changes, people, words):
    from dataclasses import replace

    with pytest.raises(ValueError, match=words):
        train_embedding(replace(RECIPE, **changes), drawn(*people))


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    place = tmp_path_factory.mktemp("saved") / "people"
    zoo.save(trained, place)
    return place


def test_a_saved_model_is_the_trained_one_on_every_engine(saved, trained):
    images, expected = drawn(3, 2).images, trained.predict(drawn(3, 2).images, verbose=0)
    tolerance = {"rtol": 5e-3, "atol": 5e-3 * np.abs(expected).max()}  # weights are saved as float16
    np.testing.assert_allclose(zoo.load(saved).predict(images, verbose=0), expected, **tolerance)
    np.testing.assert_allclose(zoo.predictor(saved, "keras").predict(images), expected, **tolerance)
    assert certify(zoo.load(saved, include_top=False)).tier >= 2


def test_verify_compares_two_images_of_a_saved_model(saved, folder):
    one, two = folder / "p0" / "0.pgm", folder / "p1" / "0.pgm"
    expected = embeddings(saved, read_identities(folder, (8, 8, 1)).images)[[0, 2]].astype("float64")
    cosine = expected[0] @ expected[1] / np.prod(np.linalg.norm(expected, axis=1))
    found = verify(one, two, saved)
    assert found.similarity == pytest.approx(cosine, abs=1e-6) and found[1:] == (None, None)
    assert verify(one, two, saved, found.similarity).same and not verify(one, two, saved, found.similarity + 1e-6).same
    (saved / verifying.THRESHOLD_FILE).write_text('{"threshold": 0.25}')
    assert verify(one, one, saved)[1:] == (0.25, True)
    (saved / verifying.THRESHOLD_FILE).write_text('{"limit": 0.25}')
    with pytest.raises(ValueError, match="verification.json.*Restore it from a copy, or give a threshold"):
        verify(one, one, saved)
    (saved / verifying.THRESHOLD_FILE).unlink()
    with pytest.raises(ValueError, match="`threshold` is a cosine, −1 to 1. Received: threshold=1.5"):
        verify(one, one, saved, 1.5)


def test_the_command_prints_the_cosine_and_the_answer(pinet, saved, folder):
    one, two = folder / "p0" / "0.pgm", folder / "p1" / "0.pgm"
    code, out, _ = pinet("verify", one, two, "--model", saved, "--threshold", 0.99, "--json")
    assert code == 0
    result, expected = json.loads(out), verify(one, two, saved, 0.99)
    assert (result["similarity"], result["threshold"], result["same"]) == expected
    code, out, _ = pinet("verify", one, one, "--model", saved, "--threshold", 0.5)
    assert code == 0 and "1.000" in out and "the same person" in out
    code, out, _ = pinet("verify", one, two, "--model", saved)
    assert code == 0 and "--threshold gives one" in out and "person" not in out
    code, _, err = pinet("verify", one, folder / "missing.png", "--model", saved, "--threshold", 0.5)
    assert code == 1 and "missing.png" in err and err.count("\n") == 1
    code, _, err = pinet("verify", one, two, "--model", "pinet_digit")
    assert code == 1 and "did you mean pinet_digits" in err
