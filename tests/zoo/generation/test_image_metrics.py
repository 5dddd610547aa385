"""A single image with very large features must not dominate the metrics."""

import numpy as np
import pytest

from zoo.data.loading import load_set
from zoo.evaluation.metrics import Features
from zoo.generation import image_metrics
from zoo.generation.image_metrics import ImageMetrics
from zoo.loading import load


class Explosive(Features):
    """Multiplies the features of all-white images by a million."""

    def __call__(self, images, batch_size=250):
        white = images.min(axis=(1, 2, 3)) == images.max()
        return super().__call__(images, batch_size) * np.where(white, 1e6, 1.0)[:, None].astype("float32")


@pytest.fixture(scope="module")
def metrics():
    digits = load_set("digits")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_metrics, "Features", Explosive)
        return ImageMetrics("pinet_digits", digits.x_train[:500], digits.y_train[:500])


@pytest.fixture(scope="module")
def drawn():
    images = load_set("digits").x_train[500:1000].copy()
    images[0] = images.max()  # white
    return images


def test_one_image_with_huge_features_changes_the_distances_little(metrics, drawn):
    quiet, loud = metrics.compute(drawn[1:]), metrics.compute(drawn)
    assert np.abs(Explosive("pinet_digits")(drawn)).max() > 1e5
    assert np.abs(metrics.features(drawn)).max() <= np.abs(metrics.real_features).max()
    assert loud["frechet_distance"] == pytest.approx(quiet["frechet_distance"], rel=0.5)
    assert loud["recall"] == pytest.approx(quiet["recall"], abs=0.05)


def test_classes_are_predicted_from_features_before_clipping(metrics, drawn):
    kernel, bias = load("pinet_digits").get_layer("logits").get_weights()
    seen = Explosive("pinet_digits")(drawn)
    decisions = (seen @ kernel + bias).argmax(1)
    assert ((metrics.features(drawn) @ kernel + bias).argmax(1) != decisions).any()
    assert metrics.compute_quick(drawn, decisions)["class_accuracy"] == 1.0
    assert metrics.compute_quick(drawn, (decisions + 1) % 10)["class_accuracy"] == 0.0
