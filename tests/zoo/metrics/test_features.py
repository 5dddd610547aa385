"""The feature spaces of the distances."""

import keras
import numpy as np
import pytest

import zoo
from zoo.data.loading import load_set
from zoo.evaluation.metrics import Features
from zoo.evaluation.metrics.features import INCEPTION


def test_features_are_the_last_layer_before_the_logits():
    images = load_set("digits").x_test[:30]
    features = Features("pinet_digits")(images, batch_size=7)
    head = zoo.load("pinet_digits").get_layer("logits")
    logits = features @ keras.ops.convert_to_numpy(head.kernel) + keras.ops.convert_to_numpy(head.bias)
    np.testing.assert_allclose(logits, zoo.load("pinet_digits").predict(images, verbose=0), atol=1e-4)


def test_an_unknown_network_is_refused():
    with pytest.raises(ValueError, match="`net` must be one of .*pinet_digits.*inception_v3. Received: net='vgg'"):
        Features("vgg")


def test_where_inceptions_weights_cannot_be_had_the_error_says_what_to_do(monkeypatch):
    def offline(*args, **kwargs):
        raise Exception("URL fetch failure: no network")  # as Keras' downloader raises it

    monkeypatch.setattr(keras.utils, "get_file", offline)
    monkeypatch.setattr("keras.src.applications.inception_v3.file_utils.get_file", offline)
    with pytest.raises(FileNotFoundError, match="InceptionV3 are not in Keras' cache.*no network.*name a classifier"):
        Features(INCEPTION)


def test_inception_takes_small_and_grey_images(monkeypatch):
    """With random weights: tests our preprocessing, not the weights."""
    real = keras.applications.InceptionV3
    monkeypatch.setattr(keras.applications, "InceptionV3", lambda **kwargs: real(**{**kwargs, "weights": None}))
    features = Features(INCEPTION)
    assert features(np.zeros((2, 8, 8, 1), "uint8")).shape == (2, 2048)
    assert features(np.zeros((1, 32, 32, 3), "uint8")).shape == (1, 2048)
