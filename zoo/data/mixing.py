"""Mixtures of two images: mixup and CutMix."""

import numpy as np


def mixup(images, targets, alpha, generator):
    """Mix each image with another one, and their targets in the same proportion.

    x ← λ x + (1 − λ) x', y ← λ y + (1 − λ) y', with λ drawn from Beta(α, α) for each image.

    Args:
        images: uint8 `[n, height, width, channels]`.
        targets: float32 `[n, classes]`.
        alpha: α; near 0 λ is close to 0 or 1, with 1 it is uniform.
        generator: `numpy.random.Generator`.

    Returns:
        Images, uint8, and targets, float32.

    Reference:
        Zhang et al., mixup: Beyond Empirical Risk Minimization, arXiv 1710.09412.
    """
    others = generator.permutation(len(images))
    weights = generator.beta(alpha, alpha, len(images)).astype("float32")
    of_images = weights[:, None, None, None]
    mixed = of_images * images + (1 - of_images) * images[others]
    return np.round(mixed).astype("uint8"), _mixed_targets(targets, others, weights)


def cutmix(images, targets, generator):
    """Replace a rectangle of each image by the same part of another one, and mix their targets by area.

    The rectangle has √(1 − λ) of the height and of the width, λ drawn uniformly from 0 to 1 for each image. Its centre
    may lie anywhere, so its edges may lie outside.

    Args:
        images: uint8 `[n, height, width, channels]`.
        targets: float32 `[n, classes]`.
        generator: `numpy.random.Generator`.

    Returns:
        Images, uint8, and targets, float32.

    Reference:
        Yun et al., CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features, arXiv
        1905.04899.
    """
    count, height, width = images.shape[:3]
    others = generator.permutation(count)
    sides = np.sqrt(1 - generator.beta(1.0, 1.0, count).astype("float32"))
    in_rows, in_columns = (
        _interval(generator.integers(0, length, count), np.round(sides * length), length) for length in (height, width)
    )
    replaced = in_rows[:, :, None] & in_columns[:, None, :]
    kept = (1 - replaced.mean((1, 2))).astype("float32")
    return np.where(replaced[..., None], images[others], images), _mixed_targets(targets, others, kept)


def _interval(centres, sizes, length):
    """Which of `length` pixels lie in the interval of each example, bool `[n, length]`."""
    starts, pixels = (centres - sizes // 2)[:, None], np.arange(length)[None, :]
    return (pixels >= starts) & (pixels < starts + sizes[:, None])


def _mixed_targets(targets, others, weights):
    return weights[:, None] * targets + (1 - weights[:, None]) * targets[others]
