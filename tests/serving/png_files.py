"""PNG files of every kind, written byte by byte from the specification, with the colours that they hold.

Pillow writes neither interlaced files nor all bit depths, so neither it nor TensorFlow has a part in what is expected.
"""

import struct
import zlib

import numpy as np

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # grey, RGB, palette, grey and alpha, RGBA
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
KINDS = [
    (colour, depth, transparent, interlaced)
    for colour, depths in DEPTHS.items()
    for depth in depths
    for transparent in ((False, True) if colour in (0, 2, 3) else (False,))
    for interlaced in (False, True)
]
# Adam7: first row and column of each pass, and the steps between rows and columns.
PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def chunk(kind, content):
    """One chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_file(samples, colour, depth, interlaced=False, extra=b""):
    """A PNG file with these samples, integers `[height, width, channels]`; `extra` stands before the pixels."""
    height, width, _ = samples.shape
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    passes = [samples[top::down, left::right] for top, left, down, right in PASSES] if interlaced else [samples]
    rows = b"".join(b"\0" + _packed(row, depth) for part in passes if part.size for row in part)
    ends = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + ends


def _packed(row, depth):
    values = row.ravel()
    if depth == 16:
        return values.astype(">u2").tobytes()
    bits = (values[:, None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.astype("uint8").ravel()).tobytes()


def kind_of_png(colour, depth, transparent, interlaced, size=(13, 11), seed=0):
    """A random file of a kind, and its colours on white, float `[height, width, 3]` in 0..255."""
    rng = np.random.default_rng(seed)
    top = 2**depth - 1
    samples = rng.integers(0, top + 1, (*size, CHANNELS[colour]))
    extra, opacity = b"", np.ones(size)
    if colour == 3:
        palette = rng.integers(0, 256, (top + 1, 3))
        extra = chunk(b"PLTE", palette.astype("uint8").tobytes())
        colours = palette[samples[..., 0]].astype(float)
        if transparent:  # fewer entries than the palette has: the others are opaque
            alphas = rng.integers(0, 256, max(1, top * 3 // 4))
            extra += chunk(b"tRNS", alphas.astype("uint8").tobytes())
            opacity = np.append(alphas, np.full(top + 1 - len(alphas), 255))[samples[..., 0]] / 255
    else:
        shown = samples[..., :-1] if colour in (4, 6) else samples
        colours = np.broadcast_to(shown * 255 / top, (*size, 3))
        if colour in (4, 6):
            opacity = samples[..., -1] / top
        elif transparent:  # one colour is transparent throughout; half of the pixels get it
            samples[rng.random(size) < 0.5] = samples[0, 0]
            colours = np.broadcast_to(samples * 255 / top, (*size, 3))
            extra = chunk(b"tRNS", samples[0, 0].astype(">u2").tobytes())
            opacity = 1.0 - (samples == samples[0, 0]).all(axis=-1)
    opacity = opacity[..., None]
    return png_file(samples, colour, depth, interlaced, extra), colours * opacity + 255 * (1 - opacity)
