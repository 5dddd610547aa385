"""`pinet push` and `pinet pull`."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, waiting
from zoo.cli.options import ModelName
from zoo.hub import parse_address

Address = Annotated[str, typer.Argument(metavar="hf://USER/MODEL", help="A repository on the Hugging Face Hub.")]


@app.command()
def push(
    name: ModelName,
    address: Address,
    private: Annotated[bool, typer.Option("--private", help="A new repository is seen by its owner only.")] = False,
):
    """Share a model on the Hugging Face Hub: its card, its weights, and a README.md made from the card."""
    parse_address(address)
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # they would be held back, and printed at the end
    with waiting(f"pushing {name}"):
        from zoo.sharing.pushing import push as run

        commit = run(name, address, private=private)
    new_console().print(f"[bold]{escaped(commit)}[/]", soft_wrap=True)


@app.command()
def pull(
    address: Annotated[str, typer.Argument(metavar="hf://USER/MODEL[@REVISION]", help="A model on the Hub.")],
    folder: Annotated[Path | None, typer.Argument(help="A new folder for it [runs/MODEL].")] = None,
):
    """Copy a model from the Hugging Face Hub to a folder. Every command also takes its address."""
    place = folder or Path("runs") / parse_address(address).repository.partition("/")[2]
    with waiting(f"pulling {address}"):
        from zoo.sharing.pulling import pull as run

        run(address, place)
    command = shlex.join(["pinet", "info", str(place)])
    new_console().print(f"card and weights are in [bold]{escaped(str(place))}[/]; {escaped(command)}", soft_wrap=True)
