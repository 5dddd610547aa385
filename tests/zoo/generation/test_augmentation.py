"""Augmentation changes real and generated images alike, keeps what it promises, and lets gradients through."""

import keras
import numpy as np
import pytest

from zoo.generation.augmentation import NUMBERS, augment

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
    """So gradients pass through it, and are no larger than the colours allow."""
    numbers = np.random.default_rng(2).random((3, NUMBERS), dtype="float32")
    of = [keras.ops.convert_to_numpy(augment(x, numbers)) for x in (IMAGES, -IMAGES, 0 * IMAGES)]
    np.testing.assert_allclose((of[0] + of[1]) / 2, of[2], atol=1e-5)
    assert np.abs(of[0] - of[2]).max() > 0.1
