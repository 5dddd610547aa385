"""`pinet client`. Imports no backend until it is needed."""

from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_json
from zoo.cli.options import source

NO_ANSWER = "no answer: logits beyond float32"


@app.command()
def client(
    url: Annotated[str, typer.Argument(metavar="URL", help="http://HOST:PORT for REST, grpc://HOST:PORT for gRPC.")],
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The model on the server, or the folder or address that it came from.")
    ],
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="PNG or JPEG files; - is standard input.")],
    version: Annotated[int | None, typer.Option(min=1, help="A version by number.")] = None,
    label: Annotated[str | None, typer.Option(help="A version by label.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
):
    """Classify images on a server."""
    from zoo.serving.client import classify_images

    if "/" in name:  # no name on a server, but the folder or the address of a model
        name = registry.card(name)["name"]
    sources = [source(image) for image in images]
    files = [source if isinstance(source, bytes) else Path(source).read_bytes() for source in sources]
    answers = classify_images(url, name, files, version=version, label=label)
    results = [{"image": image, **answer} for image, answer in zip(images, answers, strict=True)]
    if json:
        return print_json(results)
    table = new_table("image", "class", "probability", right=(2,))
    for result in results:
        answered = result["class_id"] is not None
        cells = (escaped(result["class_name"]), f"{result['probability']:.1%}") if answered else (NO_ANSWER,)
        table.add_row(escaped(result["image"]), *cells)
    new_console().print(table)
