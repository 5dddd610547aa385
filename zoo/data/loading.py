"""Classification sets as arrays: from TFDS, from scikit-learn, or from an `.npz`."""

import zipfile
from pathlib import Path

import numpy as np

from zoo.card_types import Card
from zoo.data.catalog import SETS
from zoo.data.data_set import ARRAYS, DataSet
from zoo.data.download import check_known, check_reachable, not_available
from zoo.data.spoken_digit import standard_split
from zoo.files import naming_damaged_file
from zoo.registry import suggestion


def load_set(name: str, data=None, data_dir=None) -> DataSet:
    """Read a data set.

    Args:
        name: `"mnist"`, `"cifar10"`, `"spoken_digit"` (through TFDS) or `"digits"` (scikit-learn's, no download).
        data: path of an `.npz` with uint8 (for audio int16) `x_train`, `x_test` and integer `y_train`, `y_test`, read
            instead; needs no TensorFlow.
        data_dir: where TFDS keeps its data sets; its default is the environment variable `TFDS_DATA_DIR`, then
            `~/tensorflow_datasets`.

    Raises:
        ValueError: unknown name, or an `.npz` that holds something else.
        FileNotFoundError: the data are not there and could not be downloaded.
    """
    if name not in SETS:
        raise ValueError(f"Unknown data set{suggestion(name, list(SETS))} Received: {name!r}")
    if data is not None:
        arrays = _read_npz(Path(data))
    elif name == "digits":
        arrays = _read_digits()
    else:
        arrays = _read_tfds(name, data_dir)
    return _data_set(name, arrays, SETS[name]["shape"], len(SETS[name]["classes"]))


def load_set_of(card: Card, data=None, data_dir=None) -> DataSet:
    """Read the data set of a model's card, or data for it from a file.

    Args:
        card: of a classifier or generator.
        data: as for `load_set`; needed where the card names no data set that is known here.
        data_dir: as for `load_set`.

    Raises:
        ValueError: the card's data set is not known and there is no file, or the file holds something else than the
            model takes.
        FileNotFoundError: the data are not there and could not be downloaded.
    """
    name = card["dataset"]["name"]
    if name in SETS:
        return load_set(name, data, data_dir)
    if data is None:
        check_known(name)
    shape = card.get("output_shape", card["input_shape"])
    return _data_set(name or "data", _read_npz(Path(data)), tuple(shape), len(card["class_names"]))


def _data_set(name, arrays, shape, classes):
    _check(name, arrays, shape, classes)
    labels = {key: arrays[key].astype("int64") for key in ("y_train", "y_test")}
    return DataSet(name, **{**arrays, **labels})


def _read_npz(path):
    if not path.is_file():
        raise FileNotFoundError(f"There is no data file {path}.")
    needed = f"Needed is an .npz file with {', '.join(ARRAYS)}, as numpy.savez writes it."
    with naming_damaged_file(path, needed):
        if not zipfile.is_zipfile(path):  # NumPy would advise `allow_pickle`, which is unsafe
            raise ValueError("it is no zip archive")
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in ARRAYS if key in file}
    missing = [key for key in ARRAYS if key not in arrays]
    if missing:
        raise ValueError(f"{path.name} lacks {', '.join(missing)}. Needed are {', '.join(ARRAYS)}.")
    return arrays


def _check(name, arrays, shape, classes):
    """Refuse arrays that are not this data set's kind, before a training starts on them."""
    for split in ("train", "test"):
        examples, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
        kind = "uint8 images" if len(shape) == 3 else "int16 audio clips"
        if examples.dtype != kind.split()[0] or examples.shape[1:] != shape or len(examples) == 0:
            raise ValueError(
                f"x_{split} of {name} must be {kind} of shape [n, {', '.join(map(str, shape))}]. "
                f"Received: dtype={examples.dtype}, shape={examples.shape}"
            )
        if labels.shape != (len(examples),) or not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(
                f"y_{split} of {name} must be {len(examples)} integers. "
                f"Received: dtype={labels.dtype}, shape={labels.shape}"
            )
        if labels.min() < 0 or labels.max() >= classes:
            raise ValueError(
                f"y_{split} of {name} must lie in 0..{classes - 1}. Received: {labels.min()}..{labels.max()}"
            )


def _read_digits():
    """scikit-learn's 1,797 digits of 8×8, 360 of them held out, stratified by class."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    # 17 grey levels, 0..16, become pixels 0..255
    images = np.round(images.reshape(-1, 8, 8, 1) * (255 / 16)).astype("uint8")
    x_train, x_test, y_train, y_test = train_test_split(images, labels, test_size=360, random_state=0, stratify=labels)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _read_tfds(name, data_dir):
    import tensorflow  # noqa: F401 TFDS reads with it, and says less where it is missing
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=data_dir)
    if not builder.is_prepared():
        check_reachable(name, data_dir)
        try:
            builder.download_and_prepare()
        except Exception as error:  # TFDS raises what its downloaders raise: network, disk, checksum
            raise not_available(name, data_dir, error) from error
    if name == "spoken_digit":
        return standard_split(builder)
    arrays = {}
    for split in ("train", "test"):
        examples = builder.as_dataset(split=split, batch_size=-1, shuffle_files=False)
        arrays[f"x_{split}"] = np.asarray(examples["image"])
        arrays[f"y_{split}"] = np.asarray(examples["label"])
    return arrays
