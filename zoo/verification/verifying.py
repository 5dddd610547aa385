"""Whether two images show the same person."""

import math
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from zoo.evaluation.prediction import preprocess
from zoo.files import naming_damaged_file, read_json
from zoo.paths import FACES
from zoo.verification.embedding import embeddings, similarities
from zoo.verification.pairs import Pairs

THRESHOLD_FILE = "verification.json"


class Verification(NamedTuple):
    """What `verify` found.

    Args:
        similarity: the cosine between the two embeddings, in −1..1.
        threshold: from which on it counts as the same person; `None` where none is known.
        same: whether it does; `None` without a threshold.
    """

    similarity: float
    threshold: float | None
    same: bool | None


def verify(
    first: str | os.PathLike[str] | bytes | Image.Image | np.ndarray,
    second: str | os.PathLike[str] | bytes | Image.Image | np.ndarray,
    model: str | Path = FACES,
    threshold: float | None = None,
) -> Verification:
    """Compare two images of faces.

    The images must show faces as those that the model was trained on: those of the shipped model are grey, upright, and
    fill the image. No face is looked for in them.

    Args:
        first: an image, as for `zoo.preprocess`.
        second: the other one.
        model: a classifier of images, as for `zoo.load`, whose features are the embeddings; default the shipped one,
            which was trained on twenty people and is an example, not fit for use on people.
        threshold: the cosine from which on the images count as showing the same person, in −1..1; default that which
            was stored with the model, if it has one.

    Returns:
        A named tuple of `similarity`, the cosine; `threshold`; and `same`, whether the cosine is at least that. The
        last two are `None` where no threshold is known.

    Raises:
        ValueError: no such model, an input that is no image, or a threshold out of its range.
        FileNotFoundError: there is no such file.

    Example:
        >>> from zoo.verification import verify
        >>> image = np.random.default_rng(0).integers(0, 256, (112, 92), dtype="uint8")
        >>> found = verify(image, image)
        >>> round(found.similarity, 6), found.same
        (1.0, True)
    """
    limit = stored_threshold(model) if threshold is None else threshold
    if limit is not None and not (math.isfinite(limit) and -1 <= limit <= 1):
        raise ValueError(f"`threshold` is a cosine, −1 to 1. Received: threshold={limit!r}")
    images = np.concatenate([preprocess(model, image) for image in (first, second)])
    pair = Pairs(*(np.array([value]) for value in (0, 1, False, 0)))
    similarity = float(similarities(embeddings(model, images), pair)[0])
    return Verification(similarity, limit, None if limit is None else similarity >= limit)


def stored_threshold(model: str | Path) -> float | None:
    """The threshold in the folder of a model; `None` where there is none.

    Raises:
        ValueError: the file is damaged.
    """
    path = Path(model) / THRESHOLD_FILE
    advice = "Restore it from a copy, or give a threshold."
    stored = read_json(path, advice) if path.is_file() else None
    if stored is None:
        return None
    with naming_damaged_file(path, advice):
        return float(stored["threshold"])
