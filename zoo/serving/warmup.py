"""Warm-up requests: a server runs them while it loads a version, so that no user's request pays for the first run."""

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from zoo.data.catalog import SETS
from zoo.data.samples import sample_inputs
from zoo.generation.latents import draw_latents
from zoo.serving.configs import BATCH_SIZES
from zoo.serving.signatures import EXAMPLE_FEATURE


def write_warmup(path, name, signatures, model, card) -> int:
    """Write a request for each signature of a classifier and each batch size of the batching configuration.

    Args:
        path: the file, `assets.extra/tf_serving_warmup_requests` of a version.
        name: the model's name on the server.
        signatures: names of its signatures.
        model: the classifier.
        card: its card: the requests hold the samples of its data set, or random pixels where that is not known.

    Returns:
        The number of requests.
    """
    images = _warmup_images(card)
    requests = [
        _request(name, signature, np.resize(images, (size, *images.shape[1:])))
        for signature in signatures
        for size in BATCH_SIZES
    ]
    return _write(path, requests)


def write_generator_warmup(path, name, signatures, model, card) -> int:
    """Write a request for each signature of a generator and each batch size of the batching configuration.

    Args:
        path: the file.
        name: the model's name on the server.
        signatures: names of its signatures.
        model: the `GeneratorModel`.
        card: its card, of which nothing is needed.

    Returns:
        The number of requests.
    """
    labels = None if model.num_classes is None else np.arange(model.num_classes)
    latents = draw_latents(8, model.latent_size, seed=0)
    requests = []
    for signature in signatures:
        for size in BATCH_SIZES:
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = name
            request.model_spec.signature_name = signature
            request.inputs["latent"].CopyFrom(tf.make_tensor_proto(np.resize(latents, (size, latents.shape[1]))))
            if labels is not None:
                request.inputs["label"].CopyFrom(tf.make_tensor_proto(np.resize(labels, size).astype("int64")))
            requests.append(log)
    return _write(path, requests)


def _warmup_images(card):
    known = card.get("dataset", {}).get("name")
    if known in SETS:
        return sample_inputs(card)
    return np.random.default_rng(0).integers(0, 256, (8, *card["input_shape"]), dtype="uint8")


def _write(path, requests):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for request in requests:
            writer.write(request.SerializeToString())
    return len(requests)


def _request(name, signature, images):
    log = prediction_log_pb2.PredictionLog()
    kind = log.classify_log if signature == "classify" else log.predict_log
    kind.request.model_spec.name = name
    kind.request.model_spec.signature_name = signature
    if signature == "classify":
        for png in _pngs(images):
            feature = kind.request.input.example_list.examples.add().features.feature[EXAMPLE_FEATURE]
            feature.bytes_list.value.append(png)
    elif signature == "encoded":
        kind.request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(_pngs(images)))
    elif signature == "predict_images":
        grey = images.reshape(len(images), -1).astype("float32") / 255
        kind.request.inputs["images"].CopyFrom(tf.make_tensor_proto(grey))
    else:
        kind.request.inputs["images"].CopyFrom(tf.make_tensor_proto(images))
    return log


def _pngs(images):
    return [tf.io.encode_png(image).numpy() for image in images]
