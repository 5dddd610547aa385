"""`pinet label`, `pinet load` and `pinet unload`. Imports no backend until it is needed."""

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.app import app
from zoo.cli.console import new_console, quiet_start
from zoo.publishing.formatting import printable

URL = "http://localhost:8501"
Models = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the models.")]
Model = Annotated[str, typer.Argument(metavar="NAME", help="A model in it.")]
Version = Annotated[int, typer.Argument(metavar="VERSION", min=1, help="A version in its folder.")]
Urls = Annotated[
    list[str] | None,
    typer.Option("--url", metavar="URL", help=f"REST address of a server that reads DIR; repeat for each [{URL}]."),
]
Offline = Annotated[bool, typer.Option("--offline", help="No server reads DIR now: ask none.")]
Wait = Annotated[float, typer.Option(min=0, metavar="SECONDS", help="The longest wait for a version to load.")]


def print_line(words) -> None:
    """A line that is not wrapped, so that commands in it can be copied."""
    new_console().print(printable(words), soft_wrap=True, markup=False)


def format_labels(name, labels) -> str:
    """The version of each label, as text."""
    return f"{name}: " + (", ".join(f"{key} is version {labels[key]}" for key in sorted(labels)) or "no labels")


@app.command()
def label(
    directory: Models,
    name: Model,
    labels: Annotated[
        list[str] | None, typer.Argument(metavar="LABEL=VERSION...", help="Such as stable=2 previous=1.")
    ] = None,
    removed: Annotated[list[str] | None, typer.Option("--remove", metavar="LABEL", help="Take a label away.")] = None,
    urls: Urls = None,
    offline: Offline = False,
    wait: Wait = 300,
):
    """Point labels to versions that the server has loaded: roll out, and roll back."""
    from zoo.serving.rollout import remove_labels, set_labels, unlabelled

    wanted = {}
    for text in labels or ():
        key, _, number = text.partition("=")
        if not key.isidentifier() or not number.isdecimal():
            raise ValueError(f"Write it as LABEL=VERSION, such as stable=2. Received: {text}")
        wanted[key] = int(number)
    if not wanted and not removed:
        raise ValueError("Give LABEL=VERSION, such as stable=2, or --remove LABEL.")
    servers = _servers(urls, offline)
    with quiet_start() as terminal, terminal.status("asking the server"):
        if wanted:
            now = set_labels(directory, name, wanted, servers, wait)
        if removed:
            now = remove_labels(directory, name, removed, servers)
        left = unlabelled(directory, name)
    print_line(format_labels(name, now))
    for version in left:
        print_line(
            f"version {version} has no label and is loaded; pinet unload {directory} {name} {version} unloads it"
        )


@app.command()
def load(
    directory: Models,
    name: Model,
    version: Version,
    urls: Urls = None,
    offline: Offline = False,
    wait: Wait = 300,
):
    """Let the server load a version, such as one from `pinet export --stage`. The newest loaded one is the default."""
    from zoo.serving.rollout import load_version

    servers = _servers(urls, offline)
    with quiet_start() as terminal, terminal.status("asking the server"):
        load_version(directory, name, version, servers, wait)
    words = "will be loaded by the next server" if offline else "is loaded"
    print_line(f"{name}: version {version} {words}")


@app.command()
def unload(directory: Models, name: Model, version: Version, urls: Urls = None, offline: Offline = False):
    """Let the server unload a version that has no label. Its folder stays."""
    from zoo.serving.rollout import unload_version

    servers = _servers(urls, offline)
    with quiet_start() as terminal, terminal.status("asking the server"):
        unload_version(directory, name, version, servers)
    print_line(f"{name}: version {version} is unloaded")


def _servers(urls, offline):
    if offline and urls:
        raise ValueError(f"Give --url or --offline, not both. Received: --url {' '.join(urls)}")
    return [] if offline else urls or [URL]
