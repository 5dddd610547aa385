"""Mean and standard deviation of images."""

import numpy as np

AT_A_TIME = 4096  # images


def pixel_statistics(images: np.ndarray) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel, from exact counts of its 256 grey levels.

    The images are read piece by piece, so they may be a memory-mapped file larger than the memory.

    Args:
        images: uint8 `[n, height, width, channels]`.

    Returns:
        Two lists with a number a channel, to two digits. A standard deviation is 1 at least, so that a channel of one
        grey level can be divided by it.
    """
    channels, levels = images.shape[-1], np.arange(256)
    counts = np.zeros((channels, 256), "int64")
    for start in range(0, len(images), AT_A_TIME):
        piece = np.asarray(images[start : start + AT_A_TIME])
        for channel in range(channels):
            counts[channel] += np.bincount(piece[..., channel].ravel(), minlength=256)
    totals = counts.sum(axis=1)
    means = counts @ levels / totals
    variances = counts @ levels**2 / totals - means**2
    stds = np.maximum(1.0, np.sqrt(np.maximum(0.0, variances)))
    return [round(float(mean), 2) for mean in means], [round(float(std), 2) for std in stds]
