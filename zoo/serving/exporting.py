"""Export of models for TensorFlow Serving, LiteRT and ONNX."""

import contextlib
import errno
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from pinet_keras.analysis import fold
from pinet_keras.arguments import positive_integer
from zoo.architectures.parts.generator_model import GeneratorModel
from zoo.files import naming_file
from zoo.inference.own_models import task_of
from zoo.loading import load
from zoo.registry import card as read_card
from zoo.serving.version_folder import new_version, place_version, refuse_existing
from zoo.tasks import TASKS, task_function

FORMATS = ("saved_model", "litert", "onnx")


def export(
    name_or_model: str | Path | keras.Model,
    directory: str | Path,
    *,
    name: str | None = None,
    version: int | None = None,
    force: bool = False,
    stage: bool = False,
    class_names: Sequence[str] | None = None,
    temperature: float | None = None,
    mnist_example_signature: bool = False,
    format: Literal["saved_model", "litert", "onnx"] = "saved_model",
) -> Path:
    """Export a model for TensorFlow Serving, or a classifier to LiteRT or ONNX.

    TensorFlow Serving's folder `DIRECTORY/NAME/VERSION` is written under another name and renamed, so that a running
    server never reads half a model. The new version is added to `DIRECTORY/models.config`, which servers read, so that
    they load it; files for batching and monitoring are written where they are missing.

    The first version of a model gets the label `stable`. No label that is in use moves: `pinet label` and
    `zoo.serving.rollout.set_labels` move labels, once the servers have loaded the version.

    Args:
        name_or_model: what `zoo.load` takes (a name, a folder, an address), or a `keras.Model` that takes
            pixels and gives logits, or a `GeneratorModel`.
        directory: the folder of all exported models; it is made if it is not there.
        name: the model's name on the server; default the card's, or the `keras.Model`'s.
        version: the version's number; `None` takes the next free one.
        force: whether to replace what is there.
        stage: write the version and leave `models.config` as it is: no server loads it before `pinet load`.
        class_names: names of the classes; default the card's, and `"0"`, `"1"`, … for a `keras.Model`.
        temperature: the probabilities are softmax(logits / temperature); default the card's, and 1 for a `keras.Model`.
        mnist_example_signature: add `predict_images`, which TensorFlow Serving's own MNIST client calls.
        format: `"saved_model"`, `"litert"` (one file, `DIRECTORY/NAME.tflite`) or `"onnx"` (`DIRECTORY/NAME.onnx`).

    Returns:
        The folder of the version, or the file.

    Raises:
        ValueError: a model that is neither a classifier nor a generator of images (audio models have no export), an
            argument out of its range, the version is there already, `models.config` cannot be read, or the backend is
            not TensorFlow.

    Example:
        >>> zoo.export("pinet_digits", "models").as_posix()
        'models/pinet_digits/1'
    """
    if format not in FORMATS:
        raise ValueError(f"`format` must be one of {', '.join(FORMATS)}. Received: format={format!r}")
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "Export writes TensorFlow's graph; start Python with KERAS_BACKEND=tensorflow. "
            f"Received: KERAS_BACKEND={keras.backend.backend()}"
        )
    model, card = _model_and_card(name_or_model)
    if not TASKS[task_of(model)].formats:
        raise ValueError(f"Models for {task_of(model)} cannot be exported yet. Received: {card['name']}")
    directory = Path(directory)
    version = positive_integer("version", version, or_none=True)
    name = card["name"] if name is None else name
    _check_name(name)
    if isinstance(model, GeneratorModel):
        if class_names is not None or temperature is not None or mnist_example_signature or format != "saved_model":
            raise ValueError(
                "`class_names`, `temperature`, the signature of the MNIST example and other formats are for "
                f"classifiers. Received: {card['name']}, a generator"
            )
        return _write_version(model, card, name, directory, version, force, stage, mnist_example=False)
    card = _classifier_card(model, card, class_names, temperature)
    if format != "saved_model":
        from zoo.serving.formats import write_file

        if version is not None or stage or mnist_example_signature:
            raise ValueError(
                f"A {format} file has no versions, no stages and no signatures. Received: version={version!r}, "
                f"stage={stage}, mnist_example_signature={mnist_example_signature}"
            )
        return write_file(fold(model), name, directory, format, force)
    if mnist_example_signature and tuple(card["input_shape"]) != (28, 28, 1):
        raise ValueError(
            "The signature of TensorFlow Serving's MNIST example needs a model of 28×28×1 pixels. "
            f"Received: {card['name']} with {card['input_shape']}"
        )
    return _write_version(model, card, name, directory, version, force, stage, mnist_example_signature)


