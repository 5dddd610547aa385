"""`pinet serve`. Imports no backend until it is needed."""

from enum import StrEnum
from typing import Annotated

import typer

from zoo.cli.app import app
from zoo.cli.console import new_console, waiting
from zoo.cli.labels import Models
from zoo.serving.ports import check_port


class Engine(StrEnum):
    auto = "auto"
    tensorflow_model_server = "tensorflow_model_server"
    docker = "docker"
    preview = "preview"


@app.command()
def serve(
    directory: Models,
    engine: Annotated[Engine, typer.Option(help="Which server.")] = Engine.auto,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on [127.0.0.1; tensorflow_model_server has 0.0.0.0 only]."),
    ] = None,
    rest_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of REST; the preview takes 0 for any.")] = 8501,
    grpc_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of gRPC; the preview takes 0 for any.")] = 8500,
    max_megabytes: Annotated[int, typer.Option(min=1, max=1024, help="The preview's largest request.")] = 32,
):
    """Serve a folder of models: TensorFlow Serving, its Docker image, or the preview for development."""
    from zoo.serving import engines

    if not directory.is_dir():
        raise FileNotFoundError(f"There is no such folder. Received: {directory}")
    chosen = engines.choose_engine(engine.value)
    host = engines.listen_address(chosen, host)
    check_port(host, rest_port)
    check_port(host, grpc_port)
    if words := engines.exposure_warning(host):
        new_console(stderr=True).print(words, style="yellow", soft_wrap=True, markup=False)
    if chosen != "preview":
        raise typer.Exit(engines.run(chosen, directory, host, rest_port, grpc_port))
    _have_a_model(directory)
    with waiting("starting the preview server"):
        from zoo.serving.preview.server import serve as serve_preview
    serve_preview(directory, host=host, rest_port=rest_port, grpc_port=grpc_port, max_bytes=max_megabytes * 1_000_000)


def _have_a_model(directory):
    """Check, before TensorFlow is imported, that there is a version of a model."""
    from zoo.serving.configs import MODELS

    versions = (path.parent for path in directory.glob("*/*/saved_model.pb*"))
    if not (directory / MODELS).is_file() and not any(version.name.isdecimal() for version in versions):
        raise ValueError(f"There is no model to serve; `pinet export NAME {directory}` puts one there.")
