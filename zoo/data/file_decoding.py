"""Decoding of many image or WAV files, by several processes."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from zoo.data.audio import RATE, read_example
from zoo.data.images import FORMATS
from zoo.data.listing import File
from zoo.files import format_os_error

PROBED = 1000  # files whose size is read before the shape is chosen
CHUNK = 64  # files that a process decodes at a time
ALONE = 1000  # files that one process decodes sooner than others start


@dataclass
class Decoded:
    """One decoded file.

    Args:
        example: the array; `None` if it cannot be read.
        digest: checksum of the file.
        size: of the image or clip as it was, in words.
        notes: what was changed, sentences.
        error: why it cannot be read.
    """

    example: np.ndarray | None = None
    digest: bytes = b""
    size: str = ""
    notes: list[str] = field(default_factory=list)
    error: str = ""


def probe_images(files: Sequence[File]) -> tuple[list[tuple[int, int]], bool]:
    """Sizes of some of the images, spread evenly over all, and whether one of these is in colour.

    Args:
        files: the images.

    Returns:
        (height, width) of those that can be read, and the answer.
    """
    sizes, colour = [], False
    for file in _spread(files):
        try:
            with Image.open(file.path, formats=FORMATS) as image:
                turned = image.getexif().get(0x0112, 1) >= 5  # EXIF: on its side
                sizes.append((image.width, image.height) if turned else (image.height, image.width))
                colour = colour or not _is_grey(image)
        except Exception:  # the file will be reported when it is decoded
            continue
    return sizes, colour


def probe_clips(files: Sequence[File]) -> list[float]:
    """Lengths of some of the audio clips, in samples at 8 kHz, those that can be read."""
    from scipy.io import wavfile

    lengths = []
    for file in _spread(files):
        try:
            rate, samples = wavfile.read(file.path, mmap=True)
        except Exception:
            continue
        if rate and len(samples):
            lengths.append(len(samples) * RATE / rate)
    return lengths


def decode_files(
    files: Sequence[File], shape: tuple[int, ...], progress: Callable[[int, int], None] | None = None
) -> Iterator[Decoded]:
    """Decode files, in their order; many of them by as many processes as there are processors.

    Args:
        files: the files.
        shape: `(height, width, channels)` or `(samples,)`.
        progress: called with (done, all) now and then.
    """
    paths = [file.path for file in files]
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    done, shown = 0, time.perf_counter()
    for decoded in _chunks(chunks, shape, len(paths)):
        yield from decoded
        done += len(decoded)
        if progress and (done == len(paths) or time.perf_counter() > shown + 0.1):
            progress(done, len(paths))
            shown = time.perf_counter()


def _chunks(chunks, shape, count) -> Iterable[list[Decoded]]:
    if count <= ALONE:
        return (decode(chunk, shape) for chunk in chunks)
    return _in_processes(chunks, shape)


def _in_processes(chunks, shape):
    """joblib starts clean processes: neither the threads of a backend nor the user's script come along."""
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    parallel = Parallel(n_jobs=-1, return_as="generator", pre_dispatch="4*n_jobs", batch_size=1)
    try:
        yield from parallel(delayed(decode)(chunk, shape) for chunk in chunks)
    except TerminatedWorkerError as error:
        raise OSError(
            "A process that decodes files was killed, perhaps as memory ran out. LOKY_MAX_CPU_COUNT=1 decodes with one."
        ) from error


def decode(paths: Sequence[str], shape: tuple[int, ...]) -> list[Decoded]:
    """Decode files one by one.

    Args:
        paths: of the files.
        shape: `(height, width, channels)` or `(samples,)`.
    """
    return [_decode(path, shape) for path in paths]


def _decode(path, shape):
    notes: list[str] = []
    found = Decoded()
    name = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            content = file.read()
        found.digest = hashlib.sha256(content).digest()
        found.example = read_example(content, shape, notes)
    except ValueError as error:
        found.error = str(error).removesuffix(" Received: the bytes given")
    except OSError as error:
        found.error = format_os_error(error)
    except MemoryError:
        found.error = f"There is too little memory to decode {name}."
    for note in notes:
        if " resized from " in f" {note}":
            found.size = note.split(" from ")[1].split(" to ")[0]
        else:
            found.notes.append(note)
    return found


def _spread(files):
    """Up to `PROBED` files, spread evenly over all."""
    return [files[index] for index in np.unique(np.linspace(0, len(files) - 1, PROBED).astype(int))]


def _is_grey(image):
    return image.mode in ("1", "L", "LA", "La") or image.mode.startswith("I")
