"""Arguments and options that several commands share."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.finished_run import list_runs
from zoo.publishing.formatting import human_bytes

_name = typer.Argument(
    metavar="NAME",
    help="A model of the zoo, or the folder of a training run.",
    autocompletion=lambda: [*registry.list_models(), *list_runs()],
)

ModelName = Annotated[str, _name]

DataFile = Annotated[
    Path | None, typer.Option("--data", help="An .npz of uint8 images or int16 audio clips to read instead of TFDS.")
]

DataDir = Annotated[Path | None, typer.Option(help="Where TFDS keeps its data [TFDS_DATA_DIR].")]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

MAX_STDIN = 256_000_000  # bytes


def source(image):
    """The path, or for `-` the bytes of standard input, up to a limit."""
    if image != "-":
        return image
    data = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(data) > MAX_STDIN:
        raise ValueError(f"Standard input holds more than {human_bytes(MAX_STDIN)}.")
    return data
