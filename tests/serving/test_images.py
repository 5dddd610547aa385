"""Image files decoded in the graph: every kind of PNG, and at what cost of memory."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo.data.images import read_image

from .png_files import CHANNELS, KINDS, chunk, kind_of_png, png_file

SHAPE = (13, 11, 3)


@pytest.fixture(scope="module")
def decode():
    """A file's bytes to pixels, in a graph as it is exported."""
    import tensorflow as tf

    from zoo.serving.images import decode_images

    graphs = {}

    def run(data, shape=SHAPE):
        if shape not in graphs:
            signature = [tf.TensorSpec([None], tf.string)]
            graphs[shape] = tf.function(lambda files: decode_images(files, shape), input_signature=signature)
        return graphs[shape](tf.constant([data]))[0].numpy()

    return run


def test_every_kind_of_png_is_decoded_as_its_specification_says(decode):
    """Truth is from the samples that were written; the server and the library read them with different decoders."""
    assert len(KINDS) == 52  # 15 pairs of colour type and bit depth, 11 of them also with tRNS, each also interlaced
    for kind in KINDS:
        for seed in range(3):
            data, expected = kind_of_png(*kind, seed=seed)
            # Half a level of rounding, and another where 16 bits become 8 before they are laid on white.
            assert np.abs(decode(data) - expected).max() < 1.5, kind
            if kind[:3] == (2, 16, True):
                with pytest.raises(ValueError, match="16-bit colours with one transparent colour"):
                    read_image(data, SHAPE)
            else:
                assert np.abs(read_image(data, SHAPE) - expected).max() < 2, kind


@pytest.mark.parametrize("colour, depth", [(0, 1), (0, 4), (3, 2)])
def test_transparency_that_cannot_be_read_is_refused(decode, colour, depth):
    """decode_png would show such a file nearly white."""
    import tensorflow as tf

    samples = np.random.default_rng(0).integers(0, 2**depth, (13, 11, 1))
    palette = chunk(b"PLTE", bytes(range(3 * 2**depth))) if colour == 3 else b""
    for broken in (chunk(b"tRNS", b""), chunk(b"tRNS", b"\0" * 600)):
        data = png_file(samples, colour, depth, extra=palette + broken)
        with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid PNG data"):
            decode(data)


def test_words_in_a_text_chunk_are_no_transparency(decode):
    samples = np.random.default_rng(0).integers(0, 2, (13, 11, 1))
    data = png_file(samples, 0, 1, extra=chunk(b"tEXt", b"Comment\0the chunk tRNS is missing") * 20)
    np.testing.assert_array_equal(decode(data), np.broadcast_to(samples * 255, SHAPE))


def test_damaged_chunks_end_the_search(decode):
    """Truncated anywhere, or with a chunk of any length: an error in words, and never a crash."""
    import tensorflow as tf

    data, _ = kind_of_png(3, 4, True, False)
    lengths = [0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, len(data), 0]
    damaged = [data[:33] + length.to_bytes(4, "big") + data[37:] for length in lengths]
    damaged += [data[:end] for end in range(0, len(data) - 16, 3)]
    damaged += [data[:33] + chunk(b"tEXt", b"") * 1001 + data[33:]]
    for file in damaged:
        with pytest.raises(tf.errors.InvalidArgumentError) as refused:
            decode(file)
        assert len(refused.value.message) < 1000  # not the whole file


@pytest.mark.parametrize("size", [(1, 1_000_000), (1_000_000, 1), (3, 1_000), (2048, 2048)])
def test_long_and_large_images_are_cropped_before_they_are_resized(decode, size):
    """The crop keeps all pixels that count: as Pillow does it with the whole image."""
    height, width = size
    ramp = np.add.outer(np.arange(height) * 40.0 / height, np.arange(width) * 200.0 / width)
    file = io.BytesIO()
    Image.fromarray(ramp.astype("uint8")).save(file, "PNG")
    ours = read_image(file.getvalue(), (8, 8, 1)).astype(int)
    assert np.abs(decode(file.getvalue(), (8, 8, 1)) - ours).max() <= 1


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peak memory is measured on Linux alone")
@pytest.mark.parametrize("colour, depth, megabytes", [(0, 1, 30), (2, 8, 30), (6, 16, 150)])
def test_the_largest_image_costs_little_memory(decode, colour, depth, megabytes):
    """A file of a few kilobytes declares 4 megapixels; with 16 and floats it cost 570 MB."""
    data = png_file(np.zeros((2048, 2048, CHANNELS[colour]), "uint8"), colour, depth)
    assert len(data) < 40_000
    small, _ = kind_of_png(colour, depth, False, False)
    decode(small)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is measured again
    before = peak_megabytes()
    decode(data)
    assert peak_megabytes() - before < megabytes


def peak_megabytes():
    """The largest resident size of this process so far."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1000


def test_more_than_four_megapixels_are_refused(decode):
    import tensorflow as tf

    data = png_file(np.zeros((2048, 2049, 1), "uint8"), 0, 1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than 4194304 pixels"):
        decode(data)
