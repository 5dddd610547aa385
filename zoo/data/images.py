"""Reading of image files, and validation of image arrays."""

import io
import os
import warnings

import numpy as np
from PIL import Image, ImageOps

MAX_PIXELS = 64_000_000
# A closed list: some of Pillow's readers start other programs (Ghostscript, for one).
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")


def read_image(source, shape, notes: list[str] | None = None) -> np.ndarray:
    """Decode an image into the pixels that a model of this input shape takes.

    Deep (16-bit) grey is scaled to 8 bits. Transparent parts are laid on white, as a page would show them. Colours
    become grey, and grey three equal channels, where the model asks for it. Of an animation the first frame counts. A
    image of another size is cropped around its middle to the model's proportions, then resized with antialiasing.

    Args:
        source: path of a file, the bytes of one, or a Pillow image.
        shape: `(height, width, channels)`, channels 1 or 3.
        notes: a list that receives a sentence for each change that a person should know of.

    Returns:
        uint8 array `[height, width, channels]`.

    Raises:
        ValueError: not an image, an empty or truncated file, more than 64 megapixels, pixels of no known scale.
        FileNotFoundError: no file of that name.
    """
    height, width, channels = shape
    if channels not in (1, 3):
        raise ValueError(f"Images have 1 or 3 channels. Received: shape={tuple(shape)}")
    notes = [] if notes is None else notes
    if isinstance(source, Image.Image):
        name, image = "the image given", ImageOps.exif_transpose(source)
    else:
        name = "the bytes given" if isinstance(source, bytes) else os.fspath(source)
        image = _decode(source, name, notes)
    image = _eight_bits(image, name, notes)
    if image.mode == "CMYK":
        notes.append("converted CMYK to RGB")
    image = _without_alpha(image, notes).convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        notes.append(_resize_note(image.size, (width, height)))
        image = ImageOps.fit(image, (width, height), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype="uint8").reshape(height, width, channels)


def check_images(images, shape) -> None:
    """Refuse an array that is no batch of pixels in 0..255 of this shape.

    Args:
        images: array `[batch, height, width, channels]`, integers or floats.
        shape: `(height, width, channels)`.

    Raises:
        ValueError: wrong rank, size, channels or dtype, an empty batch, NaN or infinity, a value outside 0..255.
    """
    images = np.asarray(images)
    shape = tuple(shape)
    if images.dtype.kind not in "uif" and images.dtype.name != "bfloat16":
        raise ValueError(f"Images must be integers or floats in 0..255. Received: dtype={images.dtype}")
    if images.ndim != 4 or images.shape[1:] != shape:
        expected = f"[batch, {', '.join(map(str, shape))}]"
        hint = " One image still needs its batch axis: images[None]." if images.shape == shape else ""
        raise ValueError(f"Images must have the shape {expected}.{hint} Received: shape={images.shape}")
    if images.shape[0] == 0:
        raise ValueError(f"A batch needs at least one image. Received: shape={images.shape}")
    if images.dtype == np.uint8:
        return
    low, high = float(images.min()), float(images.max())  # NaN and infinity come through min and max
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"Images must not hold NaN or infinity. Received: values from {low} to {high}")
    if low < 0 or high > 255:
        raise ValueError(f"Pixels must lie in 0..255. Received: values from {low:g} to {high:g}")


def scale_warning(images) -> str:
    """A warning if the values of a valid batch suggest another scale than 0..255; empty if they do not.

    Args:
        images: array `[batch, height, width, channels]`, integers or floats.
    """
    if images.dtype.kind in "ui":
        return ""
    high = float(images.max())
    if 0 < high <= 1:  # a batch of zeros is black on every scale
        return (
            "No pixel is above 1, and the model takes grey levels 0..255: to it the images are black. Multiply them "
            "by 255, or give the uint8 images themselves."
        )
    if images.shape[1:3] == (8, 8) and 1 < high <= 16:
        return (
            "No pixel is above 16, and the model takes grey levels 0..255: to it the images are nearly black. "
            "scikit-learn's digits have grey levels 0..16; multiply them by 255 / 16."
        )
    return ""


def _decode(source, name, notes):
    image = _open(source, name)
    with image:
        columns, rows = image.size
        if columns * rows > MAX_PIXELS:
            raise ValueError(_too_large(name, f"{columns}×{rows} pixels"))
        if getattr(image, "n_frames", 1) > 1:
            notes.append(f"used the first of {image.n_frames} frames")
        _scale_transparency(image, name)
        try:
            image.load()
            return ImageOps.exif_transpose(image)
        except Exception as error:  # Pillow passes on whatever its decoders meet: OSError, SyntaxError, zlib.error, ...
            raise ValueError(f"The image is truncated or damaged ({error}). Received: {name}") from error


def _open(source, name):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the error reports what is wrong with the file
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(_too_large(name, "more pixels than Pillow's own limit")) from error
    except FileNotFoundError as error:
        raise FileNotFoundError(f"There is no such file. Received: {name}") from error
    except Exception as error:  # damaged headers surface as many kinds of error
        raise ValueError(f"{_why_unreadable(source, error)} Received: {name}") from error


def _too_large(name, declared):
    limit = f"{MAX_PIXELS // 1_000_000} megapixels"
    return f"The image declares {declared}; at most {limit} are decoded. Received: {name}"


def _why_unreadable(source, error):
    if isinstance(error, IsADirectoryError):
        return "A folder is not an image."
    if isinstance(error, PermissionError):
        return "The file cannot be read: permission denied."
    if not (len(source) if isinstance(source, bytes) else os.path.getsize(source)):
        return "The file is empty."
    return f"This is not an image that can be read (known are {', '.join(FORMATS)})."


def _scale_transparency(image, name):
    """Pillow scales samples of 2 and 4 bits to 8, but not the sample that a PNG file declares transparent."""
    transparent = image.info.get("transparency")
    if image.format != "PNG" or transparent is None or not image.tile:
        return
    samples = image.tile[0][3]  # how they stand in the file: "L;4" is 4-bit grey
    if samples in ("L;2", "L;4"):
        image.info["transparency"] = transparent * {"L;2": 85, "L;4": 17}[samples]
    if samples == "RGB;16B":  # Pillow drops half of each sample, and cannot tell the transparent colour any more
        raise ValueError(
            "A PNG file of 16-bit colours with one transparent colour cannot be read exactly; save it with 8 bits or "
            f"with an alpha channel. Received: {name}"
        )


def _eight_bits(image, name, notes):
    """Scale 16-bit grey to 8 bits: Pillow's own conversion would clip everything above 255 to white."""
    if image.mode.startswith("I;16"):
        notes.append("scaled 16-bit grey to 8 bits")
        samples, transparent = np.asarray(image), image.info.get("transparency")
        grey = Image.fromarray(np.round(samples / 257.0).astype("uint8"))
        if transparent is not None:
            grey.putalpha(Image.fromarray(np.where(samples == transparent, 0, 255).astype("uint8")))
        return grey
    if image.mode in ("I", "F"):
        raise ValueError(
            "Pixels of 32 bits have no agreed white; save the image with 8 or 16 bits. "
            f"Received: {name} with mode {image.mode}"
        )
    return image


def _without_alpha(image, notes):
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    if image.getextrema()[3][0] == 255:  # an alpha channel, but nothing transparent in it
        return image.convert("RGB")
    notes.append("laid the transparent parts on white")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _resize_note(old, new):
    cropped = "cropped to the middle and " if old[0] * new[1] != old[1] * new[0] else ""
    return f"{cropped}resized from {old[0]}×{old[1]} to {new[0]}×{new[1]} pixels"
