"""Pictures decoded inside the graph: the server gets the bytes of a file, and does what `zoo.images` does."""

import tensorflow as tf

MAX_PIXELS = 16_000_000  # a small file can declare many pixels, and the server would allocate them
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
GREY = (19595.0, 38470.0, 7471.0)  # ITU-R 601 in parts of 65536, as Pillow counts


def decode_pictures(encoded, shape):
    """Decode PNG and JPEG files to the pixels that a model takes.

    16-bit pictures are scaled to 8 bits, transparent parts are laid on white, colours become grey where the model asks
    for it. A picture of another size is cropped around its middle and resized with antialiasing.

    Args:
        encoded: string tensor `[batch]`, the bytes of the files.
        shape: `(height, width, channels)`, channels 1 or 3.

    Returns:
        uint8 tensor `[batch, height, width, channels]`. At run time, what is neither PNG nor JPEG, damaged, or larger
        than 16 megapixels is an InvalidArgument error.
    """
    return tf.map_fn(
        lambda data: _decode(data, shape),
        encoded,
        parallel_iterations=1,  # one large picture in memory at a time
        fn_output_signature=tf.TensorSpec(shape, tf.uint8),
    )


def _decode(data, shape):
    is_png = tf.equal(tf.strings.substr(data, 0, len(PNG)), PNG)
    is_jpeg = tf.equal(tf.strings.substr(data, 0, len(JPEG)), JPEG)
    known = tf.debugging.Assert(is_png | is_jpeg, ["The picture is neither PNG nor JPEG."], name="known_format")
    with tf.control_dependencies([known]):
        rgb = tf.cond(is_png, lambda: _png(data), lambda: _jpeg(data))
    if shape[2] == 1:
        rgb = tf.floor((tf.reduce_sum(rgb * GREY, axis=-1, keepdims=True) + 32768) / 65536)
    resized = tf.clip_by_value(tf.round(_fit(rgb, shape)), 0.0, 255.0)
    return tf.ensure_shape(tf.cast(resized, tf.uint8), shape)


def _png(data):
    size = tf.io.decode_raw(tf.strings.substr(data, 16, 8), tf.int32, little_endian=False)  # width and height
    with tf.control_dependencies([_bounded(size)]):
        data = tf.identity(data)
    rgba = tf.cast(tf.io.decode_png(data, channels=4, dtype=tf.uint16), tf.float32) / 257
    alpha = rgba[..., 3:] / 255
    return tf.round(rgba[..., :3] * alpha + 255 * (1 - alpha))


def _jpeg(data):
    with tf.control_dependencies([_bounded(tf.io.extract_jpeg_shape(data)[:2])]):
        data = tf.identity(data)
    return tf.cast(tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE"), tf.float32)


def _bounded(size):
    # As floats: the product of two large int32 would wrap around.
    pixels = tf.reduce_prod(tf.cast(size, tf.float32))
    within = tf.reduce_all(size > 0) & (pixels <= MAX_PIXELS)
    return tf.debugging.Assert(within, [f"The picture has more than {MAX_PIXELS} pixels, or none:", size])


def _fit(picture, shape):
    size = tf.cast(tf.shape(picture)[:2], tf.float32)
    wanted = tf.constant(shape[:2], tf.float32)
    scale = tf.reduce_max(wanted / size)  # so that the picture covers the wanted size
    return tf.raw_ops.ScaleAndTranslate(
        images=picture[None],
        size=tf.constant(shape[:2], tf.int32),
        scale=tf.stack([scale, scale]),
        translation=(wanted - scale * size) / 2,
        kernel_type="keyscubic",
        antialias=True,
    )[0]
