"""`pinet serve`. Imports no backend until it is needed."""

import contextlib
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.cli.app import app
from zoo.cli.console import new_console, waiting
from zoo.hub import SCHEME
from zoo.serving.ports import check_port


class Engine(StrEnum):
    auto = "auto"
    tensorflow_model_server = "tensorflow_model_server"
    docker = "docker"
    preview = "preview"


@app.command()
def serve(
    models: Annotated[
        str,
        typer.Argument(
            metavar="DIR", help="The folder of the models; or one model by its name, its folder or its address."
        ),
    ],
    engine: Annotated[Engine, typer.Option(help="Which server.")] = Engine.auto,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on [127.0.0.1; tensorflow_model_server has 0.0.0.0 only]."),
    ] = None,
    rest_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of REST; the preview takes 0 for any.")] = 8501,
    grpc_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of gRPC; the preview takes 0 for any.")] = 8500,
    max_megabytes: Annotated[int, typer.Option(min=1, max=1024, help="The preview's largest request.")] = 32,
):
    """Serve a folder of models, or one model: TensorFlow Serving, its Docker image, or the preview for development."""
    from zoo.serving import engines

    is_model = _is_model(models)
    chosen = engines.choose_engine(engine.value)
    host = engines.listen_address(chosen, host)
    check_port(host, rest_port)
    check_port(host, grpc_port)
    if words := engines.exposure_warning(host):
        new_console(stderr=True).print(words, style="yellow", soft_wrap=True, markup=False)
    if chosen == "preview" and not is_model:
        _have_a_model(Path(models))
    with contextlib.ExitStack() as until_the_end:
        directory = _exported(models, until_the_end) if is_model else Path(models)
        if chosen != "preview":
            raise typer.Exit(engines.run(chosen, directory, host, rest_port, grpc_port))
        with waiting("starting the preview server"):
            from zoo.serving.preview.server import serve as serve_preview
        max_bytes = max_megabytes * 1_000_000
        serve_preview(directory, host=host, rest_port=rest_port, grpc_port=grpc_port, max_bytes=max_bytes)


def _is_model(text):
    """Whether one model is named, and not a folder of exported ones."""
    path = Path(text)
    if path.is_dir() and not (path / "cards").is_dir():
        return False
    if not path.exists() and not text.startswith(SCHEME) and text not in registry.list_models():
        raise FileNotFoundError(f"There is no such folder, and no model of that name. Received: {text}")
    registry.card(text)
    return True


def _exported(name, until_the_end):
    """A folder with the export of one model, which is there until the server ends."""
    directory = Path(until_the_end.enter_context(tempfile.TemporaryDirectory(prefix="pinet-serve-")))
    with waiting(f"exporting {name}"):
        from zoo import export

        export(name, directory)
    return directory


def _have_a_model(directory):
    """Check, before TensorFlow is imported, that there is a version of a model."""
    from zoo.serving.configs import MODELS

    versions = (path.parent for path in directory.glob("*/*/saved_model.pb*"))
    if not (directory / MODELS).is_file() and not any(version.name.isdecimal() for version in versions):
        raise ValueError(f"There is no model to serve; `pinet export NAME {directory}` puts one there.")
