"""Exported generators: TensorFlow's C library draws what Keras draws, and refuses what is no noise."""

import io

import numpy as np
import pytest
from PIL import Image
from tensorflow_serving.apis import prediction_log_pb2

import zoo
from zoo.architectures import build_generator
from zoo.generation.latents import draw_latents
from zoo.generation.sampling import generate
from zoo.serving.configs import BATCH_SIZES

from .helpers import read_signatures, run_in_c

SHAPE, LATENT, CLASSES = (8, 8, 3), 6, 3


def small(num_classes=CLASSES):
    return build_generator("pinet_generator", {"width": 8, "stages": 1}, LATENT, SHAPE, num_classes, 4, name="small")


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    model = small()
    return model, zoo.export(model, tmp_path_factory.mktemp("models"))


def test_both_signatures_draw_what_keras_draws(conditional):
    model, folder = conditional
    latents, labels = draw_latents(5, LATENT, seed=0), np.array([0, 1, 2, 2, 0])
    expected = generate(model, latents, labels).astype(int)
    raw, files = run_in_c(
        folder, [(name, {"latent": latents, "label": labels}) for name in ("serving_default", "encoded_png")]
    )
    assert raw["images"].dtype == np.uint8
    assert np.abs(raw["images"].astype(int) - expected).max() <= 1  # rounding may fall on the other side
    images = [np.asarray(Image.open(io.BytesIO(content))) for content in files["image_bytes"]]
    np.testing.assert_array_equal(np.stack(images), raw["images"])


def test_an_unconditional_generator_takes_noise_alone(tmp_path):
    model = small(num_classes=None)
    folder = zoo.export(model, tmp_path)
    assert set(read_signatures(folder)["serving_default"].inputs) == {"latent"}
    latents = draw_latents(3, LATENT, seed=0)
    (answer,) = run_in_c(folder, [("serving_default", {"latent": latents})])
    assert np.abs(answer["images"].astype(int) - generate(model, latents)).max() <= 1


def test_wrong_requests_are_errors_and_the_process_lives_on(conditional):
    _, folder = conditional
    latents, labels = draw_latents(2, LATENT, seed=0), np.array([0, 1])
    wrong = [
        (latents[:, :3], labels, "compatible with expected shape"),
        (latents[0], labels, "compatible with expected shape"),
        (latents[:0], labels[:0], "at least one item"),
        (2 * latents, labels, "numbers in -1..1"),
        (np.nan * latents, labels, "numbers in -1..1"),
        (latents, labels + 2, "whole numbers in 0..2"),
        (latents, labels - 1, "whole numbers in 0..2"),
        (latents, labels[:1], "one label a latent"),
        (latents, labels[None], "compatible with expected shape"),
    ]
    for signature in ("serving_default", "encoded_png"):
        requests = [(signature, {"latent": z, "label": y}) for z, y, _ in wrong]
        *refused, fine = run_in_c(folder, [*requests, (signature, {"latent": latents, "label": labels})])
        for answer, (*_, reason) in zip(refused, wrong, strict=True):
            assert reason in answer["message"], (reason, answer)
        assert "error" not in fine


def test_warm_up_requests_run(conditional):
    import tensorflow as tf

    _, folder = conditional
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(folder / "assets.extra" / "tf_serving_warmup_requests"))
    ]
    requests = [log.predict_log.request for log in logs]
    sizes = {
        (request.model_spec.signature_name, len(tf.make_ndarray(request.inputs["latent"]))) for request in requests
    }
    assert sizes == {(name, size) for name in ("serving_default", "encoded_png") for size in BATCH_SIZES}
    inputs = {key: tf.make_ndarray(value) for key, value in requests[-1].inputs.items()}
    (answer,) = run_in_c(folder, [(requests[-1].model_spec.signature_name, inputs)])
    assert len(answer["image_bytes"]) == BATCH_SIZES[-1]


@pytest.mark.parametrize(
    "options",
    [{"class_names": ["a", "b", "c"]}, {"temperature": 2.0}, {"mnist_example_signature": True}, {"format": "onnx"}],
)
def test_options_of_classifiers_are_refused(options, tmp_path):
    with pytest.raises(ValueError, match="are for classifiers. Received: small, a generator"):
        zoo.export(small(), tmp_path, **options)
    assert not list(tmp_path.iterdir())
