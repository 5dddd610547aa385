"""Warm-up requests: a server runs them while it loads a version, so that no user's request pays for the first run."""

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from zoo.serving.configs import BATCH_SIZES
from zoo.serving.signatures import EXAMPLE_FEATURE


def write_warmup(path, name, signatures, images) -> int:
    """Write a request for each signature of a classifier and each batch size of the batching configuration.

    Args:
        path: the file, `assets.extra/tf_serving_warmup_requests` of a version.
        name: the model's name on the server.
        signatures: names of its signatures.
        images: uint8 `[n, height, width, channels]` to choose from.

    Returns:
        The number of requests.
    """
    requests = [
        _request(name, signature, np.resize(images, (size, *images.shape[1:])))
        for signature in signatures
        for size in BATCH_SIZES
    ]
    return _write(path, requests)


def write_generator_warmup(path, name, signatures, latents, labels) -> int:
    """Write a request for each signature of a generator and each batch size of the batching configuration.

    Args:
        path: the file.
        name: the model's name on the server.
        signatures: names of its signatures.
        latents: `[n, d]` to choose from.
        labels: `[n]`, or `None` for an unconditional generator.

    Returns:
        The number of requests.
    """
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
