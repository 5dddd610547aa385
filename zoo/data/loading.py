"""The data sets that the zoo knows by name: from TFDS, from scikit-learn, or from an `.npz` of the same kind."""

from pathlib import Path

import numpy as np

from zoo.data.array_source import read_npz
from zoo.data.catalog import SETS
from zoo.data.data_set import ARRAYS, DataSet
from zoo.data.spoken_digit import standard_split
from zoo.data.tfds_source import prepared_builder
from zoo.registry import suggestion


def load_set(name: str, data=None, data_dir=None) -> DataSet:
    """Read a data set that the zoo knows by name; `zoo.open_data` opens others.

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
        arrays = _named_arrays(Path(data))
    elif name == "digits":
        arrays = _read_digits()
    else:
        arrays = _read_tfds(name, data_dir)
    _check(name, arrays, SETS[name]["shape"], len(SETS[name]["classes"]))
    labels = {key: arrays[key].astype("int64") for key in ("y_train", "y_test")}
    return DataSet(name, **{**arrays, **labels})


def _named_arrays(path):
    arrays = read_npz(path)
    missing = [key for key in ARRAYS if key not in arrays]
    if missing:
        raise ValueError(f"{path.name} lacks {', '.join(missing)}. Needed are {', '.join(ARRAYS)}.")
    return {key: arrays[key] for key in ARRAYS}


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
    builder = prepared_builder(name, data_dir)
    if name == "spoken_digit":
        return standard_split(builder)
    arrays = {}
    for split in ("train", "test"):
        examples = builder.as_dataset(split=split, batch_size=-1, shuffle_files=False)
        arrays[f"x_{split}"] = np.asarray(examples["image"])
        arrays[f"y_{split}"] = np.asarray(examples["label"])
    return arrays
