"""`open_data`: any data set of images or audio clips."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from zoo.card_types import Card
from zoo.data.array_source import open_splits, read_npz, splits_of_arrays
from zoo.data.catalog import SETS
from zoo.data.data_set import ARRAYS, DataSet
from zoo.data.file_source import open_files
from zoo.data.hugging_face_source import open_hugging_face
from zoo.data.listing import SPLIT_NAMES
from zoo.data.loading import load_set
from zoo.data.source_kinds import FORMS, Shape, kind_of
from zoo.data.summary import listed
from zoo.data.tfds_source import open_tfds


def open_data(
    source: Any,
    *,
    shape: Shape | None = None,
    class_names: Sequence[str] = (),
    name: str = "arrays",
    data_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DataSet:
    """Open a data set of images or audio clips of your own, of TFDS, or of Hugging Face.

    Classes and shape are found from the data. Images of another size are cropped to its proportions around their
    middle and resized with antialiasing, audio clips are resampled to 8 kHz and cut or padded at both ends. Splits that
    the data set has are kept. What is missing is taken from the training split: 15 % of each class for testing and for
    validation, chosen by a hash of the file names, so the same on every machine; copies of a file are left out first.

    Files, TFDS and Hugging Face are decoded once into a cache (`PINET_CACHE`, default `~/.cache/pinet-keras`), and
    memory-mapped from there: they may be larger than the memory.

    Args:
        source: one of

            - the path of a folder with a folder of image files, or of WAV files, for each class; or with `train`, `val`
              and `test` that hold such folders;
            - the path of a `.csv` with the columns `file` and `label`, and perhaps `split`;
            - the path of an `.npz` with `x_train`, `y_train`, `x_test`, `y_test` (and `x_val`, `y_val`), or `x` and
              `y`, and perhaps `class_names`;
            - a data set of TFDS, `"name"`, `"name/config"` or `"name/config:version"`;
            - `"hf:NAME"` or `"hf:NAME:CONFIG"`, a data set of the Hugging Face hub (extra `huggingface`);
            - from Python: arrays `(x, y)` or `((x_train, y_train), (x_test, y_test))`, a `tf.data.Dataset` or a
              `keras.utils.PyDataset` of such pairs, or a dict of these by `"train"`, `"validation"` and `"test"`.
        shape: of the examples: `(height, width, channels)` or `(samples,)`; `None`, and `None` within it, is found.
        class_names: names of the classes in the order of integer labels, for arrays.
        name: what arrays are called on cards.
        data_dir: where TFDS keeps its data sets; default `TFDS_DATA_DIR`, then `~/tensorflow_datasets`.
        progress: called with (done, all) while examples are decoded.

    Returns:
        A `zoo.data.data_set.DataSet`; its `summary` says what was found.

    Raises:
        ValueError: it is not a data set for classification; the message says why.
        FileNotFoundError: it is not there, or could not be downloaded.

    Example:
        >>> images, labels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), "uint8"), np.arange(40) % 2
        >>> data_set = zoo.open_data((images, labels), class_names=("cat", "dog"))
        >>> data_set.shape, data_set.class_names, data_set.validation, len(data_set.x_test)
        ((16, 16, 3), ('cat', 'dog'), 6, 6)
    """
    if isinstance(source, DataSet):
        return source
    if not isinstance(source, str | os.PathLike):
        splits = _splits(source)
        named = class_names or next(
            (found for each in splits.values() if (found := getattr(each, "class_names", ()))), ()
        )
        return open_splits(name, splits, shape, tuple(named))
    source = os.fspath(source)
    kind, path = kind_of(source), Path(source).expanduser()
    if kind == "known":
        own = shape in (None, tuple(SETS[source]["shape"]))
        return load_set(source, data_dir=data_dir) if own else _resized(source, shape, data_dir)
    if kind == "npz":
        splits, names = splits_of_arrays(read_npz(path), path.name)
        return open_splits(source, splits, shape, tuple(class_names) or names, "an .npz")
    if kind == "files":
        if not path.exists():
            raise FileNotFoundError(f"There is no such file or folder. A data set is {FORMS}. Received: {source!r}")
        return open_files(source, path, shape, progress)
    if kind == "tfds":
        return open_tfds(source, shape, data_dir, progress)
    return open_hugging_face(source, shape, progress)


def _splits(source):
    if isinstance(source, dict):
        if set(source) & set(ARRAYS):
            return splits_of_arrays(source, "the dict")[0]
        unknown = [key for key in source if key not in SPLIT_NAMES]
        if unknown:
            raise ValueError(f"Splits are called train, validation and test. Received: {', '.join(map(str, unknown))}")
        return {SPLIT_NAMES[key]: value for key, value in source.items()}
    if isinstance(source, tuple | list) and len(source) == 2 and isinstance(source[0], tuple | list):
        return {"train": source[0], "test": source[1]}  # what keras.datasets give
    return {"": source}


def _resized(name, shape, data_dir):
    """A known data set with images of another size; its splits stay."""
    whole = load_set(name, data_dir=data_dir)
    splits = {"train": (whole.x_train, whole.y_train), "test": (whole.x_test, whole.y_test)}
    return open_splits(name, splits, shape, whole.class_names, name)


def open_for(card: Card, data: Any = None, data_dir=None) -> DataSet:
    """The data set of a model's card, or another one with the same classes, with examples of the model's shape.

    Args:
        card: of a classifier or generator.
        data: what `open_data` takes, in place of the card's data set; `None` for that. An `.npz` replaces the arrays
            of a data set that the zoo knows by name.
        data_dir: where TFDS keeps its data sets.

    Raises:
        ValueError: the card names no data set and none is given, the classes are others than the card's, or it is no
            data set.
        FileNotFoundError: it is not there.
    """
    name, shape = card["dataset"]["name"], tuple(card.get("output_shape", card["input_shape"]))
    known = name and name in SETS and tuple(SETS[name]["shape"]) == shape
    if name and known and (data is None or (isinstance(data, str | os.PathLike) and kind_of(os.fspath(data)) == "npz")):
        return load_set(name, data, data_dir)
    if data is None and not name:
        raise ValueError("The model's card names no data set: give its data, `--data DATA` on the command line.")
    names = card["class_names"]
    data_set = open_data(name if data is None else data, shape=shape, class_names=names, data_dir=data_dir)
    if names and list(data_set.class_names) != list(names):
        raise ValueError(
            f"{card['name']} was trained on other classes, {listed(names)}. Received: {listed(data_set.class_names)}"
        )
    return data_set
