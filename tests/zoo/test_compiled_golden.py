"""Compiled networks give what Keras gave when the cards were written, for every model of the zoo."""

import keras
import numpy as np
import pytest

import zoo
from zoo.data.audio import read_example
from zoo.generation.latents import draw_latents
from zoo.paths import SAMPLES
from zoo.tasks import CLASSIFIERS

for package in ("ai_edge_litert", "onnxruntime", "tf2onnx"):
    pytest.importorskip(package)
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="compiling needs TensorFlow's graph")
RELATIVE = 1e-4
both = pytest.mark.parametrize("engine", ["litert", "onnx"])


@both
@pytest.mark.parametrize("name", [name for task in CLASSIFIERS for name in zoo.list_models(task=task)])
def test_golden_logits(name, engine):
    card = zoo.card(name)
    files = card["golden"].get("images") or card["golden"]["audio"]
    examples = np.stack([read_example(SAMPLES / file, card["input_shape"]) for file in files])
    expected = np.array(card["golden"]["logits"])
    predictor = zoo.predictor(name, engine=engine)
    assert predictor.engine == engine and len(files) == 10
    # The card rounds its logits: to a tenth of what is allowed here, or less.
    assert np.abs(predictor.predict(examples) - expected).max() <= RELATIVE * np.abs(expected).max()
    one_by_one = np.concatenate([predictor.predict(example[None]) for example in examples])
    assert np.abs(one_by_one - expected).max() <= RELATIVE * np.abs(expected).max()


@both
@pytest.mark.parametrize("name", zoo.list_models(task="image generation"))
def test_generated_pixels(name, engine):
    """Before they are rounded; the cards hold them rounded alone."""
    model, predictor = zoo.load(name), zoo.predictor(name, engine=engine)
    latents = draw_latents(10, predictor.latent_size, zoo.card(name)["golden"]["seed"])
    labels = np.arange(10) % model.num_classes
    expected = model.predict_on_batch([latents, labels])
    found = predictor.predict([latents, labels])
    assert (predictor.latent_size, predictor.num_classes) == (model.latent_size, model.num_classes)
    assert np.abs(found - expected).max() <= RELATIVE * np.abs(expected).max()
    golden = [np.frombuffer(bytes.fromhex(pixels), "uint8") for pixels in zoo.card(name)["golden"]["pixels"]]
    rounded = np.clip(np.round(found), 0, 255).reshape(10, -1)
    assert np.abs(rounded - np.stack(golden)).max() <= 2
