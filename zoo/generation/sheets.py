"""Sheets of images."""

import contextlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MIN_SIZE = 64  # least width and height of an image on a labelled sheet, in pixels: 8×8 images would be too small
GAP, TEXT, LINE = 8, 13, 18  # pixels: between images, of a letter, of a line of text
INK = 0x33


def grid(images, columns, enlarge=1, gap=1, smooth=False) -> Image.Image:
    """Images in rows on white, each pixel repeated `enlarge` times.

    Args:
        images: uint8 `[n, height, width, channels]`, channels 1 or 3.
        columns: images a row.
        enlarge: factor of width and height.
        gap: white pixels between images, before enlarging.
        smooth: enlarge by Pillow's Lanczos filter instead, which suits photographs.
    """
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    page = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, "uint8")
    for index, image in enumerate(images):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        page[top : top + height, left : left + width] = image
    whole = Image.fromarray(page.squeeze(axis=2) if channels == 1 else page)
    by = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    return whole.resize((whole.width * enlarge, whole.height * enlarge), by)


def sheet(images, columns, title, headings=None, captions=None, split=0, enlarge=None, smooth=False) -> Image.Image:
    """Enlarged images in rows on white, with a title and labels.

    Args:
        images: uint8 `[n, height, width, channels]`, channels 1 or 3.
        columns: images a row.
        title: a line above all of them.
        headings: a text above each column.
        captions: a text below each image.
        split: number of the first columns that a wider gap sets apart from the rest.
        enlarge: factor of the width and height of each image; `None` takes the smallest whole number that makes them
            64 or more.
        smooth: as for `grid`.
    """
    count, height, width, channels = images.shape
    enlarge = enlarge or -(-MIN_SIZE // min(height, width))
    step_x, step_y = width * enlarge + GAP, height * enlarge + GAP + (LINE if captions is not None else 0)
    top = GAP + 2 * LINE if headings is not None else GAP + LINE
    rows, apart = -(-count // columns), 2 * GAP if split else 0
    font = _font("".join([title, *(headings or ()), *(captions or ())]))
    size = (max(GAP + columns * step_x + apart, 2 * GAP + round(font.getlength(title))), top + GAP + rows * step_y)
    page = Image.new("L" if channels == 1 else "RGB", size, "white")
    draw = ImageDraw.Draw(page)
    ink = INK if channels == 1 else (INK, INK, INK)
    draw.text((GAP, GAP // 2), title, ink, font)
    lefts = [GAP + column * step_x + (apart if column >= split else 0) for column in range(columns)]
    for left, words in zip(lefts, headings or (), strict=False):
        draw.text((left + width * enlarge / 2, GAP + LINE), words, ink, font, anchor="ma")
    for index, image in enumerate(images):
        left, above = lefts[index % columns], top + GAP + index // columns * step_y
        page.paste(grid(image[None], 1, enlarge, smooth=smooth), (left, above))
        if captions is not None:
            place = (left + width * enlarge / 2, above + height * enlarge + 2)
            draw.text(place, captions[index], ink, font, anchor="ma")
    return page


def _font(text):
    """Pillow's own font, which has ASCII alone; for other letters that of matplotlib, if it is installed."""
    if not text.isascii():
        with contextlib.suppress(ImportError):
            from matplotlib import get_data_path

            return ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", TEXT - 2)
    return ImageFont.load_default(TEXT)


def neighbours(images, features, training_images, training_features, count=7) -> np.ndarray:
    """Each image followed by the training images that are nearest to it in a feature space, for a `sheet`.

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
