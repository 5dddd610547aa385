"""Image files and arrays: what is accepted, how it is converted, and what is refused in which words."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from zoo.data.images import FORMATS, check_images, read_image, scale_warning

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (28, 28), dtype="uint8")
COLOUR = RNG.integers(0, 256, (32, 32, 3), dtype="uint8")


def encoded(image, kind="PNG", **options) -> bytes:
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def declared_png(width, height) -> bytes:
    """A PNG of a few bytes whose header declares any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def test_pixels_come_through_unchanged(tmp_path):
    assert np.array_equal(read_image(encoded(GREY), (28, 28, 1))[..., 0], GREY)
    path = tmp_path / "colour.png"
    path.write_bytes(encoded(COLOUR))
    notes = []
    image = read_image(path, (32, 32, 3), notes)
    assert image.dtype == np.uint8
    assert np.array_equal(image, COLOUR)
    assert notes == []


def test_lossless_formats_agree():
    for kind in set(FORMATS) - {"JPEG", "GIF", "WEBP"}:
        assert np.array_equal(read_image(encoded(COLOUR, kind), (32, 32, 3)), COLOUR), kind


def test_jpeg_is_close():
    smooth = np.repeat(np.linspace(0, 255, 32).astype("uint8")[:, None], 32, axis=1)
    image = read_image(encoded(smooth, "JPEG", quality=95), (32, 32, 1))[..., 0]
    assert np.abs(image.astype(int) - smooth).max() <= 4


def test_grey_becomes_three_equal_channels_and_colour_becomes_luminance():
    image = read_image(encoded(GREY), (28, 28, 3))
    assert np.array_equal(image, np.repeat(GREY[..., None], 3, axis=2))
    red = np.zeros((8, 8, 3), "uint8")
    red[..., 0] = 255
    assert np.all(read_image(encoded(red), (8, 8, 1)) == 76)  # 0.299 · 255


def test_sixteen_bits_are_scaled_not_clipped():
    deep = np.array([[0, 257, 25700], [32896, 40000, 65535]], dtype="uint16")
    notes = []
    image = read_image(encoded(deep), (2, 3, 1), notes)[..., 0]
    assert image.tolist() == [[0, 1, 100], [128, 156, 255]]
    assert notes == ["scaled 16-bit grey to 8 bits"]


def test_palette_and_one_bit_images_are_converted():
    palette = Image.fromarray(COLOUR).quantize(16)
    assert np.array_equal(read_image(encoded(palette), (32, 32, 3)), np.asarray(palette.convert("RGB")))
    bits = Image.fromarray(GREY > 127)
    assert set(np.unique(read_image(encoded(bits), (28, 28, 1)))) == {0, 255}


def test_transparent_parts_are_laid_on_white():
    pixels = np.zeros((8, 8, 4), "uint8")
    pixels[:4, :, 3] = 255  # the upper half is opaque black, the lower half transparent black
    notes = []
    image = read_image(encoded(pixels), (8, 8, 3), notes)
    assert np.all(image[:4] == 0)
    assert np.all(image[4:] == 255)
    assert notes == ["laid the transparent parts on white"]


def test_transparent_palette_entry_is_laid_on_white():
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 20, 30, 0, 0, 0])
    data = encoded(image, transparency=0)
    assert np.all(read_image(data, (8, 8, 3)) == 255)


def test_opaque_alpha_changes_nothing():
    notes = []
    image = read_image(encoded(Image.fromarray(COLOUR).convert("RGBA")), (32, 32, 3), notes)
    assert np.array_equal(image, COLOUR)
    assert notes == []


