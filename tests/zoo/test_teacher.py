"""Learning from a trained model's answers."""

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console
from scipy.special import softmax

import zoo
from zoo.data.batches import Batches, augment
from zoo.data.loading import load_set
from zoo.files import DamagedFile
from zoo.publishing.training_record import models_record
from zoo.recipes import read_recipe
from zoo.training.classifiers import train
from zoo.training.fitting import fit, prepare
from zoo.training.teacher import Teacher

RECIPE = replace(
    read_recipe("pinet_digits"), batch_size=20, validation=60, shift=1, teacher="pinet_digits", teacher_weight=0.75
)


def quiet():
    return Console(file=StringIO())


def test_targets_are_in_part_what_the_teacher_sees_in_the_changed_images(small_arrays):
    labels = np.eye(10, dtype="float32")[small_arrays["y_train"]]
    untaught, taught, again = (
        Batches(small_arrays["x_train"], labels, RECIPE, teacher=teacher)[2]
        for teacher in (None, Teacher(RECIPE), Teacher(RECIPE))
    )
    assert np.array_equal(untaught[0], taught[0]) and taught[1].dtype == np.float32
    assert not any(np.array_equal(image, each) for image in taught[0][:3] for each in small_arrays["x_train"])
    answers = softmax(np.asarray(zoo.load("pinet_digits")(taught[0])), axis=-1)
    np.testing.assert_allclose(taught[1], 0.75 * answers + 0.25 * untaught[1], atol=1e-5)
    assert np.array_equal(taught[1], again[1])  # to the last bit, or a resumed run would not end as an unbroken one


def test_of_several_teachers_the_mean_of_the_probabilities_counts(small_arrays, tmp_path):
    recipe = replace(RECIPE, teacher="pinet_digits + resnet_digits")
    images, labels = small_arrays["x_train"], np.eye(10, dtype="float32")[small_arrays["y_train"]]
    first, second = (
        softmax(zoo.load(name).predict(images, verbose=0), axis=-1) for name in ("pinet_digits", "resnet_digits")
    )
    assert np.abs(first - second).max() > 0.1
    teacher = Teacher(recipe, tmp_path)
    np.testing.assert_allclose(teacher(images, labels), 0.75 * (first + second) / 2 + 0.25 * labels, atol=1e-5)
    np.testing.assert_allclose(teacher.answers(images, "version_0"), (first + second) / 2, atol=1e-3)  # float16
    assert models_record(recipe)["teacher_sha256"] == " + ".join(
        zoo.card(name)["weights"]["sha256"] for name in ("pinet_digits", "resnet_digits")
    )


def test_each_of_several_teachers_is_checked():
    with pytest.raises(ValueError, match="for digits. Received: 'pinet_mnist', for mnist"):
        replace(RECIPE, teacher="pinet_digits + pinet_mnist")
    with pytest.raises(ValueError, match="No model has that name"):
        replace(RECIPE, teacher="pinet_digits + nobody")


@pytest.mark.parametrize("versions", [0, 1])
def test_a_teacher_sees_images_before_they_are_recompressed(small_arrays, versions):
    labels = np.eye(10, dtype="float32")[small_arrays["y_train"]]
    plain, recompressed = (
        Batches(small_arrays["x_train"], labels, recipe, teacher=Teacher(recipe))
        for recipe in (replace(RECIPE, augmented_versions=versions, jpeg=jpeg) for jpeg in (0.0, 1.0))
    )
    (before, expected), (images, targets) = plain[0], recompressed[0]
    assert (before != images).any((1, 2, 3)).all()
    np.testing.assert_array_equal(targets, expected)
    if versions:  # the next epoch has the same answers to other images
        recompressed.start_epoch(1)
        recompressed.order = plain.order
        later, targets = recompressed[0]
        assert (later != images).any((1, 2, 3)).mean() > 0.8 and (later != before).any((1, 2, 3)).all()
        np.testing.assert_array_equal(targets, expected)


def test_a_teacher_sees_a_version_before_it_is_mirrored_and_covered(small_arrays):
    labels = np.eye(10, dtype="float32")[small_arrays["y_train"]]
    recipe = replace(RECIPE, augmented_versions=1, flip=False, cutout=0)
    plain, changed = (
        Batches(small_arrays["x_train"], labels, each, teacher=Teacher(each))
        for each in (recipe, replace(recipe, flip=True, cutout=4))
    )
    (before, expected), (images, targets) = plain[0], changed[0]
    assert (before != images).any((1, 2, 3)).mean() > 0.9
    np.testing.assert_array_equal(targets, expected)