def _model_and_card(name_or_model):
    if isinstance(name_or_model, keras.Model):
        return name_or_model, {"name": name_or_model.name}
    return load(name_or_model), read_card(name_or_model)


def _classifier_card(model, card, class_names, temperature):
    card = {"class_names": None, "calibration": {"temperature": 1.0}, **card}
    shape, outputs = _shapes(model)
    if class_names is None:
        class_names = card["class_names"] or [str(index) for index in range(outputs)]
    card = {**card, "input_shape": list(shape), "class_names": list(class_names)}
    card["calibration"] = {**card["calibration"], "temperature": temperature or card["calibration"]["temperature"]}
    _check_card(card, outputs, temperature)
    return card


def _shapes(model):
    shapes: tuple[Any, Any] = (getattr(model, "input_shape", None), getattr(model, "output_shape", None))
    if not all(isinstance(shape, tuple) and all(isinstance(size, int) for size in shape[1:]) for shape in shapes) or (
        len(shapes[0]) != 4 or shapes[0][3] not in (1, 3) or len(shapes[1]) != 2
    ):
        raise ValueError(
            "A model for export takes images [batch, height, width, 1 or 3] and gives logits [batch, classes]. "
            f"Received: {model.name} from {shapes[0]} to {shapes[1]}"
        )
    return shapes[0][1:], shapes[1][1]


def _check_name(name):
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", name):
        raise ValueError(
            "A served model's name starts with a letter and has letters, digits, _, - and . only. "
            f"Received: name={name!r}"
        )


def _check_card(card, outputs, temperature):
    names = card["class_names"]
    if len(names) != outputs or not all(isinstance(name, str) for name in names):
        raise ValueError(f"`class_names` must be {outputs} strings, one a logit. Received: class_names={names}")
    if temperature is not None and not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(f"`temperature` must be a number above 0. Received: temperature={temperature!r}")


def _write_version(model, card, name, directory, version, force, stage, mnist_example):
    if version is not None and not force:
        refuse_existing(directory / name / str(version))
    with new_version(directory, name) as temporary:
        _write_saved_model(model, card, name, temporary, mnist_example)
        return place_version(temporary, directory, name, version, force, stage)


def _write_saved_model(model, card, name, folder, mnist_example):
    import tensorflow as tf

    task = task_of(model)
    signatures = task_function(task, "signatures")(model, card, mnist_example)
    tf.get_logger().setLevel("ERROR")  # saving announces where assets went, and there are none
    warmup = folder / "assets.extra" / "tf_serving_warmup_requests"
    with _errors_of_the_system(folder):
        tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)
        if "classify" in signatures:
            methods = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(str(folder))
            methods.replace_method_name("classify", "tensorflow/serving/classify", tags="serve")
            methods.save()
        warmup.parent.mkdir()
        task_function(task, "warmup")(warmup, name, signatures, model, card)
    (folder / "card.json").write_text(
        json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )


@contextlib.contextmanager
def _errors_of_the_system(folder):
    """A context in which TensorFlow's errors about files become Python's."""
    import tensorflow as tf

    with naming_file(folder):
        try:
            yield
        except tf.errors.ResourceExhaustedError as error:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        except tf.errors.OpError as error:
            raise OSError(f"{folder} cannot be written: {error.message}") from error
