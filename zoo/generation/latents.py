"""Noise for generators: the same numbers on every backend."""

import numpy as np


def draw_latents(count, size, seed, truncation=1.0) -> np.ndarray:
    """Uniform noise, float32 `[count, size]`; the first rows do not depend on how many are drawn.

    Args:
        count: how many.
        size: length of each.
        seed: of the noise.
        truncation: the noise is in −truncation..truncation. Below 1 the images differ less and are more typical of
            their class, Brock et al., arXiv 1809.11096; at 0 all images of a class are the same.

    Raises:
        ValueError: `truncation` is not in 0..1.
    """
    if not 0 <= truncation <= 1:
        raise ValueError(f"`truncation` must be in 0..1. Received: truncation={truncation}")
    return np.random.default_rng(seed).uniform(-truncation, truncation, (count, size)).astype("float32")


def interpolate(start, end, steps) -> np.ndarray:
    """`[steps, d]` latents on the straight line from one latent `[d]` to another, both included."""
    t = np.linspace(0, 1, steps, dtype="float32")[:, None]
    return (1 - t) * start + t * end