def test_first_frame_of_an_animation():
    frames = [Image.new("L", (8, 8), value) for value in (30, 200)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    notes = []
    assert np.all(read_image(data, (8, 8, 1), notes) == 30)
    assert notes == ["used the first of 2 frames"]


def test_another_size_is_cropped_to_the_middle_and_resized_with_antialiasing():
    wide = np.zeros((64, 192), "uint8")
    wide[:, 64:128] = np.indices((64, 64)).sum(0) % 2 * 255  # a checkerboard in the middle third averages to grey
    notes = []
    image = read_image(encoded(wide), (16, 16, 1), notes)
    # Antialiasing turns the board into grey; sampling without it would leave black and white.
    assert np.abs(image[2:-2, 2:-2].astype(int) - 127).max() < 20
    assert notes == ["cropped to the middle and resized from 192×64 to 16×16 pixels"]


def test_exif_orientation_is_applied():
    upright = np.zeros((8, 8), "uint8")
    upright[:4] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # stored upside down
    data = encoded(upright[::-1], "PNG", exif=exif)
    assert np.array_equal(read_image(data, (8, 8, 1))[..., 0], upright)


@pytest.mark.parametrize(
    "data, words", [(b"", "empty"), (b"not an image at all", "not an image"), (b"%PDF-1.4", "not an image")]
)
def test_no_image(tmp_path, data, words):
    path = tmp_path / "thing.png"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"{words}.*Received: .*thing\.png"):
        read_image(path, (8, 8, 1))
    with pytest.raises(ValueError, match=words):
        read_image(data, (8, 8, 1))


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such file.*absent\.png"):
        read_image(tmp_path / "absent.png", (8, 8, 1))
    with pytest.raises(ValueError, match="folder is not an image"):
        read_image(tmp_path, (8, 8, 1))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_truncated_files_are_refused(kind):
    data = encoded(COLOUR, kind)
    whole = read_image(data, (32, 32, 3))
    refused = 0
    for length in range(0, len(data), max(1, len(data) // 60)):
        try:
            image = read_image(data[:length], (32, 32, 3))
        except ValueError:
            refused += 1
        else:  # only the trailer is missing: every pixel is there
            assert np.array_equal(image, whole)
    assert refused > 50


@pytest.mark.parametrize("size", [(9000, 8000), (10_000, 10_000), (40_000, 40_000), (2**31 - 1, 2**31 - 1)])
def test_decompression_bombs_are_refused_before_decoding(size):
    with pytest.raises(ValueError, match="at most 64 megapixels"):
        read_image(declared_png(*size), (8, 8, 3))


def test_32_bit_pixels_are_refused():
    with pytest.raises(ValueError, match="32 bits have no agreed white"):
        read_image(encoded(Image.new("F", (8, 8), 0.5), "TIFF"), (8, 8, 1))


def test_models_with_other_channels_are_refused():
    with pytest.raises(ValueError, match="1 or 3 channels"):
        read_image(encoded(GREY), (28, 28, 2))


@pytest.mark.parametrize("dtype", ["uint8", "int64", "uint16", "float16", "float32", "float64"])
def test_pixels_of_any_real_dtype_pass(dtype):
    check_images(np.full((2, 4, 5, 3), 200, dtype), (4, 5, 3))


@pytest.mark.parametrize(
    "images, words",
    [
        (np.zeros((4, 5, 3), "uint8"), r"\[batch, 4, 5, 3\].*images\[None\].*Received: shape=\(4, 5, 3\)"),
        (np.zeros((2, 5, 4, 3), "uint8"), r"Received: shape=\(2, 5, 4, 3\)"),
        (np.zeros((2, 4, 5, 1), "uint8"), r"Received: shape=\(2, 4, 5, 1\)"),
        (np.zeros((0, 4, 5, 3), "uint8"), r"at least one image.*Received: shape=\(0, 4, 5, 3\)"),
        (np.full((1, 4, 5, 3), np.nan), "NaN or infinity.*Received: values from nan"),
        (np.full((1, 4, 5, 3), np.inf), "NaN or infinity.*Received: values from inf"),
        (np.full((1, 4, 5, 3), 255.5), r"0\.\.255.*Received: values from 255.5 to 255.5"),
        (np.full((1, 4, 5, 3), -1), r"0\.\.255.*Received: values from -1 to -1"),
        (np.zeros((1, 4, 5, 3), bool), "Received: dtype=bool"),
        (np.zeros((1, 4, 5, 3), complex), "Received: dtype=complex128"),
        (np.full((1, 4, 5, 3), "a"), "Received: dtype=<U1"),
        (np.full((1, 4, 5, 3), None), "Received: dtype=object"),
    ],
)
def test_arrays_that_are_no_pixels_are_refused(images, words):
    with pytest.raises(ValueError, match=words):
        check_images(images, (4, 5, 3))


def test_a_single_bad_value_is_found():
    images = np.zeros((3, 4, 5, 3), "float32")
    images[2, 3, 4, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        check_images(images, (4, 5, 3))


@pytest.mark.parametrize(
    "images, words",
    [
        (np.full((2, 4, 5, 3), 0.7), "by 255"),
        (np.ones((1, 4, 5, 3), "float16"), "by 255"),
        (np.full((1, 8, 8, 1), 16.0), "by 255 / 16"),
        (np.full((1, 8, 8, 1), 1.0, "float32"), "by 255,"),
        (np.full((1, 8, 8, 1), 16.5), ""),
        (np.full((1, 4, 5, 3), 16.0), ""),  # a dark image, but no digits of scikit-learn
        (np.full((1, 4, 5, 3), 1.01), ""),
        (np.zeros((1, 4, 5, 3)), ""),  # black on either scale
        (np.zeros((1, 4, 5, 3), "uint8"), ""),
        (np.ones((1, 4, 5, 3), "uint8"), ""),  # what is integer is not divided by 255
        (np.ones((1, 8, 8, 1), "int64"), ""),
    ],
)
def test_images_on_another_scale_give_themselves_away(images, words):
    doubt = scale_warning(images)
    assert words in doubt and bool(doubt) == bool(words)
