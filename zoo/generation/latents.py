"""Noise for generators: the same numbers on every backend."""

import numpy as np


def draw_latents(count, size, seed) -> np.ndarray:
    """Uniform noise in −1..1, float32 `[count, size]`; the first rows do not depend on how many are drawn."""
    return np.random.default_rng(seed).uniform(-1, 1, (count, size)).astype("float32")


def interpolate(start, end, steps) -> np.ndarray:
    """`[steps, d]` latents on the straight line from one latent `[d]` to another, both included."""
    t = np.linspace(0, 1, steps, dtype="float32")[:, None]
    return (1 - t) * start + t * end
