"""The signatures of a served classifier: TensorFlow functions from requests to answers, with validation."""

import tensorflow as tf

from pinet_keras.analysis import fold
from zoo.inference.frozen import frozen
from zoo.serving.images import decode_images
from zoo.serving.merging import merge_siblings
from zoo.serving.request_batches import batch_of

EXAMPLE_FEATURE = "image/encoded"
NO_CLASS, NO_ANSWER = -1, "no answer"
LOWEST = tf.float32.min  # a finite number, as JSON has no NaN, and so large that no bound on logits lets it pass


def served_signatures(model, card, mnist_example=False) -> dict:
    """The functions of a classifier as it is exported: folded and merged, which changes nothing but its speed.

    Args:
        model: as for `classifier_signatures`.
        card: its card, for `class_names` and the temperature.
        mnist_example: as for `classifier_signatures`.
    """
    temperature = card["calibration"]["temperature"]
    return classifier_signatures(merge_siblings(fold(model)), card["class_names"], temperature, mnist_example)


def classifier_signatures(model, class_names, temperature, mnist_example=False) -> dict:
    """The functions of a served classifier, each behind checks of shape and values.

    Without the checks, images of another size can get an answer, and an image without its batch axis makes oneDNN's
    convolution end the server's process.

    An image whose logits are beyond float32 gets no answer, and says so: `class_id` −1, `class_name` and `classes`
    "no answer", `probability` and `scores` 0, all `logits` −3.4e38. It does not fail the run, which it may share with
    images of other clients. `predict_images`, which has no place for words, fails.

    Args:
        model: `keras.Model`, pixels in, logits out.
        class_names: the names of its classes, in order.
        temperature: the probabilities are softmax(logits / temperature).
        mnist_example: whether to add `predict_images`, which TensorFlow Serving's MNIST client calls.

    Returns:
        tf.functions by signature name: `serving_default`, `encoded`, `classify` and perhaps `predict_images`.
    """
    shape = tuple(model.input_shape[1:])
    names = tf.constant(list(class_names))
    network = frozen(model, tf.TensorSpec((None, *shape), tf.float32))

    def run(pixels):
        logits = network(tf.cast(pixels, tf.float32))
        calibrated = logits / temperature
        finite = tf.reduce_all(tf.math.is_finite(logits) & tf.math.is_finite(calibrated), axis=-1)
        return logits, tf.nn.softmax(calibrated), finite

    def answers(pixels):
        logits, probabilities, finite = run(pixels)
        best = tf.argmax(logits, axis=-1)
        return {
            "class_id": tf.where(finite, best, NO_CLASS),
            "class_name": tf.where(finite, tf.gather(names, best), NO_ANSWER),
            "probability": tf.where(finite, tf.reduce_max(probabilities, axis=-1), 0.0),
            "logits": tf.where(finite[:, None], logits, LOWEST),
        }

    @tf.function(input_signature=[tf.TensorSpec((None, *shape), tf.uint8, name="images")])
    def serving_default(images):
        return answers(batch_of(images, shape))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def encoded(image_bytes):
        return answers(decode_images(batch_of(image_bytes, ()), shape))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def classify(inputs):
        features = {EXAMPLE_FEATURE: tf.io.FixedLenFeature([], tf.string)}
        files = tf.io.parse_example(batch_of(inputs, ()), features)[EXAMPLE_FEATURE]
        _, scores, finite = run(decode_images(files, shape))
        classes = tf.tile(names[None], [tf.shape(scores)[0], 1])
        return {
            "classes": tf.where(finite[:, None], classes, NO_ANSWER),
            "scores": tf.where(finite[:, None], scores, 0.0),
        }

    signatures = {"serving_default": serving_default, "encoded": encoded, "classify": classify}
    if not mnist_example:
        return signatures

    @tf.function(input_signature=[tf.TensorSpec([None, 784], tf.float32, name="images")])
    def predict_images(images):
        grey = _between_0_and_1(batch_of(images, (784,)))
        _, scores, finite = run(tf.reshape(grey * 255, [-1, 28, 28, 1]))
        check = tf.debugging.Assert(tf.reduce_all(finite), ["No answer: an image's logits are beyond float32."])
        with tf.control_dependencies([check]):
            return {"scores": tf.identity(scores)}

    return {**signatures, "predict_images": predict_images}


def _between_0_and_1(values):
    # A comparison with NaN is false, so the check refuses NaN as well.
    within = tf.reduce_all((values >= 0) & (values <= 1))
    check = tf.debugging.Assert(within, ["Grey levels must be numbers in 0..1, from black to white, and not NaN."])
    with tf.control_dependencies([check]):
        return tf.identity(values)
