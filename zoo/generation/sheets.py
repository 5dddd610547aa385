"""Sheets of pictures."""

import numpy as np
from PIL import Image


def grid(images, columns, enlarge=2, gap=1) -> Image.Image:
    """Images in rows on white, each pixel repeated `enlarge` times.

    Args:
        images: uint8 `[n, height, width, channels]`, channels 1 or 3.
        columns: images a row.
        enlarge: factor of the sides.
        gap: white pixels between images, before enlarging.
    """
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    page = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, "uint8")
    for index, image in enumerate(images):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        page[top : top + height, left : left + width] = image
    picture = Image.fromarray(page.squeeze(axis=2) if channels == 1 else page)
    return picture.resize((picture.width * enlarge, picture.height * enlarge), Image.Resampling.NEAREST)


def neighbours(images, features, training_images, training_features, count=7) -> np.ndarray:
    """Each image followed by the training images that are nearest to it in a feature space, for a `grid`.

    Args:
        images: uint8 `[n, height, width, channels]`.
        features: `[n, d]`.
        training_images: uint8 `[m, height, width, channels]`.
        training_features: `[m, d]`.
        count: neighbours an image.

    Returns:
        uint8 `[n · (count + 1), height, width, channels]`.
    """
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=count).fit(training_features).kneighbors(features)[1]
    rows = [np.concatenate([image[None], training_images[found]]) for image, found in zip(images, nearest, strict=True)]
    return np.concatenate(rows)
