"""Logits of images unlike the training data: python -m benchmarks.robustness [--data-dir DIR]

For each image classifier, the largest absolute logit over kinds of images, and that of the median image; for those of
colour images, the accuracy on images that were stored as JPEG. Written to docs/robustness.md.
"""

import argparse
import io

import numpy as np
from PIL import Image

import zoo
from benchmarks.page import DOCS, write_between
from zoo.data.loading import load_set
from zoo.evaluation.classifiers import predict_logits
from zoo.publishing.formatting import human_degree, markdown_table
from zoo.tasks import CLASSIFICATION

COUNT = 1000
QUALITIES = (90, 75, 50, 25)


def main():
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="where TFDS keeps its data sets [TFDS_DATA_DIR]")
    options = parser.parse_args()
    rows, stored = [], []
    for name in zoo.list_models(task=CLASSIFICATION):
        card, model = zoo.card(name), zoo.load(name)
        data_set = load_set(card["dataset"]["name"], data_dir=options.data_dir)
        real = data_set.x_test
        cells = [format_logits(np.abs(predict_logits(model, images)).max(axis=1)) for images in kinds(real).values()]
        rows.append([name, human_degree(card), *cells])
        print(*rows[-1], sep="  ", flush=True)
        if real.shape[-1] == 3:
            versions = [real, *(as_jpeg(real, quality) for quality in QUALITIES)]
            accuracies = [_accuracy(predict_logits(model, images), data_set.y_test) for images in versions]
            stored.append([name, *(f"{accuracy:.2%}".replace("%", " %") for accuracy in accuracies)])
            print(*stored[-1], sep="  ", flush=True)
    write_between(DOCS / "robustness.md", "largest logits", markdown_table(["Model", "Degree", *kinds(real)], rows))
    write_between(DOCS / "robustness.md", "jpeg", markdown_table(["Model", "as it is", *map(str, QUALITIES)], stored))


def _accuracy(logits, labels):
    """Infinite logits and NaN are no answer, so a wrong one."""
    return float(((logits.argmax(axis=1) == labels) & np.isfinite(logits).all(axis=1)).mean())


def as_jpeg(images: np.ndarray, quality: int) -> np.ndarray:
    """The images, uint8 `[n, height, width, 3]`, as they are after storing them as JPEG of this quality, 1 to 95."""

    def store(image):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return np.stack([store(image) for image in images])


def format_logits(largest) -> str:
    """The largest logit of all images and, if there are several, of the median image."""
    largest = np.nan_to_num(largest, nan=np.inf)  # infinities that met
    values = [largest.max()] if len(largest) == 1 else [largest.max(), np.median(largest)]
    first, *median = (f"{value:.3g}" if np.isfinite(value) else "overflow" for value in values)
    return f"{first} ({median[0]})" if median else first


def kinds(real) -> dict:
    """Images of each kind, of the size of the real ones.

    Args:
        real: uint8 `[n, height, width, channels]`: all of a test split.
    """
    shape, some = real.shape[1:], real[:COUNT]
    places = np.add.outer(np.arange(shape[0]), np.arange(shape[1]))[..., None] % 2
    noise = np.random.default_rng(0).integers(0, 256, (COUNT, *shape), dtype="uint8")
    return {
        "test split": real,
        "black": np.zeros((1, *shape), "uint8"),
        "white": np.full((1, *shape), 255, "uint8"),
        "checkerboard": np.broadcast_to(places * 255, (1, *shape)).astype("uint8"),
        "noise": noise,
        "black and white noise": np.where(noise < 128, 0, 255).astype("uint8"),
        "shifted by a quarter": np.roll(some, shape[0] // 4, axis=(1, 2)),
        "inverted": 255 - some,
    }


if __name__ == "__main__":
    main()
