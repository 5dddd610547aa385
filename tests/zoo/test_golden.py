"""Every shipped model gives its card's logits on the bundled samples, on every backend."""

import keras
import numpy as np
import pytest

import zoo
from zoo.data.audio import read_example
from zoo.generation.sampling import sample
from zoo.paths import SAMPLES
from zoo.tasks import CLASSIFIERS


@pytest.mark.parametrize("name", [name for task in CLASSIFIERS for name in zoo.list_models(task=task)])
def test_golden_logits(name):
    golden = zoo.card(name)["golden"]
    model = zoo.load(name)
    files = golden.get("images") or golden["audio"]
    examples = np.stack([read_example(SAMPLES / file, model.input_shape[1:]) for file in files])
    logits = keras.ops.convert_to_numpy(model(examples))
    assert len(files) == 10
    assert np.abs(logits - golden["logits"]).max() < 1e-3


@pytest.mark.parametrize("name", zoo.list_models(task="image generation"))
def test_golden_images(name):
    """The same seed draws the same images, to within 2 of 255."""
    golden = zoo.card(name)["golden"]
    images, _ = sample(zoo.load(name), 10, golden["seed"])
    expected = np.stack([np.frombuffer(bytes.fromhex(pixels), "uint8") for pixels in golden["pixels"]])
    assert np.abs(images.reshape(10, -1).astype(int) - expected).max() <= 2
