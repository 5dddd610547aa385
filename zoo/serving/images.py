"""Decoding of image files inside the graph, as `zoo.data.images` does it."""

import tensorflow as tf

MAX_PIXELS = 4_194_304  # 2048 × 2048: a small file can declare many pixels, and the server would allocate them
MAX_CHUNKS = 1000  # of a PNG file, before its pixels
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
GREY = (19595.0, 38470.0, 7471.0)  # ITU-R 601 in parts of 65536, as Pillow counts


def decode_images(encoded, shape):
    """Decode PNG and JPEG files to the pixels that a model takes.

    PNG files of every colour type and bit depth, interlaced or not: 16 bits are scaled to 8, transparent parts are laid
    on white. Colours become grey where the model asks for it. An image of another size is cropped around its middle and
    resized with antialiasing. One image at a time is in memory, with 8 bits a channel.

    Args:
        encoded: string tensor `[batch]`, the bytes of the files.
        shape: `(height, width, channels)`, channels 1 or 3.

    Returns:
        uint8 tensor `[batch, height, width, channels]`. At run time, what is neither PNG nor JPEG, damaged, or larger
        than 4 megapixels (4,194,304 pixels) is an InvalidArgument error.
    """
    return tf.map_fn(
        lambda data: _decode(data, shape),
        encoded,
        parallel_iterations=1,  # one large image in memory at a time
        fn_output_signature=tf.TensorSpec(shape, tf.uint8),
    )


def _decode(data, shape):
    is_png = tf.equal(tf.strings.substr(data, 0, len(PNG)), PNG)
    is_jpeg = tf.equal(tf.strings.substr(data, 0, len(JPEG)), JPEG)
    rgb = tf.cond(
        _checked(is_png, is_png | is_jpeg, ["The image is neither PNG nor JPEG."]),
        lambda: _png(data),
        lambda: _jpeg(data),
    )
    pixels = tf.round(_fit(rgb, shape))
    if shape[2] == 1:
        pixels = tf.floor((tf.reduce_sum(pixels * GREY, axis=-1, keepdims=True) + 32768) / 65536)
    return tf.ensure_shape(tf.cast(tf.clip_by_value(pixels, 0.0, 255.0), tf.uint8), shape)


def _png(data):
    # A part that begins behind the end would be an error whose message holds the whole file.
    data = _checked(data, tf.strings.length(data) >= 33, ["Invalid PNG data: the file is cut off."])
    size = tf.io.decode_raw(tf.strings.substr(data, 16, 8), tf.int32, little_endian=False)  # width and height
    data = _bounded(data, size)
    depth, colour = tf.unstack(tf.io.decode_raw(_part(data, 24, 2), tf.uint8), 2)
    has_alpha = tf.equal(colour, 4) | tf.equal(colour, 6) | _has_transparency_chunk(data)
    return tf.cond(has_alpha, lambda: _on_white(data, depth), lambda: _eight_bits(data, depth, channels=3))


def _has_transparency_chunk(data):
    """Whether a chunk tRNS stands before the pixels. A chunk is length, type, so many bytes, and a checksum of four."""

    def kind(start):
        return tf.strings.substr(data, start + 4, 4)

    def length(start):
        return tf.io.decode_raw(_part(data, start, 4), tf.int32, little_endian=False)[0]

    def follows(start, count):
        more = tf.not_equal(kind(start), b"IDAT") & tf.not_equal(kind(start), b"tRNS")
        # Every read lies within the data: a length that is negative or leads past the end ends the search.
        return more & (length(start) >= 0) & (length(start) < tf.strings.length(data) - start - 20)

    def step(start, count):
        count = _checked(
            count, count < MAX_CHUNKS, [f"The PNG file has more than {MAX_CHUNKS} chunks before its pixels."]
        )
        return start + length(start) + 12, count + 1

    start, _ = tf.while_loop(follows, step, (tf.constant(len(PNG)), tf.constant(0)), parallel_iterations=1)
    return tf.equal(kind(start), b"tRNS")


def _on_white(data, depth):
    rgba = _eight_bits(data, depth, channels=4)
    # Where libpng cannot use a tRNS chunk, decode_png takes 2^depth − 1 of 255 for opaque: nearly transparent.
    opaque = tf.bitwise.left_shift(tf.constant(1, tf.uint8), tf.minimum(depth, 7)) - 1
    readable = (depth >= 8) | tf.reduce_any(tf.not_equal(rgba[..., 3], opaque))
    rgba = _checked(rgba, readable, ["Invalid PNG data: the transparency cannot be read."])
    # In integers of 16 bits, as Pillow composes: v / 255, rounded, is (v + 128 + (v + 128) / 256) / 256.
    colours, alpha = tf.cast(rgba[..., :3], tf.uint16), tf.cast(rgba[..., 3:], tf.uint16)
    value = colours * alpha + 255 * (255 - alpha) + 128
    return tf.cast(_shifted(value + _shifted(value)), tf.uint8)


def _shifted(value):
    return tf.bitwise.right_shift(value, tf.constant(8, tf.uint16))


def _eight_bits(data, depth, channels):
    def deep():
        value = tf.io.decode_png(data, channels=channels, dtype=tf.uint16)
        return tf.cast(value // 257, tf.uint8) + tf.cast(value % 257 > 128, tf.uint8)  # v / 257, rounded

    return tf.cond(tf.equal(depth, 16), deep, lambda: tf.io.decode_png(data, channels=channels))


def _jpeg(data):
    data = _bounded(data, tf.io.extract_jpeg_shape(data)[:2])
    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def _bounded(data, size):
    # As floats: the product of two large int32 would wrap around.
    pixels = tf.reduce_prod(tf.cast(size, tf.float32))
    within = tf.reduce_all(size > 0) & (pixels <= MAX_PIXELS)
    return _checked(data, within, [f"The image has more than {MAX_PIXELS} pixels, or none:", size])


def _part(data, start, count):
    return tf.ensure_shape(tf.strings.substr(data, start, count), ())


def _checked(value, condition, words):
    with tf.control_dependencies([tf.debugging.Assert(condition, words)]):
        return tf.identity(value)


def _fit(image, shape):
    """The middle of an image in the model's proportions, resized: float32, not yet rounded and not within 0..255."""
    size = tf.cast(tf.shape(image)[:2], tf.float32)
    wanted = tf.constant(shape[:2], tf.float32)
    scale = tf.reduce_max(wanted / size)  # so that the image covers the wanted size
    # The kernel reaches two pixels of the larger of both grids. Without the crop, an image of 1×4,000,000 pixels would
    # be scaled in its whole length.
    reach = wanted / scale / 2 + 2 * tf.maximum(1.0, 1 / scale) + 1
    first = tf.cast(tf.maximum(tf.floor(size / 2 - reach), 0.0), tf.int32)
    last = tf.cast(tf.minimum(tf.math.ceil(size / 2 + reach), size), tf.int32)
    return tf.raw_ops.ScaleAndTranslate(
        images=image[None, first[0] : last[0], first[1] : last[1]],
        size=tf.constant(shape[:2], tf.int32),
        scale=tf.stack([scale, scale]),
        translation=wanted / 2 - scale * (size / 2 - tf.cast(first, tf.float32)),
        kernel_type="keyscubic",
        antialias=True,
    )[0]
