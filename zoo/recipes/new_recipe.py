"""A recipe for data of one's own, with comments, as `pinet new` writes it. Imports no backend."""

import json
import math
import re
from pathlib import Path

from zoo.data.data_set import DataSet
from zoo.data.source_kinds import kind_of
from zoo.files import replacing
from zoo.recipes.reading import read_recipe

LARGEST = 64  # width and height in pixels that a first training gets; larger ones are asked for
EXAMPLES_TO_SEE = 400_000  # in all epochs, 15 to 50 of them
SIDED = re.compile(r"left|right|west|east|clockwise|[a-z]|\d+", re.IGNORECASE)  # words of class names


def check_new(name: str, folder: str | Path = ".") -> Path:
    """The path of a recipe that is to be written.

    Args:
        name: of the model: letters, digits and `_`.
        folder: where to write `NAME.toml`.

    Raises:
        ValueError: the name has other characters, or the file exists.
    """
    path = Path(folder) / f"{name}.toml"
    if not name.isidentifier():
        raise ValueError(f"A recipe's name is made of letters, digits and _. Received: {name!r}")
    if path.exists():
        raise ValueError(f"That file exists already; delete it, or choose another name. Received: {str(path)!r}")
    return path


def write_new_recipe(name: str, source: str, data_set: DataSet, folder: str | Path = ".") -> Path:
    """Write `NAME.toml`, a commented recipe with defaults for a data set, which `pinet train NAME.toml` takes.

    Args:
        name: as for `check_new`.
        source: what `zoo.open_data` was given; the recipe names it.
        data_set: what it gave.
        folder: as for `check_new`.

    Returns:
        The path of the file.

    Raises:
        ValueError: as for `check_new`.
    """
    path = check_new(name, folder)
    with replacing(path) as partial:
        partial.write_text(new_recipe(name, source, data_set), encoding="utf-8")
    read_recipe(path)
    return path


