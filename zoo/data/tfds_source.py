"""Data sets of TFDS: any with one image, or one audio clip, and one label."""

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from zoo.data.array_decoding import fit_clip, fit_image
from zoo.data.assembling import Rows
from zoo.data.audio import RATE
from zoo.data.catalog import SETS
from zoo.data.data_set import DataSet
from zoo.data.download import check_reachable, data_folder, is_available, not_available
from zoo.data.listing import SPLIT_NAMES
from zoo.data.shapes import clip_shape, image_shape
from zoo.data.source_kinds import Shape
from zoo.data.stored import Contents, stored
from zoo.data.summary import listed
from zoo.registry import suggestion

PROBED = 200  # examples whose size is read before the shape is chosen


def prepared_builder(name: str, data_dir=None) -> Any:
    """The TFDS builder of a data set, which is downloaded if it is not there.

    Args:
        name: `"name"`, `"name/config"` or `"name/config:version"`.
        data_dir: where TFDS keeps its data sets.

    Raises:
        ValueError: TFDS has no data set of that name, config and version.
        FileNotFoundError: it is not there and could not be downloaded.
    """
    import tensorflow  # noqa: F401 TFDS reads with it, and says less where it is missing
    import tensorflow_datasets as tfds

    check_tfds_name(name, data_dir)
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except (ValueError, AssertionError) as error:  # TFDS lists the configs or versions that there are
        raise ValueError(
            f"TFDS cannot make this data set: {' '.join(str(error).split())} Received: {name!r}"
        ) from error
    if not builder.is_prepared():
        check_reachable(name, data_dir, next(iter(builder.url_infos or ()), None))
        try:
            builder.download_and_prepare()
        except Exception as error:  # TFDS raises what its downloaders raise: network, disk, checksum
            raise not_available(name, data_dir, error) from error
    return builder


def check_tfds_name(name: str, data_dir=None) -> None:
    """Raise an error unless TFDS has a data set of that name. Imports no TensorFlow.

    Args:
        name: as for `prepared_builder`.
        data_dir: where TFDS keeps its data sets: one that is prepared there needs no code of TFDS.

    Raises:
        ValueError: there is none.
    """
    if is_available(name, data_dir):
        return
    import tensorflow_datasets as tfds

    plain, listed_names = re.split("[/:]", name)[0], tfds.list_builders(with_community_datasets=False)
    if plain not in listed_names:
        near = next(
            (found for names in (list(SETS), listed_names) if "mean" in (found := suggestion(plain, names))), "."
        )
        raise ValueError(f"There is no folder of that name, and no data set of TFDS{near} Received: {name!r}")


def open_tfds(name: str, shape: Shape | None, data_dir=None, progress: Callable | None = None) -> DataSet:
    """The `DataSet` of one of TFDS.

    Args:
        name: as for `prepared_builder`.
        shape: of the examples; `None`, and `None` within it, is found.
        data_dir: where TFDS keeps its data sets.
        progress: called with (done, all) examples.

    Raises:
        ValueError: no such data set, or none for classification.
        FileNotFoundError: it is not there and could not be downloaded.
    """
    builder = prepared_builder(name, data_dir)
    info = builder.info
    record = info.as_json if hasattr(info, "as_json") else str(info)
    fingerprint = hashlib.sha256(f"{info.full_name} {data_folder(data_dir)} {record}".encode()).hexdigest()
    example_key, label_key = _keys(name, info)
    splits = {split: SPLIT_NAMES[split] for split in info.splits if split in SPLIT_NAMES}
    if not splits:
        raise ValueError(f"{name} has no training split. Received: {', '.join(info.splits)}")
    found = _shape(builder, next(iter(splits)), example_key, shape)
    return stored(name, fingerprint, found, lambda: _contents(builder, splits, example_key, label_key, found, progress))


def _contents(builder, splits, example_key, label_key, shape, progress):
    label, rate = builder.info.features[label_key], _rate(builder, example_key)
    is_audio = len(shape) == 1
    names = getattr(label, "names", None)
    contents = Contents(f"TFDS {builder.info.full_name}", shape, Rows(), leave_out_rare=True)
    total = sum(builder.info.splits[split].num_examples for split in splits)
    sizes: Counter[str] = Counter()
    unlabelled: Counter[str] = Counter()
    started = time.perf_counter()

    def examples():
        for split, part in splits.items():
            for index, each in enumerate(builder.as_dataset(split=split, shuffle_files=False).as_numpy_iterator()):
                if progress and index % 100 == 0:
                    progress(len(contents.rows.names), total)
                text = each[label_key]
                if names and int(text) < 0:
                    unlabelled[split] += 1
                    continue
                found = each[example_key]
                sizes["×".join(map(str, found.shape[1::-1])) if not is_audio else "clips"] += 1
                row = fit_clip(found, shape[0], rate) if is_audio else fit_image(found, shape)
                text = names[int(text)] if names else text.decode() if isinstance(text, bytes) else str(text)
                contents.rows.add(f"{split}[{index}]", text, part, hashlib.sha256(row.tobytes()).digest())
                yield row
        contents.class_names = tuple(names or sorted(set(contents.rows.labels)))
        contents.sizes.update({} if is_audio else sizes.most_common(5))
        left_out = [split for split in builder.info.splits if split not in SPLIT_NAMES]
        if left_out:
            contents.notes.append(f"splits that are not used: {listed(left_out)}")
        contents.notes += [f"{count:,} examples of {split} have no label" for split, count in unlabelled.items()]
        contents.seconds = time.perf_counter() - started

    contents.examples = examples()
    return contents


def _keys(name, info):
    """Names of the features that hold the example and the label."""
    features = dict(info.features.items()) if hasattr(info.features, "items") else {}
    supervised = [key for key in info.supervised_keys or () if isinstance(key, str)]
    kinds = {key: type(feature).__name__ for key, feature in features.items()}
    inputs = [key for key, kind in kinds.items() if kind in ("Image", "Audio")]
    labels = [key for key, kind in kinds.items() if kind == "ClassLabel"]
    labels = labels or [key for key in supervised if kinds.get(key) in ("Text", "Scalar", "Tensor")]
    example = next((key for key in supervised if key in inputs), inputs[0] if len(inputs) == 1 else None)
    label = next((key for key in supervised if key in labels), labels[0] if len(labels) == 1 else None)
    if example is None or label is None:
        raise ValueError(
            f"{name} is not a data set for classification: it needs one image or audio clip and one label. "
            f"Received: {', '.join(f'{key} ({kind})' for key, kind in kinds.items())}"
        )
    return example, label


def _rate(builder, key):
    """Samples a second of audio clips, if it is known."""
    return getattr(builder.info.features[key], "sample_rate", None)


def _shape(builder, split, key, wanted):
    examples = builder.as_dataset(split=split, shuffle_files=False).take(PROBED).as_numpy_iterator()
    found = [each[key].shape for each in examples]
    if not found:
        raise ValueError(f"{builder.info.full_name} has no examples in its split {split}.")
    if type(builder.info.features[key]).__name__ == "Audio":
        rate = _rate(builder, key) or RATE
        return clip_shape(wanted, [length[0] * RATE / rate for length in found])
    return image_shape(wanted, [each[:2] for each in found], any(each[-1] >= 3 for each in found))
