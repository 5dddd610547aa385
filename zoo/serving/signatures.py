"""What a served classifier computes: TensorFlow functions from requests to answers, with their checks."""

import tensorflow as tf

from zoo.serving.frozen import batch_of, frozen
from zoo.serving.pictures import decode_pictures

EXAMPLE_FEATURE = "image/encoded"


def classifier_signatures(model, class_names, temperature, mnist_example=False) -> dict:
    """The functions of a served classifier, each behind checks of shape and values.

    Without the checks, images of another size can get an answer, and an image without its batch axis makes oneDNN's
    convolution end the server's process.

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
        return logits, tf.nn.softmax(logits / temperature)

    def answers(pixels):
        logits, probabilities = run(pixels)
        best = tf.argmax(logits, axis=-1)
        return {
            "class_id": best,
            "class_name": tf.gather(names, best),
            "probability": tf.reduce_max(probabilities, axis=-1),
            "logits": logits,
        }

    @tf.function(input_signature=[tf.TensorSpec((None, *shape), tf.uint8, name="images")])
    def serving_default(images):
        return answers(batch_of(images, shape))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def encoded(image_bytes):
        return answers(decode_pictures(batch_of(image_bytes, ()), shape))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def classify(inputs):
        features = {EXAMPLE_FEATURE: tf.io.FixedLenFeature([], tf.string)}
        pictures = tf.io.parse_example(batch_of(inputs, ()), features)[EXAMPLE_FEATURE]
        _, scores = run(decode_pictures(pictures, shape))
        return {"classes": tf.tile(names[None], [tf.shape(scores)[0], 1]), "scores": scores}

    signatures = {"serving_default": serving_default, "encoded": encoded, "classify": classify}
    if not mnist_example:
        return signatures

    @tf.function(input_signature=[tf.TensorSpec([None, 784], tf.float32, name="images")])
    def predict_images(images):
        grey = _between_0_and_1(batch_of(images, (784,)))
        _, scores = run(tf.reshape(grey * 255, [-1, 28, 28, 1]))
        return {"scores": scores}

    return {**signatures, "predict_images": predict_images}


def _between_0_and_1(values):
    # A comparison with NaN is false, so the check refuses NaN as well.
    within = tf.reduce_all((values >= 0) & (values <= 1))
    check = tf.debugging.Assert(within, ["Grey levels must be numbers in 0..1, from black to white, and not NaN."])
    with tf.control_dependencies([check]):
        return tf.identity(values)
