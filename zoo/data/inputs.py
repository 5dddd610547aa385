"""The input files of `pinet predict`. Folders are searched; a damaged file does not stop the others."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zoo.data.audio import read_example
from zoo.data.catalog import SETS
from zoo.data.images import FORMATS
from zoo.files import format_os_error

IMAGES = (*(f".{name.lower()}" for name in FORMATS), ".jpg", ".tif", ".pgm", ".pbm")
AUDIO = (".wav",)


@dataclass
class Input:
    """One file: the array that a model takes, or the reason why it cannot be read.

    Args:
        file: its name, as it was given or found.
        example: an array of the model's input shape; `None` if the file could not be read.
        notes: a sentence for each change or doubt that the user should know of.
        error: why it could not be read; empty if it could.
    """

    file: str
    example: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    error: str = ""


def find(files, shape) -> list[str]:
    """The files to read: a folder stands for the images or WAV files in it, sorted; subfolders are left out.

    Args:
        files: names of files and folders; `"-"` is standard input.
        shape: the model's input shape, `(height, width, channels)` or `(samples,)`.

    Raises:
        ValueError: a folder holds no such file.
    """
    kind, suffixes = ("WAV files", AUDIO) if len(shape) == 1 else ("images", IMAGES)
    found: list[str] = []
    for file in files:
        if file == "-" or not Path(file).is_dir():
            found.append(file)
            continue
        inside = sorted(str(path) for path in Path(file).iterdir() if path.suffix.lower() in suffixes)
        if not inside:
            raise ValueError(f"The folder holds no {kind} ({', '.join(suffixes)}). Received: {file}")
        found += inside
    return found


def read(file, source, card) -> Input:
    """Read one file, or report why it cannot be read.

    Args:
        file: its name.
        source: its path, or its bytes.
        card: the model's card.
    """
    found = Input(file)
    try:
        found.example = read_example(source, card["input_shape"], found.notes)
        found.notes += doubts(found.example, card["dataset"]["name"])
    except ValueError as error:
        found.error = str(error)
    except OSError as error:
        found.error = format_os_error(error)
    return found


def doubts(example: np.ndarray, data: str) -> list[str]:
    """A sentence if the image is inverted compared with those the model was trained on.

    Args:
        example: what a model takes.
        data: name of the data set that the model was trained on; of others than the shipped models' nothing is known.
    """
    if not SETS.get(data, {}).get("light_on_dark"):
        return []
    border = np.concatenate([example[[0, -1]].ravel(), example[1:-1, [0, -1]].ravel()])
    if np.median(border) <= 127:
        return []
    return [f"the background is light, and the digits of {data} are light on a dark one: invert the image"]
