"""Arguments and options that several commands share."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.finished_run import list_runs
from zoo.publishing.formatting import human_bytes
from zoo.tasks import TASKS

_name = typer.Argument(
    metavar="NAME",
    help="A model of the zoo, a folder that `train` or `zoo.save` wrote, or hf://USER/MODEL.",
    autocompletion=lambda: [*registry.list_models(), *list_runs()],
)

ModelName = Annotated[str, _name]

DataSource = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="DATA",
        help="A folder of class folders, .csv, .npz, TFDS name or hf:NAME to read instead of the recipe's data set.",
    ),
]

DataDir = Annotated[Path | None, typer.Option(help="Where TFDS keeps its data [TFDS_DATA_DIR].")]


class EngineName(StrEnum):
    """The engines of `zoo.predictor`."""

    auto = "auto"
    litert = "litert"
    onnx = "onnx"
    keras = "keras"


Engine = Annotated[EngineName, typer.Option(help="What the network runs on: LiteRT, ONNX Runtime, or Keras' backend.")]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def check_options(task: str, given: dict[str, bool], name: str) -> None:
    """Refuse options that models for a task do not have.

    Args:
        task: one of `zoo.tasks.TASKS`.
        given: whether an option was given, by its name.
        name: what was named in the command.

    Raises:
        ValueError: an option is for other tasks.
    """
    for option in (option for option, is_given in given.items() if is_given):
        if option not in TASKS[task].options:
            wanted = " and ".join(other for other, row in TASKS.items() if option in row.options)
            raise ValueError(f"{option} is for {wanted}. Received: {name}, for {task}")


MAX_STDIN = 256_000_000  # bytes


def source(image):
    """The path, or for `-` the bytes of standard input, up to a limit."""
    if image != "-":
        return image
    data = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(data) > MAX_STDIN:
        raise ValueError(f"Standard input holds more than {human_bytes(MAX_STDIN)}.")
    return data