def test_of_several_versions_the_mean_of_the_answers_counts_in_every_epoch(small_arrays, tmp_path, monkeypatch):
    examples, labels = small_arrays["x_train"], np.eye(10, dtype="float32")[small_arrays["y_train"]]
    recipe = replace(RECIPE, augmented_versions=2)
    batches, model = Batches(examples, labels, recipe, teacher=Teacher(recipe, tmp_path)), zoo.load("pinet_digits")
    versions = (
        augment(examples, replace(recipe, flip=False, cutout=0), np.random.default_rng([recipe.seed, 0, 0, version]))
        for version in range(2)
    )
    first, second = (softmax(np.asarray(model(version)), axis=-1) for version in versions)
    assert np.abs(first - second).max() > 0.1
    seen = []
    for epoch in range(2):
        batches.start_epoch(epoch)
        images, targets = batches[2]
        chosen = batches.order[40:60]
        expected = 0.75 * (first + second)[chosen] / 2 + 0.25 * labels[chosen]
        np.testing.assert_allclose(targets, expected, atol=1e-3)  # answers are kept in float16
        seen.append(images)
    np.save(tmp_path / "answers_1.npy", np.zeros((240, 10), "float16"))  # of an earlier version: not read
    resumed = Teacher(recipe, tmp_path)
    monkeypatch.setattr(resumed.models[0], "predict", None)  # asked again, it would fail
    again = Batches(examples, labels, recipe, teacher=resumed)
    again.start_epoch(1)
    assert all(np.array_equal(one, other) for one, other in zip(again[2], batches[2], strict=True))


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"x"), lambda path: np.save(path, np.zeros((3, 10)))])
def test_damaged_answers_are_named(small_arrays, tmp_path, damage):
    recipe = replace(RECIPE, augmented_versions=1)
    damage(tmp_path / "answers_to_version_0.npy")
    labels = np.eye(10, dtype="float32")[small_arrays["y_train"]]
    with pytest.raises(DamagedFile, match="answers_to_version_0.npy is damaged.*Delete it"):
        Batches(small_arrays["x_train"], labels, recipe, teacher=Teacher(recipe, tmp_path))


def test_a_student_learns_what_no_label_tells_it():
    digits = load_set("digits")
    muddled = replace(digits, y_train=np.random.default_rng(0).permutation(digits.y_train))
    recipe = replace(RECIPE, epochs=4, warmup_epochs=1)
    model = prepare(recipe, muddled)
    fit(model, recipe, muddled)
    right = model.predict(digits.x_test, verbose=0).argmax(-1) == digits.y_test
    assert right.mean() > 0.8


def test_the_card_tells_the_teacher_and_another_one_is_another_run(tmp_path, small_npz):
    plain = replace(RECIPE, epochs=1, teacher="", teacher_weight=0.0)
    options = {"data": small_npz, "console": quiet()}
    first = train(plain, run_dir=tmp_path / "teacher", **options)
    taught = replace(RECIPE, epochs=1, teacher=str(tmp_path / "teacher" / "cards" / "pinet_digits.json"))
    card = train(taught, run_dir=tmp_path / "student", **options)
    assert card["training"]["teacher_sha256"] == first["weights"]["sha256"] != card["weights"]["sha256"]
    assert "teacher_sha256" not in first["training"]
    train(replace(plain, seed=1), run_dir=tmp_path / "teacher", fresh=True, **options)
    with pytest.raises(ValueError, match="differs in teacher_sha256"):
        train(taught, run_dir=tmp_path / "student", **options)


def test_several_devices_are_refused(tmp_path, small_npz):
    with pytest.raises(ValueError, match="teacher trains on one device. Received: devices=2"):
        train(RECIPE, data=small_npz, run_dir=tmp_path / "run", devices=2, console=quiet())
    assert not (tmp_path / "run").exists()


def test_half_of_an_epochs_images_are_mixtures_that_the_teacher_has_seen(small_arrays, tmp_path):
    labels = np.eye(10, dtype="float32")[small_arrays["y_train"]]
    recipe = replace(RECIPE, augmented_versions=1, mixed_versions=2, shift=0, cutout=0)
    batches = Batches(small_arrays["x_train"], labels, recipe, teacher=Teacher(recipe, tmp_path))
    mixtures = []
    for epoch in range(2):
        batches.start_epoch(epoch)
        images, targets = (np.concatenate(each) for each in zip(*batches, strict=True))
        mixed = (images != small_arrays["x_train"][batches.order]).any((1, 2, 3))
        assert 0.35 < mixed.mean() < 0.65
        of_mixtures = softmax(np.asarray(zoo.load("pinet_digits")(images[mixed])), axis=-1)
        shares = (targets[mixed] - 0.75 * of_mixtures) / 0.25  # of the labels that were mixed
        np.testing.assert_allclose(shares.sum(1), 1, atol=0.01)
        own = shares[np.arange(len(shares)), small_arrays["y_train"][batches.order][mixed]]
        assert shares.min() > -0.01 and 0.35 < own.mean() < 0.85
        mixtures.append(images[mixed])
    assert not np.array_equal(mixtures[0][:5], mixtures[1][:5])
