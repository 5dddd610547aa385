"""The signatures of a served generator: TensorFlow functions from noise and labels to images, with validation."""

import tensorflow as tf

from zoo.inference.frozen import frozen
from zoo.serving.request_batches import batch_of


def generator_signatures(model, card=None, mnist_example=False) -> dict:
    """The functions of a served generator, each behind checks of shape and values.

    Args:
        model: a `GeneratorModel`.
        card: its card, of which nothing is needed.
        mnist_example: has no meaning for generators, and is refused by `zoo.export`.

    Returns:
        tf.functions by signature name. Both take `latent` `[batch, d]` in −1..1 and, if the model is conditional,
        `label` `[batch]`: `serving_default` gives `images`, uint8 `[batch, height, width, channels]`; `encoded_png`
        gives `image_bytes`, the same images as PNG files.
    """
    size, classes = model.latent_size, model.num_classes
    latent = tf.TensorSpec((None, size), tf.float32, name="latent")
    label = tf.TensorSpec((None,), tf.int64, name="label")
    network = frozen(model, latent if classes is None else [latent, tf.TensorSpec((None,), tf.int32)])

    def draw(latent, label=None):
        noise = _within(batch_of(latent, (size,)), -1.0, 1.0, "Latents must be numbers in -1..1.")
        if label is not None:
            words = f"Labels must be whole numbers in 0..{classes - 1}."
            chosen = _within(batch_of(label, ()), 0, classes - 1, words)
            as_many = tf.debugging.assert_equal(tf.shape(noise)[0], tf.shape(chosen)[0], "Give one label a latent.")
            with tf.control_dependencies([as_many]):
                noise = [noise, tf.cast(chosen, tf.int32)]
        pixels = network(noise)
        finite = tf.reduce_all(tf.math.is_finite(pixels))
        with tf.control_dependencies([tf.debugging.Assert(finite, ["No image: its pixels are beyond float32."])]):
            return tf.cast(tf.clip_by_value(tf.round(pixels), 0, 255), tf.uint8)

    def images(*noise):
        return {"images": draw(*noise)}

    def png(*noise):
        return {"image_bytes": tf.map_fn(tf.io.encode_png, draw(*noise), fn_output_signature=tf.string)}

    given = [latent] if classes is None else [latent, label]
    return {
        name: tf.function(function, input_signature=given)
        for name, function in (("serving_default", images), ("encoded_png", png))
    }


def _within(values, low, high, words):
    # A comparison with NaN is false, so the check refuses NaN as well.
    inside = tf.reduce_all((values >= low) & (values <= high))
    with tf.control_dependencies([tf.debugging.Assert(inside, [words])]):
        return tf.identity(values)
