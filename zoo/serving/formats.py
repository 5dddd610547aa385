"""Export to LiteRT or ONNX: one file, float pixels in, logits out."""

from pathlib import Path

import numpy as np

from zoo.files import replacing
from zoo.inference.engines import COMPILED


def write_file(model, name, directory, format, force) -> Path:
    """Write a model as one file.

    Args:
        model: a folded classifier.
        name: its name.
        directory: where `NAME.tflite` or `NAME.onnx` goes.
        format: `"litert"` or `"onnx"`.
        force: whether to replace a file that is there.

    Returns:
        The file.

    Raises:
        ValueError: it is there already, or the converter is not installed.
    """
    target = directory / (name + COMPILED[format].suffix)
    if target.exists() and not force:
        raise ValueError(f"{target} is there already; replace it with --force (force=True).")
    model(np.zeros((1, *model.input_shape[1:]), "float32"))  # Keras exports no model that was never called
    try:
        with replacing(target) as partial:
            model.export(str(partial), format=format, verbose=False)
    except ImportError as error:
        raise ValueError(_install(format)) from error
    return target


def difference(path, model, images) -> float:
    """Largest difference between the logits of an exported file and those of the model, in parts of the largest logit.

    Args:
        path: the file.
        model: the `keras.Model`.
        images: `[n, height, width, channels]` pixels.

    Raises:
        ValueError: the file's interpreter is not installed.
    """
    expected = np.asarray(model.predict_on_batch(images))
    format = next(name for name, engine in COMPILED.items() if engine.suffix == Path(path).suffix)
    try:
        network = COMPILED[format].network(Path(path).read_bytes(), threads=1)
    except ImportError as error:
        raise ValueError(_install(format)) from error
    return float(np.abs(network([images]) - expected).max() / np.abs(expected).max())


def _install(format):
    return f"This needs more packages: pip install '.[{format}]'. Received: format={format!r}"
