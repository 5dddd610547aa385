"""Augmentation changes real and generated images alike, keeps what it promises, and lets gradients through."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from zoo.generation.augmentation import NUMBERS, augment
from zoo.generation.noise_batches import NoiseBatches
from zoo.recipes import read_recipe

IMAGES = np.random.default_rng(0).uniform(-1, 1, (3, 16, 16, 3)).astype("float32")


def augmented(images, **numbers):
    """Images changed by the numbers named alone."""
    # Halves leave colours and position as they are; a square around the first row covers the first four.
    names = ("brightness", "saturation", "contrast", "down", "right", "square_row", "square_column")
    row = [numbers.get(name, 0.5 if index < 5 else 0.0) for index, name in enumerate(names)]
    assert len(row) == NUMBERS
    return keras.ops.convert_to_numpy(augment(images, np.tile(np.float32(row), (len(images), 1))))


def outside(images):
    """The part that the square never covers here: it is 8 wide, around the first row and column."""
    return images[:, 4:, 4:]


def test_the_middle_of_every_range_changes_nothing_but_the_square():
    found = augmented(IMAGES)
    np.testing.assert_allclose(outside(found), outside(IMAGES), atol=1e-6)
    assert (found[:, :4, :4] == 0).all() and (found[:, 4:, :4] != 0).all() and (found[:, :4, 4:] != 0).all()
    last_columns = augmented(IMAGES, square_column=0.99)  # around column 16, just outside
    assert (last_columns[:, :4, 12:] == 0).all() and (last_columns[:, :, :12] != 0).all()


def test_colours():
    np.testing.assert_allclose(outside(augmented(IMAGES, brightness=0.75)), outside(IMAGES) + 0.25, atol=1e-6)
    grey = outside(augmented(IMAGES, saturation=0.0))
    np.testing.assert_allclose(grey, outside(IMAGES).mean(axis=-1, keepdims=True).repeat(3, axis=-1), atol=1e-6)
    means = IMAGES.mean(axis=(1, 2, 3), keepdims=True)
    strong = outside(augmented(IMAGES, contrast=1.0))
    np.testing.assert_allclose(strong, (1.5 * (IMAGES - means) + means)[:, 4:, 4:], atol=1e-6)


@pytest.mark.parametrize("number, shift", [(0.0, -2), (0.3, -1), (0.999, 2)])
def test_shifts_are_by_whole_pixels_and_leave_zeros(number, shift):
    kept, moved = slice(max(0, -shift), 16 - max(0, shift)), slice(max(0, shift), 16 - max(0, -shift))
    down, right = augmented(IMAGES, down=number, square_row=1.0), augmented(IMAGES, right=number, square_row=1.0)
    expected_down, expected_right = np.zeros_like(IMAGES), np.zeros_like(IMAGES)
    expected_down[:, moved], expected_right[:, :, moved] = IMAGES[:, kept], IMAGES[:, :, kept]
    np.testing.assert_allclose(down[:, :12], expected_down[:, :12], atol=1e-6)
    np.testing.assert_allclose(right[:, :12], expected_right[:, :12], atol=1e-6)


def test_each_image_has_its_own_numbers():
    numbers = np.random.default_rng(1).random((3, NUMBERS), dtype="float32")
    together = keras.ops.convert_to_numpy(augment(IMAGES, numbers))
    alone = keras.ops.convert_to_numpy(augment(IMAGES[1:2], numbers[1:2]))
    np.testing.assert_allclose(together[1:2], alone, atol=1e-6)


def test_the_augmentation_is_affine_in_the_pixels():
    """So gradients pass through it, and are at most what the colours allow."""
    numbers = np.random.default_rng(2).random((3, NUMBERS), dtype="float32")
    of = [keras.ops.convert_to_numpy(augment(x, numbers)) for x in (IMAGES, -IMAGES, 0 * IMAGES)]
    np.testing.assert_allclose((of[0] + of[1]) / 2, of[2], atol=1e-5)
    assert np.abs(of[0] - of[2]).max() > 0.1


def test_batches_have_numbers_of_their_own_for_each_real_and_each_generated_image():
    images = np.zeros((8, 8, 8, 1), "uint8")
    recipe = replace(read_recipe("pinet_digits_generator"), batch_size=4)
    assert "augmentation" not in NoiseBatches(images, None, recipe)[0][0]
    augmenting = NoiseBatches(images, None, replace(recipe, augment=True))
    numbers = [augmenting[step][0]["augmentation"] for step in (0, 1, 0)]
    assert numbers[0].shape == (4, 2, NUMBERS) and numbers[0].min() >= 0 and numbers[0].max() < 1
    assert len(np.unique(np.concatenate(numbers[:2]))) == 2 * numbers[0].size
    np.testing.assert_array_equal(numbers[0], numbers[2])  # a resumed run has the same
