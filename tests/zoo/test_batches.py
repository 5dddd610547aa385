from dataclasses import replace

import numpy as np
import pytest

from zoo.batches import Batches, augment
from zoo.recipes import read_recipe

RECIPE = replace(read_recipe("pinet_digits"), batch_size=16, shift=2, flip=True)


@pytest.fixture
def batches(small_arrays):
    return Batches(small_arrays["x_train"], np.eye(10, dtype="float32")[small_arrays["y_train"]], RECIPE)


def test_a_batch_depends_on_seed_epoch_and_step_alone(batches, small_arrays):
    batches.start_epoch(3)
    late = batches[5]
    other = Batches(batches.images, batches.targets, RECIPE)
    other.start_epoch(3)
    assert np.array_equal(late[0], other[5][0]) and np.array_equal(late[1], other[5][1])
    other.start_epoch(4)
    assert not np.array_equal(late[0], other[5][0])
    reseeded = Batches(batches.images, batches.targets, replace(RECIPE, seed=1))
    reseeded.start_epoch(3)
    assert not np.array_equal(late[0], reseeded[5][0])


def test_an_epoch_shows_every_image_once(batches):
    assert sorted(batches.order) == list(range(300))
    assert len(batches) == 300 // 16


def test_nothing_to_augment_changes_nothing(small_arrays):
    images = small_arrays["x_train"]
    still = augment(images, replace(RECIPE, flip=False, shift=0), np.random.default_rng(0))
    assert np.array_equal(still, images)


def test_flip_mirrors_about_half_and_the_rest_stay(small_arrays):
    images = small_arrays["x_train"]
    flipped = augment(images, replace(RECIPE, shift=0), np.random.default_rng(0))
    same = (flipped == images).all((1, 2, 3))
    mirrored = (flipped == images[:, :, ::-1]).all((1, 2, 3))
    assert (same | mirrored).all() and 100 < mirrored.sum() < 200


def test_shift_moves_by_at_most_so_many_pixels_and_repeats_the_edge():
    image = np.arange(64, dtype="uint8").reshape(1, 8, 8, 1)
    for seed in range(30):
        moved = augment(image, replace(RECIPE, flip=False), np.random.default_rng(seed))[0, :, :, 0]
        candidates = [
            image[0, :, :, 0][np.clip(np.arange(8) + dy, 0, 7)][:, np.clip(np.arange(8) + dx, 0, 7)]
            for dy in range(-2, 3)
            for dx in range(-2, 3)
        ]
        assert any(np.array_equal(moved, candidate) for candidate in candidates)
