"""ONNX files of the models that run in the browser, and what Keras answers, for a comparison there."""

import hashlib
from importlib.metadata import version
from pathlib import Path

import numpy as np

from zoo import registry
from zoo.data.cache import made_once
from zoo.files import read_json, write_json

SEED, IMAGES = 0, 4  # of a generator's comparison


def cache_key(kind: str, name: str) -> str:
    """The name in the cache of what is made of a model's weights, by the versions that are installed."""
    parts = (name, registry.card(name)["weights"]["sha256"], version("keras"), version("pinet-keras"))
    return f"page-{kind}-{name}-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:16]}"


def onnx_file(name: str) -> Path:
    """The model as an ONNX file of any batch size, from the cache or exported.

    Raises:
        ValueError: the converter is not installed, or gives a network with other outputs.
    """
    return made_once(cache_key("onnx", name), lambda folder: _export(name, folder)) / f"{name}.onnx"


def _export(name, folder):
    from zoo.inference.compiling import compiled
    from zoo.loading import load

    (folder / f"{name}.onnx").write_bytes(compiled(load(name), "onnx"))


def expected_outputs(name: str) -> dict:
    """What Keras answers: the golden logits of the card, or a generator's pixels for a few latents.

    Returns:
        `{"images": files, "logits": rows}`, or `{"latents": rows, "labels": numbers, "pixels": rows}`.
    """
    card = registry.card(name)
    if "latent_size" not in card:
        return {"images": card["golden"]["images"], "logits": card["golden"]["logits"]}
    path = made_once(cache_key("pixels", name), lambda folder: _generate(name, folder)) / "pixels.json"
    return read_json(path, "Remove it.")


def _generate(name, folder):
    from zoo.generation.latents import draw_latents
    from zoo.loading import load

    latents, labels = draw_latents(IMAGES, registry.card(name)["latent_size"], SEED), np.arange(IMAGES)
    pixels = load(name).predict([latents, labels], verbose=0).reshape(IMAGES, -1)
    rows = {"latents": latents.tolist(), "labels": labels.tolist(), "pixels": pixels.tolist()}
    write_json(folder / "pixels.json", rows, indent=None)
