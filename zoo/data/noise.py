"""Validation of what generators take: noise and labels. Imports no backend."""

import numpy as np


def check_latent(latent: np.ndarray, size: int) -> None:
    """Refuse an array that is no batch of noise.

    Args:
        latent: `[batch, size]` in −1..1.
        size: length of the noise.

    Raises:
        ValueError: wrong shape, an empty batch, NaN, or a value outside −1..1.
    """
    if latent.ndim != 2 or latent.shape[1] != size or len(latent) == 0:
        raise ValueError(f"Latents must have the shape [batch, {size}]. Received: shape={latent.shape}")
    low, high = latent.min(), latent.max()  # NaN comes through min and max
    if not (low >= -1 and high <= 1):
        raise ValueError(f"Latents must lie in -1..1. Received: values from {low:g} to {high:g}")


def check_label(label: np.ndarray, count: int, classes: int) -> None:
    """Refuse an array that is no batch of labels.

    Args:
        label: `[count]`, whole numbers of any type.
        count: one a latent.
        classes: number of classes.

    Raises:
        ValueError: wrong shape, or a label that is no class.
    """
    if label.shape != (count,) or label.dtype.kind not in "iuf":
        raise ValueError(
            f"Labels must be {count} numbers, one a latent. Received: shape={label.shape}, dtype={label.dtype}"
        )
    if not np.isin(label, np.arange(classes)).all():
        wrong = label[~np.isin(label, np.arange(classes))][0]
        raise ValueError(f"Labels must be whole numbers in 0..{classes - 1}. Received: {wrong}")
