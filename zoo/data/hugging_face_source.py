"""Data sets of the Hugging Face hub, through the package `datasets`."""

import hashlib
import itertools
import time
from collections.abc import Callable

import numpy as np

from zoo.data.array_decoding import fit_clip, fit_image
from zoo.data.assembling import Rows
from zoo.data.audio import RATE
from zoo.data.data_set import DataSet
from zoo.data.listing import SPLIT_NAMES
from zoo.data.shapes import clip_shape, image_shape
from zoo.data.source_kinds import HUGGING_FACE, Shape
from zoo.data.stored import Contents, stored
from zoo.data.summary import listed

PROBED = 200  # examples whose size is read before the shape is chosen


def open_hugging_face(name: str, shape: Shape | None, progress: Callable | None = None) -> DataSet:
    """The `DataSet` of one of the Hugging Face hub.

    Args:
        name: `"hf:NAME"` or `"hf:NAME:CONFIG"`, such as `"hf:ylecun/mnist"`.
        shape: of the examples; `None`, and `None` within it, is found.
        progress: called with (done, all) examples.

    Raises:
        ImportError: the package `datasets` is not installed.
        ValueError: no such data set, or none for classification.
        FileNotFoundError: it could not be loaded.
    """
    import datasets

    hub_name, _, config = name.removeprefix(HUGGING_FACE).partition(":")
    try:
        splits = datasets.load_dataset(hub_name, config or None)
    except Exception as error:  # it raises what its downloaders and builders raise
        raise FileNotFoundError(
            f"{hub_name} could not be loaded from the Hugging Face hub ({' '.join(str(error).split())}). Without a "
            "network it must be in the package's cache (HF_HOME); or save its images to class folders, and name the "
            f"folder. Received: {name!r}"
        ) from error
    used = {split: SPLIT_NAMES[split] for split in splits if split in SPLIT_NAMES}
    if not used:
        raise ValueError(f"{hub_name} has no training split. Received: {', '.join(splits)}")
    prints = [f"{split} {getattr(splits[split], '_fingerprint', '')} {len(splits[split])}" for split in used]
    fingerprint = hashlib.sha256(repr((name, prints)).encode()).hexdigest()
    first = splits[next(iter(used))]
    keys = _keys(hub_name, first.features)
    is_audio = type(first.features[keys[0]]).__name__ == "Audio"
    found = _shape(itertools.islice(first, PROBED), keys[0], is_audio, shape)
    return stored(name, fingerprint, found, lambda: _contents(hub_name, splits, used, keys, found, progress))


def _contents(name, splits, used, keys, shape, progress):
    example_key, label_key = keys
    names = getattr(splits[next(iter(used))].features[label_key], "names", None)
    contents, total = (
        Contents(f"Hugging Face {name}", shape, Rows(), leave_out_rare=True),
        sum(len(splits[split]) for split in used),
    )
    started = time.perf_counter()

    def examples():
        for split, part in used.items():
            unlabelled = 0
            for index, each in enumerate(splits[split]):
                if progress and index % 100 == 0:
                    progress(len(contents.rows.names), total)
                if each[label_key] is None or (names and each[label_key] < 0):
                    unlabelled += 1
                    continue
                row = _row(each[example_key], shape)
                text = names[each[label_key]] if names else str(each[label_key])
                contents.rows.add(f"{split}[{index}]", text, part, hashlib.sha256(row.tobytes()).digest())
                yield row
            if unlabelled:
                contents.notes.append(f"{unlabelled:,} examples of {split} have no label")
        contents.class_names = tuple(names or sorted(set(contents.rows.labels)))
        if left_out := [split for split in splits if split not in used]:
            contents.notes.append(f"splits that are not used: {listed(left_out)}")
        contents.seconds = time.perf_counter() - started

    contents.examples = examples()
    return contents


def _keys(name, features):
    """Names of the columns that hold the example and the label."""
    kinds = {key: type(feature).__name__ for key, feature in features.items()}
    inputs = [key for key, kind in kinds.items() if kind in ("Image", "Audio")]
    labels = [key for key, kind in kinds.items() if kind == "ClassLabel"]
    labels = [key for key in ("label", "labels") if key in kinds] or labels
    if len(inputs) != 1 or len(labels) != 1:
        raise ValueError(
            f"{name} is not a data set for classification: it needs one image or audio clip and one label. "
            f"Received: {', '.join(f'{key} ({kind})' for key, kind in kinds.items())}"
        )
    return inputs[0], labels[0]


def _shape(examples, key, is_audio, wanted):
    found = [each[key] for each in examples]
    if not found:
        raise ValueError("The training split holds no examples.")
    if is_audio:
        return clip_shape(wanted, [len(each["array"]) * RATE / each["sampling_rate"] for each in found])
    colour = any(image.mode not in ("1", "L", "LA") and not image.mode.startswith("I") for image in found)
    return image_shape(wanted, [(image.height, image.width) for image in found], colour)


def _row(example, shape):
    if len(shape) == 1:  # floats in −1..1
        return fit_clip(np.asarray(example["array"]) * 32767, shape[0], example["sampling_rate"])
    return fit_image(example, shape)
