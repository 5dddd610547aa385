"""Every shipped model gives its card's logits on the bundled pictures, on whatever backend runs."""

import keras
import numpy as np
import pytest

import zoo
from zoo.images import read_image
from zoo.paths import SAMPLES


@pytest.mark.parametrize("name", zoo.list_models())
def test_golden_logits(name):
    golden = zoo.card(name)["golden"]
    model = zoo.load(name)
    images = np.stack([read_image(SAMPLES / file, model.input_shape[1:]) for file in golden["images"]])
    logits = keras.ops.convert_to_numpy(model(images))
    assert len(golden["images"]) == 10
    assert np.abs(logits - golden["logits"]).max() < 1e-3
