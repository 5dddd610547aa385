"""One exploding picture must not be all that a judge sees."""

import numpy as np
import pytest

from zoo.data.loading import load_set
from zoo.evaluation.metrics import Features
from zoo.generation import quality
from zoo.generation.quality import Judge
from zoo.loading import load


class Explosive(Features):
    """Multiplies the features of all-white pictures by a million."""

    def __call__(self, images, batch_size=250):
        white = images.min(axis=(1, 2, 3)) == images.max()
        return super().__call__(images, batch_size) * np.where(white, 1e6, 1.0)[:, None].astype("float32")


@pytest.fixture(scope="module")
def judge():
    digits = load_set("digits")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "Features", Explosive)
        return Judge("pinet_digits", digits.x_train[:500], digits.y_train[:500])


@pytest.fixture(scope="module")
def drawn():
    images = load_set("digits").x_train[500:1000].copy()
    images[0] = images.max()  # white
    return images


def test_an_exploding_picture_moves_the_distances_little(judge, drawn):
    quiet, loud = judge.figures(drawn[1:]), judge.figures(drawn)
    assert np.abs(Explosive("pinet_digits")(drawn)).max() > 1e5
    assert np.abs(judge.features(drawn)).max() <= np.abs(judge.real).max()
    assert loud["frechet_distance"] == pytest.approx(quiet["frechet_distance"], rel=0.5)
    assert loud["recall"] == pytest.approx(quiet["recall"], abs=0.05)


def test_decisions_are_those_of_the_features_as_they_are(judge, drawn):
    kernel, bias = load("pinet_digits").get_layer("logits").get_weights()
    seen = Explosive("pinet_digits")(drawn)
    decisions = (seen @ kernel + bias).argmax(1)
    assert ((judge.features(drawn) @ kernel + bias).argmax(1) != decisions).any()  # clipped ones would decide otherwise
    assert judge.quick_figures(drawn, decisions)["as_asked"] == 1.0
    assert judge.quick_figures(drawn, (decisions + 1) % 10)["as_asked"] == 0.0
