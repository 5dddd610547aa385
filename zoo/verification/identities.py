"""Images of people, by person."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.data.array_decoding import fit_image
from zoo.data.file_decoding import decode_files
from zoo.data.listing import list_folder
from zoo.data.summary import listed
from zoo.data.tfds_source import prepared_builder

LFW = "lfw"


@dataclass(frozen=True)
class Identities:
    """Images with the person on each.

    Args:
        images: uint8 `[n, height, width, channels]`.
        labels: `[n]` integers, the index of each person in `names`.
        names: of the people.

    Raises:
        ValueError: the arrays differ in length, a label is none of the names, or `images` is no batch of uint8 images.

    Example:
        >>> from zoo.verification import Identities
        >>> people = Identities(np.zeros((4, 8, 8, 1), "uint8"), np.array([0, 0, 1, 1]), ("Ada", "Emmy"))
        >>> people.of(["Emmy"]).labels
        array([0, 0])
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]

    def __post_init__(self):
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            raise ValueError(
                "Images must be uint8 [n, height, width, channels]. "
                f"Received: dtype={self.images.dtype}, shape={self.images.shape}"
            )
        if self.labels.shape != (len(self.images),) or not np.isin(self.labels, range(len(self.names))).all():
            raise ValueError(
                f"`labels` must hold an index in 0..{len(self.names) - 1} for each of {len(self.images)} images. "
                f"Received: shape={self.labels.shape}, {listed(map(str, np.unique(self.labels)))}"
            )

    def of(self, names: Sequence[str]) -> "Identities":
        """The images of some people.

        Args:
            names: of the people; labels are indices of this order.

        Returns:
            Their `Identities`.

        Raises:
            ValueError: a name is none of the people, or stands there twice.
        """
        unknown = sorted(set(names) - set(self.names))
        if unknown or len(set(names)) < len(names):
            raise ValueError(f"Each name must be one of the people, once. Received: {listed(unknown or names)}")
        index = np.array([names.index(name) if name in names else -1 for name in self.names])
        chosen = index[self.labels] >= 0
        return Identities(self.images[chosen], index[self.labels[chosen]], tuple(names))


def read_identities(
    source: str | os.PathLike[str], shape: Sequence[int], data_dir: str | os.PathLike[str] | None = None
) -> Identities:
    """Read a folder with a folder of images for each person, or TFDS' `lfw` (Labeled Faces in the Wild).

    Images of another size are cropped around their middle to the proportions of `shape` and resized. Of `lfw` all
    13,233 images of 5,749 people are read; TFDS does not tell which of them are in the 6,000 published pairs.

    Args:
        source: the folder, or `"lfw"`.
        shape: `(height, width, channels)`.
        data_dir: where TFDS keeps its data sets; default `TFDS_DATA_DIR`, then `~/tensorflow_datasets`.

    Returns:
        `Identities`, the names sorted.

    Raises:
        ValueError: the folder holds no folders of images, an image cannot be read, or there are fewer than two people.
        FileNotFoundError: there is no such folder, or TFDS could not download the data set.

    Example:
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from zoo.verification import read_identities
        >>> for name in ("Ada/1", "Ada/2", "Emmy/1"):
        ...     path = Path(f"people/{name}.png")
        ...     path.parent.mkdir(parents=True, exist_ok=True)
        ...     Image.new("L", (92, 112)).save(path)
        >>> people = read_identities("people", (56, 46, 1))
        >>> people.names, people.images.shape
        (('Ada', 'Emmy'), (3, 56, 46, 1))
    """
    if source == LFW and not Path(LFW).is_dir():
        images, found = _read_lfw(tuple(shape), data_dir)
    else:
        images, found = _read_folder(Path(source), tuple(shape))
    names = tuple(sorted(set(found)))
    if len(names) < 2:
        raise ValueError(f"Verification needs images of two people at least. Received: {source}, with {listed(names)}")
    index = {name: place for place, name in enumerate(names)}
    return Identities(np.stack(images), np.array([index[name] for name in found]), names)


def _read_folder(root: Path, shape):
    if not root.is_dir():
        raise FileNotFoundError(f"There is no such folder. Images of people are a folder for each. Received: {root}")
    listing = list_folder(root)
    if listing.is_audio:
        raise ValueError(f"A folder for each person must hold images. Received: {root}, which holds WAV files")
    decoded = list(decode_files(listing.files, shape))
    for file, each in zip(listing.files, decoded, strict=True):
        if each.example is None:
            raise ValueError(f"An image cannot be read: {each.error}. Received: {file.name} in {root}")
    return [each.example for each in decoded], [file.label for file in listing.files]


def _read_lfw(shape, data_dir):
    examples = prepared_builder(LFW, data_dir).as_dataset(split="train", shuffle_files=False).as_numpy_iterator()
    found = [(fit_image(each["image"], shape), each["label"].decode()) for each in examples]
    return [image for image, _ in found], [name for _, name in found]
