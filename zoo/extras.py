"""Packages that not every installation has, and the extra that brings each. Imports nothing heavy."""

import os
from importlib.util import find_spec

BACKENDS = ("tensorflow", "jax", "torch")
# Of each package by the name that is imported: its extra, and its name for pip.
EXTRAS = {
    **{backend: (backend, backend) for backend in BACKENDS},
    "ai_edge_litert": ("litert", "ai-edge-litert"),
    "datasets": ("huggingface", "datasets"),
    "google": ("serving", "protobuf"),
    "grpc": ("serving", "grpcio"),
    "huggingface_hub": ("hub", "huggingface_hub"),
    "importlib_resources": ("train", "importlib_resources"),
    "joblib": ("train", "joblib"),
    "keras_tuner": ("tune", "keras-tuner"),
    "matplotlib": ("plot", "matplotlib"),
    "onnx": ("onnx", "onnx"),
    "onnxruntime": ("onnx", "onnxruntime"),
    "sklearn": ("train", "scikit-learn"),
    "starlette": ("serving", "starlette"),
    "tenseal": ("encrypted", "tenseal"),
    "tensorboard": ("train", "tensorboard"),
    "tensorflow_datasets": ("train", "tensorflow-datasets"),
    "tensorflow_serving": ("serving", "tensorflow-serving-api"),
    "tf2onnx": ("onnx", "tf2onnx"),
    "tomli_w": ("tune", "tomli_w"),
    "usearch": ("neighbours", "usearch"),
    "uvicorn": ("serving", "uvicorn"),
}


def missing_package(error: ImportError) -> str | None:
    """One sentence that says which extra brings the package that could not be imported.

    Args:
        error: what the import raised.

    Returns:
        `None` if the package is of no extra: then the user cannot fix the error.
    """
    package = (error.name or "").partition(".")[0]
    if package not in EXTRAS or find_spec(package) is not None:
        return None
    extra, name = EXTRAS[package]
    words = f"This needs {name}, which is not installed: pip install '.[{extra}]' brings it."
    others = [backend for backend in BACKENDS if find_spec(backend)]
    if package == os.environ.get("KERAS_BACKEND", BACKENDS[0]) and others:
        words += f" Or let Keras run on what is installed: KERAS_BACKEND={others[0]}"
    return words


def require(*packages: str) -> None:
    """Refuse to go further without packages of an extra.

    Args:
        *packages: names that are imported.

    Raises:
        ImportError: one is not installed; the message names its extra.
    """
    for package in packages:
        if find_spec(package) is None:
            error = ImportError(f"No module named {package!r}", name=package)
            raise ImportError(missing_package(error), name=package)
