"""Arrays, `.npz` files, `tf.data.Dataset` and `keras.utils.PyDataset` as data sets."""

import hashlib
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zoo.data.array_decoding import as_examples, fit_clip, fit_image, label_names
from zoo.data.assembling import Rows
from zoo.data.cache import RowFile, copy_rows
from zoo.data.data_set import ARRAYS, DataSet
from zoo.data.listing import SPLIT_NAMES
from zoo.data.shapes import clip_shape, image_shape
from zoo.data.source_kinds import Shape
from zoo.data.stored import Contents, divide_contents, summarise
from zoo.files import naming_damaged_file

NEEDED = f"Needed is an .npz file with {', '.join(ARRAYS)}, or with x and y, as numpy.savez writes it."


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file.

    Raises:
        ValueError: it is none, or is damaged.
        FileNotFoundError: it is not there.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no data file {path}.")
    with naming_damaged_file(path, NEEDED):
        if not zipfile.is_zipfile(path):  # NumPy would advise to load it without regard to safety
            raise ValueError("it is no zip archive")
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file}


def splits_of_arrays(arrays: dict[str, np.ndarray], file: str) -> tuple[dict, tuple[str, ...]]:
    """Splits and class names of the arrays of an `.npz` file.

    Args:
        arrays: `x_train`, `y_train`, perhaps `x_val`, `y_val`, `x_test` and `y_test`; or `x` and `y`; perhaps
            `class_names`.
        file: its name, for errors.

    Raises:
        ValueError: the arrays have other names.
    """
    splits: dict = {}
    for key in arrays:
        head, _, tail = key.partition("_")
        if head == "x" and (not tail or tail in SPLIT_NAMES):
            labels = "y" + key[1:]
            if labels not in arrays:
                raise ValueError(f"{file} lacks {labels}. {NEEDED}")
            splits[SPLIT_NAMES.get(tail, "")] = (arrays[key], arrays[labels])
    if not splits or ("" in splits and len(splits) > 1):
        raise ValueError(f"{file} has other arrays. {NEEDED} Received: {', '.join(arrays) or 'none'}")
    return splits, tuple(str(name) for name in arrays.get("class_names", ()))


def open_splits(name: str, splits: dict[str, Any], shape: Shape | None, class_names=(), kind="arrays") -> DataSet:
    """The `DataSet` of examples that come from Python.

    Args:
        name: what the data set is called.
        splits: by `"train"`, `"validation"` and `"test"`, or `""` where there are none: a pair of arrays, a
            `tf.data.Dataset` or a `keras.utils.PyDataset` of pairs.
        shape: of the examples; `None`, and `None` within it, is found.
        class_names: names of the classes, in the order of integer labels.
        kind: what was read, for the summary.

    Raises:
        ValueError: examples or labels of another kind, or too few of them.
    """
    contents = Contents(kind, (), Rows(), class_names=tuple(class_names))
    started, integers, files = time.perf_counter(), True, [_temporary_file() for _ in range(3)]
    rows = None
    for split, source in splits.items():
        for batch, labels in _batches(source):
            examples = as_examples(batch, f"{split or 'the data set'}'s x")
            texts = label_names(labels, f"{split or 'the data set'}'s y", contents.class_names)
            if len(texts) != len(examples):
                raise ValueError(f"{split or 'The data set'} has {len(examples):,} examples and {len(texts):,} labels.")
            integers = integers and np.asarray(labels).dtype.kind in "uif"
            if rows is None:
                contents.shape = _shape(shape, examples)
                rows = RowFile(files[0], contents.shape, examples.dtype.name)
            for example, text in zip(examples, texts, strict=True):
                row = _fitted(example, contents.shape)
                digest = hashlib.sha256(row.tobytes()).digest()
                contents.rows.add(f"{split}[{rows.count}]", text, split, digest)
                rows.append(row)
    if rows is None:
        raise ValueError("The data set holds no examples.")
    if integers and not class_names:
        contents.class_names = tuple(sorted(set(contents.rows.labels), key=int))
    contents.seconds = time.perf_counter() - started
    parts, found = divide_contents(contents), rows.rows()
    orders = (parts.train, parts.test)
    train, test = (copy_rows(found, order, file) for order, file in zip(orders, files[1:], strict=True))
    y_train, y_test = (parts.labels[order] for order in orders)
    summary = summarise(contents, parts)
    return DataSet(name, train, y_train, test, y_test, parts.class_names, parts.validation, summary)


def _temporary_file():
    """A file without a name: it is there as long as an array is mapped to it."""
    return tempfile.TemporaryFile()


def _batches(source: Any) -> Iterator[tuple[Any, Any]]:
    """Batches of examples and labels."""
    if isinstance(source, tuple | list) and len(source) == 2:
        yield source[0], source[1]
    elif hasattr(source, "as_numpy_iterator"):
        yield from _tensor_batches(source)
    elif hasattr(source, "__getitem__") and hasattr(source, "__len__"):  # a PyDataset
        for step in range(len(source)):
            batch = source[step]
            if not isinstance(batch, tuple | list) or len(batch) < 2:
                raise ValueError(f"A PyDataset must give pairs of examples and labels. Received: {type(batch)}")
            yield batch[0], batch[1]
    else:
        raise ValueError(
            "A split is a pair of arrays (x, y), a tf.data.Dataset or a keras.utils.PyDataset of such pairs. "
            f"Received: {type(source)}"
        )


def _tensor_batches(dataset):
    if int(dataset.cardinality()) == -1:
        raise ValueError("The tf.data.Dataset repeats without an end: give it without repeat().")
    for element in dataset.as_numpy_iterator():
        if isinstance(element, dict):
            element = (element.get("image", element.get("audio")), element.get("label"))
        if not isinstance(element, tuple) or len(element) < 2 or element[0] is None or element[1] is None:
            raise ValueError("A tf.data.Dataset must give pairs (x, y), or dicts with image or audio, and label.")
        batched = np.ndim(element[0]) in (2, 4)
        yield element[:2] if batched else (np.asarray(element[0])[None], np.asarray(element[1])[None])


def _shape(wanted, examples):
    if examples.ndim == 2:
        return clip_shape(wanted, [examples.shape[1]]) if wanted else (examples.shape[1],)
    height, width, channels = examples.shape[1:]
    if wanted is None or len(wanted) != 3:
        return image_shape(wanted, [(height, width)], channels == 3) if wanted else (height, width, channels)
    return image_shape((wanted[0] or height, wanted[1] or width, wanted[2]), [(height, width)], channels == 3)


def _fitted(example, shape):
    if (example.ndim == 1) != (len(shape) == 1):
        raise ValueError(f"A data set holds images or audio clips, not both. Received: shape={example.shape}")
    return fit_clip(example, shape[0], None) if example.ndim == 1 else fit_image(example, shape)
