"""The shape of a data set's examples: asked for, or found from a sample of them."""

from collections.abc import Sequence

import numpy as np

from zoo.data.source_kinds import Shape

MAX_SIZE = 256  # pixels, the largest width and height that is found; a larger one can be asked for
SIZES = (16, 32, 64, 128)  # which squares are chosen among for images of different sizes
MAX_SAMPLES, STEP = 65536, 1024  # of audio clips: 8 s, and what lengths are multiples of


def image_shape(wanted: Shape | None, sizes: Sequence[tuple[int, int]], colour: bool) -> tuple[int, int, int]:
    """The shape of images: what is wanted; their own, if all have one size; else a square.

    The side of the square is 16, 32, 64 or 128: the largest that is at most a quarter above the median of the images'
    shorter sides.

    Args:
        wanted: `(height, width, channels)` with `None` for what is to be found; `None` finds all.
        sizes: (height, width) of a sample of the images.
        colour: whether one of the sample is in colour.

    Raises:
        ValueError: the shape of audio clips is asked for, or channels other than 1 and 3.
    """
    if wanted is not None and len(wanted) != 3:
        raise ValueError(f"The data set holds images, and a length of audio clips is asked for. Received: {wanted}")
    height, width, channels = wanted or (None, None, None)
    if channels not in (None, 1, 3):
        raise ValueError(f"Images have 1 or 3 channels. Received: shape={wanted}")
    if height is None or width is None:
        if len(set(sizes)) == 1 and max(sizes[0]) <= MAX_SIZE:
            height, width = sizes[0]
        else:
            typical = np.median([min(size) for size in sizes])
            height = width = max(size for size in SIZES if size <= max(1.25 * typical, SIZES[0]))
    return height, width, channels or (3 if colour else 1)


def clip_shape(wanted: Shape | None, lengths: Sequence[float]) -> tuple[int]:
    """The length of audio clips in samples: what is wanted, or long enough for 19 of 20, up to 8 s.

    Args:
        wanted: `(samples,)`, or `None` to find it.
        lengths: of a sample of the clips, in samples at 8 kHz.

    Raises:
        ValueError: the shape of images is asked for.
    """
    if wanted is not None and len(wanted) != 1:
        raise ValueError(f"The data set holds audio clips, and a size of images is asked for. Received: {wanted}")
    if wanted is not None and wanted[0]:
        return (wanted[0],)
    typical = float(np.quantile(lengths, 0.95))
    return (int(min(MAX_SAMPLES, max(2 * STEP, STEP * np.ceil(typical / STEP)))),)


def size_words(shape: tuple[int, ...]) -> str:
    """A shape as people write it."""
    if len(shape) == 1:
        return f"{shape[0]:,} samples"
    return f"{shape[1]}×{shape[0]} pixels, {'grey' if shape[2] == 1 else 'colour'}"
