"""Embeddings, and the cosine between them."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from zoo.evaluation.classifiers import predict_logits
from zoo.loading import load
from zoo.registry import card_for
from zoo.tasks import CLASSIFICATION
from zoo.verification.pairs import Pairs


def embeddings(model: str | Path | keras.Model, images: np.ndarray) -> np.ndarray:
    """The vector of each image: the features of a classifier, below its head.

    Args:
        model: a classifier of images, as for `zoo.load`; or a `keras.Model` that gives vectors.
        images: uint8 `[n, height, width, channels]` of the model's size.

    Returns:
        float32 `[n, d]`.

    Raises:
        ValueError: no such model, images that are not its input, outputs that are not vectors, or an embedding that is
            NaN, infinite or 0, to which no angle can be measured.

    Example:
        >>> from zoo.verification import embeddings
        >>> images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), dtype="uint8")
        >>> embeddings("pinet_digits", images).shape
        (5, 18)
    """
    if not isinstance(model, keras.Model):
        card_for(model, CLASSIFICATION)
        model = load(model, include_top=False)
    found = np.asarray(predict_logits(model, images))
    if found.ndim != 2:
        raise ValueError(f"An embedding is a vector for each image. Received: {model.name}, of shape {found.shape}")
    bad = ~np.isfinite(found).all(axis=1) | ~found.any(axis=1)
    if bad.any():
        raise ValueError(
            f"The embeddings of {int(bad.sum()):,} of {len(bad):,} images are NaN, infinite or 0, so that there is no "
            f"angle to others; the first is that of image {int(np.flatnonzero(bad)[0])}. Received: {model.name}"
        )
    return found


def similarities(vectors: ArrayLike, pairs: Pairs) -> np.ndarray:
    """The cosine between the embeddings of each pair, in −1..1.

    That it is at least t > 0 is a polynomial condition on the embeddings a and b: a · b > 0 and
    (a · b)² ≥ t² (a · a) (b · b).

    Args:
        vectors: `[n, d]` the embeddings of all images.
        pairs: the `Pairs`.

    Returns:
        float64 `[pairs]`.

    Raises:
        ValueError: `vectors` is not a matrix, holds NaN, infinity or a row of zeros, or has no row for an image.

    Example:
        >>> from zoo.verification import all_pairs, similarities
        >>> similarities([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]], all_pairs([0, 0, 1])).tolist()
        [1.0, 0.0, 0.0]
    """
    unit = np.asarray(vectors, "float64")
    if unit.ndim != 2 or not np.isfinite(unit).all() or not unit.any(axis=1).all():
        raise ValueError(f"`vectors` must be rows of numbers that are not all 0. Received: shape={unit.shape}")
    indices: Any = np.concatenate([pairs.first, pairs.second])
    if len(indices) and not 0 <= indices.min() <= indices.max() < len(unit):
        raise ValueError(f"A pair names an image that has no embedding. Received: {len(unit)} rows, {indices.max()}")
    unit = unit / np.abs(unit).max(axis=1, keepdims=True)  # squares of polynomials can be beyond float64
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    return np.clip(np.einsum("nd,nd->n", unit[pairs.first], unit[pairs.second]), -1, 1)
