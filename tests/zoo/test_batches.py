from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from zoo.data.batches import Batches, augment, recompress
from zoo.data.mixing import cutmix, mixup
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


def test_processes_share_a_batch(batches):
    parts = [Batches(batches.images, batches.targets, RECIPE, part, 2)[3] for part in range(2)]
    for whole, halves in zip(batches[3], zip(*parts, strict=True), strict=True):
        assert [len(half) for half in halves] == [8, 8]
        assert np.array_equal(whole, np.concatenate(halves))


def test_an_epoch_shows_every_image_once(batches):
    assert sorted(batches.order) == list(range(300))
    assert len(batches) == 300 // 16


def test_mixed_images_have_mixed_targets():
    levels = np.arange(0, 200, 20, dtype="uint8")
    images, targets = np.tile(levels[:, None, None, None], (1, 4, 4, 3)), np.eye(10, dtype="float32")
    mixed, soft = mixup(images, targets, 1.0, np.random.default_rng(0))
    assert mixed.dtype == np.uint8 and soft.dtype == np.float32
    np.testing.assert_allclose(soft.sum(1), 1, rtol=1e-6)
    # each grey level is that of its targets' mixture, so images and targets are mixed in the same proportion
    np.testing.assert_allclose(mixed, np.broadcast_to((soft @ levels)[:, None, None, None], mixed.shape), atol=0.51)
    assert ((soft > 0).sum(1) == 2).sum() >= 5


def test_a_small_alpha_hardly_mixes():
    """Beta(α, α): with α = 1 all shares are as likely, with α = 0.1 four fifths are below 0.05 or above 0.95."""
    images, targets = np.zeros((1000, 2, 2, 1), "uint8"), np.eye(1000, dtype="float32")
    for alpha, low, high in ((0.1, 0.7, 0.9), (1.0, 0.05, 0.15)):
        soft = mixup(images, targets, alpha, np.random.default_rng(0))[1]
        assert low < (soft.max(1) > 0.95).mean() < high


def test_cutmix_replaces_a_rectangle_and_mixes_targets_by_its_area():
    levels = np.arange(0, 200, 20, dtype="uint8")
    images, targets = np.tile(levels[:, None, None, None], (1, 12, 16, 3)), np.eye(10, dtype="float32")
    mixed, soft = cutmix(images, targets, np.random.default_rng(0))
    assert mixed.dtype == np.uint8 and soft.dtype == np.float32
    np.testing.assert_allclose(soft @ levels, mixed.mean((1, 2, 3)), rtol=1e-5)
    changed = (mixed != images).any(-1)
    assert changed.any((1, 2)).sum() >= 6
    for each in changed:
        rows, columns = each.any(1), each.any(0)
        assert np.array_equal(each, rows[:, None] & columns)
        assert (np.diff(np.flatnonzero(rows)) == 1).all() and (np.diff(np.flatnonzero(columns)) == 1).all()


def test_cutmix_draws_the_size_of_the_rectangle_and_its_position():
    """Of a side of s, s − s² / 4 lies within the image in the mean over its positions; s² is uniform."""
    images, targets = np.zeros((4000, 16, 16, 1), "uint8"), np.eye(4000, dtype="float32")
    kept = np.diag(cutmix(images, targets, np.random.default_rng(0))[1])
    sides = np.sqrt(np.linspace(0, 1, 1001))
    assert abs(kept.mean() - (1 - (sides - sides**2 / 4) ** 2).mean()) < 0.01
    assert kept.min() < 0.05 and kept.max() > 0.95


def test_batches_mix_if_the_recipe_says_so(batches):
    other = Batches(batches.images, batches.targets, replace(RECIPE, mixup=0.5))
    assert not np.array_equal(other[0][1], batches[0][1])
    again = Batches(batches.images, batches.targets, other.recipe)
    assert all(np.array_equal(first, second) for first, second in zip(other[0], again[0], strict=True))


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
    offsets = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3)]
    candidates = [
        image[0, :, :, 0][np.clip(np.arange(8) + dy, 0, 7)][:, np.clip(np.arange(8) + dx, 0, 7)] for dy, dx in offsets
    ]
    seen = set()
    for seed in range(300):
        moved = augment(image, replace(RECIPE, flip=False), np.random.default_rng(seed))[0, :, :, 0]
        (found,) = [place for place, each in zip(offsets, candidates, strict=True) if np.array_equal(moved, each)]
        seen.add(found)
    assert seen == set(offsets)


def test_rotate_turns_a_bar_by_at_most_so_many_degrees():
    image = np.zeros((1, 33, 33, 1), "uint8")
    image[0, :, 16] = 255
    for seed in range(20):
        turned = augment(image, replace(RECIPE, shift=0, flip=False, rotate=20.0), np.random.default_rng(seed))[
            0, :, :, 0
        ]
        rows, columns = np.nonzero(turned > 100)
        angle = np.rad2deg(np.arctan(np.polyfit(rows, columns, 1)[0]))
        assert abs(angle) <= 21
        expected = np.random.default_rng(seed).uniform(-20, 20)
        assert abs(abs(angle) - abs(expected)) < 2


def test_zoom_keeps_the_middle_and_changes_the_size():
    image = np.zeros((64, 33, 33, 1), "uint8")
    image[:, 8:25, 8:25] = 200  # 17 pixels wide
    zoomed = augment(image, replace(RECIPE, shift=0, flip=False, zoom=0.25), np.random.default_rng(0))
    widths, heights = (zoomed[:, 16, :, 0] > 100).sum(1), (zoomed[:, :, 16, 0] > 100).sum(1)
    assert (zoomed[:, 16, 16] == 200).all()
    for sizes in (widths, heights):
        assert sizes.min() >= 12 and sizes.max() <= 23 and len(set(sizes)) >= 4
    assert (np.abs(widths - heights) >= 2).mean() > 0.3  # each axis by its own


def test_cutout_greys_a_square_and_nothing_else(small_arrays):
    images = small_arrays["x_train"]
    cut = augment(images, replace(RECIPE, shift=0, flip=False, cutout=3), np.random.default_rng(0))
    changed = (cut != images).any(axis=3)
    assert (cut[changed] == 128).all()
    assert changed.sum((1, 2)).max() == 9 and changed.any((1, 2)).mean() > 0.95
    assert changed.any((0, 2)).all() and changed.any((0, 1)).all()  # somewhere in every row and column


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_recompresses_a_fraction_of_the_images(channels):
    ramp = np.arange(0, 256, 8, dtype="uint8")
    images = np.broadcast_to(ramp[:, None] // 2 + ramp // 2, (200, 32, 32))[..., None].repeat(channels, -1)
    changed = recompress(images, 0.5, np.random.default_rng(0))
    recompressed = changed[(changed != images).any((1, 2, 3))]
    assert 70 < len(recompressed) < 130
    files = {quality: BytesIO() for quality in range(30, 96)}
    for quality, file in files.items():
        Image.fromarray(images[0].squeeze()).save(file, "JPEG", quality=quality)
    possible = np.stack([np.asarray(Image.open(file)).reshape(images[0].shape) for file in files.values()])
    alike = (recompressed[:, None] == possible).all((2, 3, 4))
    assert alike.any(1).all()
    assert alike[:, :15].any() and alike[:, -15:].any()  # from the lowest to the highest of the qualities