def new_recipe(name: str, source: str, data_set: DataSet) -> str:
    """The text of that recipe."""
    training = len(data_set.x_train) - data_set.validation
    batch_size = next(size for size, most in ((16, 500), (32, 2000), (64, 20_000), (128, math.inf)) if training <= most)
    steps = max(1, training // batch_size)
    average = max(0.9, min(0.99, round(1 - 1 / steps, 3)))
    words = _words(data_set.class_names)
    size, architecture, augmentation = (_audio if data_set.is_audio else _images)(data_set, training)
    return "\n".join(
        [
            f"# {words}: {_summary(data_set, training)}.",
            f"# `pinet train {name}.toml` trains it; --dry-run measures time and memory only.",
            "# A key that is left out has its default: zoo.recipes.Recipe describes all of them.",
            f'name = "{name}"',
            f'description = "a polynomial network for {words}"',
            f"dataset = {json.dumps(source, ensure_ascii=False, allow_nan=False)}",
            _line("validation", _validation(data_set), "training examples that are held out; 0: the data's own split"),
            size,
            "seed = 0",
            "",
            *architecture,
            "",
            _line("epochs", max(15, min(50, round(EXAMPLES_TO_SEE / training))), f"of {steps} steps each"),
            _line("batch_size", batch_size, "examples a step"),
            _line("warmup_epochs", 1, "in which the learning rate rises; then it falls to 0"),
            _line("weight_decay", 0.05, "of kernels"),
            _line("ema_momentum", average, "averages the weights over about an epoch; the averages are shipped"),
            _line("label_smoothing", 0.1, "fraction of the target that is spread over all classes"),
            "",
            "# Augmentation: each example is changed at random in every epoch.",
            *augmentation,
            "",
        ]
    )


def sided(class_names) -> bool:
    """Whether a mirrored image may be of another class, by their names: characters, numbers, left and right."""
    words = [word for name in class_names for word in re.split(r"[\W_]+", name)]
    return any(SIDED.fullmatch(word) for word in words)


def stages_for(size: int) -> int:
    """How often images of so many pixels are halved in the architecture `pinet`: to 2 or 3 pixels, at most 5 times."""
    return max(1, min(5, int(math.log2(size)) - 1))


def _line(key, value, comment):
    return f"{key} = {value}".ljust(24) + f" # {comment}"


def _validation(data_set):
    """A data set that the zoo knows by name has no validation split of its own."""
    return 0 if data_set.validation else max(1, len(data_set.x_train) // 10)


def _words(class_names):
    text = ", ".join(class_names) if len(class_names) <= 5 else f"{len(class_names)} classes"
    return re.sub(r'["\\\x00-\x1f\x7f]', " ", text)


def _summary(data_set, training):
    size = f"{data_set.shape[0]:,} samples" if data_set.is_audio else "×".join(map(str, data_set.shape))
    return f"{training:,} training {'audio clips' if data_set.is_audio else 'images'} of {size}"


def _images(data_set, training):
    height, width, channels = data_set.shape
    size = min(height, width)
    if height == width and kind_of(data_set.name) != "known":
        size = min(size, LARGEST)
        found = f" (found: {height}; more take more time)" if height > size else ""
        size_line = _line("image_size", size, f"width and height in pixels to which images are resized{found}")
    else:
        size_line = _line("image_size", 0, f"keeps {width}×{height} pixels; N makes them N×N")
    colour = channels == 3 and size >= 16
    flip = colour and not sided(data_set.class_names)
    why = "mirrors half of the images left to right" + ("" if flip else "; true only where this keeps their class")
    augmentation = [
        _line("flip", str(flip).lower(), why),
        _line("shift", max(1, size // 10), "pixels, in each direction"),
        "# rotate = 10 (degrees), zoom = 0.1 and cutout = 8 (pixels) are further ones",
    ]
    return size_line, (_colour_network if colour else _grey_network)(size, training), augmentation


def _colour_network(size, training):
    """Like pinet_cifar10: narrower for fewer images, and a stage for each time that the size can be halved to 4."""
    first, other = (64, 192) if training >= 20_000 else (48, 80) if training >= 2000 else (24, 48)
    stages = max(1, min(5, int(math.log2(size)) - 2))
    widths = [first] * max(1, stages - 2) + [other] * min(2, stages - 1)
    return [
        'architecture = "pinet_vgg"',
        "# Second-order convolutions, two a stage: channels of each stage, after which width and height are halved.",
        f'architecture_arguments = {{ widths = {widths}, depth = 2, form = "mixed", downsampling = "late" }}',
        'optimizer = "muon"',
        _line("learning_rate", 0.01, "at its peak"),
    ]


def _grey_network(size, training):
    """Like pinet_mnist: narrower for fewer images."""
    width = 24 if training >= 20_000 else 16
    network = _residual_network(width=width, stages=stages_for(size), growth=1.5, alpha=1.0)
    return [*network, _line("learning_rate", 0.008, "at its peak; of AdamW")]


def _audio(data_set, training):
    """Like pinet_spoken_digit."""
    length = 0 if kind_of(data_set.name) == "known" else data_set.shape[0]
    size = _line("samples", length, "length to which clips are cut or padded, 8,000 a second; 0 keeps it")
    network = _residual_network(width=16, stages=4, growth=1.6, alpha=0.5, stem=True)
    augmentation = [
        _line("shift", 800, "samples: a tenth of a second"),
        _line("zoom", 0.1, "of the speed, and with it the pitch"),
        _line("gain", 10.0, "decibels"),
    ]
    return size, [*network, _line("learning_rate", 0.003, "at its peak; of AdamW")], augmentation


def _residual_network(**arguments):
    values = ", ".join(f"{key} = {str(value).lower()}" for key, value in arguments.items())
    return [
        'architecture = "pinet"',
        "# Residual blocks of degree 2: channels of the first stage, and their growth from stage to stage.",
        f'architecture_arguments = {{ block = "residual", {values} }}',
    ]
