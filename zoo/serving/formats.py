"""Export to LiteRT or ONNX: one file, float pixels in, logits out."""

from pathlib import Path

import numpy as np

from zoo.files import replacing

SUFFIXES = {"litert": ".tflite", "onnx": ".onnx"}


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
    target = directory / (name + SUFFIXES[format])
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
    run = _run_litert if Path(path).suffix == SUFFIXES["litert"] else _run_onnx
    return float(np.abs(run(str(path), images.astype("float32")) - expected).max() / np.abs(expected).max())


def _run_litert(path, images):
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ValueError(_install("litert")) from error
    interpreter = Interpreter(model_path=path)
    given = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(given, images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given, images)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def _run_onnx(path, images):
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(_install("onnx")) from error
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0]


def _install(format):
    return f"This needs more packages: pip install '.[{format}]'. Received: format={format!r}"
