"""Logits beyond float32: the server, `pinet client` and `pinet predict` give no answer, and say so in valid JSON."""

import json

import keras
import numpy as np
import pytest

import zoo
from zoo.architectures import build_generator
from zoo.evaluation.probabilities import probabilities
from zoo.serving import client
from zoo.serving.signatures import LOWEST, NO_ANSWER

from .helpers import ask_app, png, run_in_c

IMAGES = np.stack([np.zeros((28, 28, 1)), np.full((28, 28, 1), 255), np.full((28, 28, 1), 128)]).astype("uint8")
ANSWERED = [True, False, True]  # the white image overflows


def overflowing():
    """Two logits, −(x/128)^256 and (x/128)^256 + 1: finite up to 180, and infinite for white."""
    inputs = keras.Input((28, 28, 1))
    hidden = keras.layers.Rescaling(1 / 128)(keras.layers.GlobalAveragePooling2D()(inputs))
    for _ in range(8):
        hidden = keras.layers.Multiply()([hidden, hidden])
    logits = keras.layers.Dense(2, name="logits")
    model = keras.Model(inputs, logits(hidden), name="overflowing")
    logits.set_weights([np.array([[-1.0, 1.0]]), np.array([0.0, 1.0])])
    return model


@pytest.fixture(scope="module")
def exported_overflow(tmp_path_factory):
    options = {"class_names": ["airplane", "bird"], "mnist_example_signature": True}
    return zoo.export(overflowing(), tmp_path_factory.mktemp("models"), **options)


def test_the_graph_says_no_answer_for_that_image_alone(exported_overflow):
    from .test_export import example, strings

    files = [png(image) for image in IMAGES]
    grey = (IMAGES.reshape(3, 784) / np.float32(255)).astype("float32")
    raw, encoded, classified, refused, fine = run_in_c(
        exported_overflow,
        [
            ("serving_default", {"images": IMAGES}),
            ("encoded", {"image_bytes": strings(files)}),
            ("classify", {"inputs": strings([example(image__encoded=file) for file in files])}),
            ("predict_images", {"images": grey}),
            ("predict_images", {"images": grey[[0, 2]]}),
        ],
    )
    for answer in (raw, encoded):
        assert answer["class_id"].tolist() == [1, -1, 1]
        assert answer["class_name"].tolist() == [b"bird", NO_ANSWER.encode(), b"bird"]
        assert answer["probability"][1] == 0 and (answer["probability"][[0, 2]] > 0.5).all()
        assert (answer["logits"][1] == np.float32(LOWEST)).all() and np.isfinite(answer["logits"]).all()
        np.testing.assert_allclose(answer["logits"][[0, 2]], [[0, 1], [-1, 2]], rtol=1e-5)
    assert classified["classes"].tolist() == [[b"airplane", b"bird"], [NO_ANSWER.encode()] * 2, [b"airplane", b"bird"]]
    assert classified["scores"][1].tolist() == [0, 0]
    np.testing.assert_allclose(classified["scores"][[0, 2]].sum(axis=1), 1, rtol=1e-5)
    assert "No answer" in refused["message"] and "error" not in fine


def test_predict_agrees():
    card = {"calibration": {"temperature": 1.0}}
    rows = probabilities(overflowing(), card, IMAGES)
    assert np.isfinite(rows).all(axis=1).tolist() == ANSWERED
    inputs = keras.Input((1,))
    logits = keras.layers.Dense(2)  # one logit alone is infinite, and softmax would give it the probability 0
    model = keras.Model(inputs, logits(inputs))
    logits.set_weights([np.array([[-1e38, 1.0]]), np.zeros(2)])
    assert np.isnan(probabilities(model, card, np.array([[10.0]], "float32"))).all()


def test_the_client_agrees_also_with_older_exports(monkeypatch):
    columns = {"class_id": [1, -1, 0], "class_name": ["bird", NO_ANSWER, "airplane"]}
    monkeypatch.setattr(client, "_ask_rest", lambda *_: {**columns, "probability": [0.75, 0.0, float("nan")]})
    nothing = {"class_id": None, "class_name": None, "probability": None}
    answers = client.classify_images("http://localhost", "overflowing", [b"", b"", b""])
    assert answers == [{"class_id": 1, "class_name": "bird", "probability": 0.75}, nothing, nothing]


def test_the_preview_answers_in_strict_json(exported_overflow):
    from zoo.serving.preview.repository import Repository
    from zoo.serving.preview.rest import rest_app

    repository = Repository(exported_overflow.parents[1])
    repository.refresh()
    body = json.dumps({"instances": IMAGES.tolist()}).encode()
    status, text = ask_app(rest_app(repository, 10**6), "/v1/models/overflowing:predict", body)

    def refuse(word):
        raise AssertionError(f"not JSON: {word}")

    rows = json.loads(text, parse_constant=refuse)["predictions"]
    assert status == 200 and [row["class_id"] for row in rows] == [1, -1, 1]


def test_a_generator_draws_no_image_of_nan():
    import tensorflow as tf

    from zoo.serving.generator_signatures import generator_signatures

    model = build_generator("pinet_generator", {"width": 8, "stages": 1}, 4, (8, 8, 1), None, 2, name="diverged")
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    for signature in generator_signatures(model).values():
        with pytest.raises(tf.errors.InvalidArgumentError, match="No image"):
            signature(tf.zeros((1, 4)))
