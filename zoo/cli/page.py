"""`pinet page`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, progress
from zoo.files import check_folder
from zoo.publishing.formatting import human_bytes


@app.command()
def page(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the site.")] = Path("page"),
    models: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help='Models that run in it, such as "*mnist*"; may be repeated [all].'),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show it at an address of this machine, until Ctrl+C.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of --serve; 0 for any.")] = 8000,
):
    """Write a static site that shows the zoo and runs its models in the browser. Needs npm, and once a network."""
    check_folder(out)
    if serve:
        from zoo.serving.ports import check_port

        check_port("127.0.0.1", port)
    with progress("writing the site") as report:
        from zoo.page import build_site

        folder = build_site(out, models or ["*"], report)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    console = new_console()
    console.print(f"site: [bold]{escaped(str(folder / 'index.html'))}[/] ({human_bytes(size)} in all)")
    if not serve:
        console.print(f"show it: pinet page --out {escaped(str(out))} --serve, or put the folder on any static host")
        return
    from zoo.page.serving import site_server

    with site_server(folder, port) as server:
        console.print(f"shown at [bold]http://127.0.0.1:{server.server_address[1]}/[/] until Ctrl+C")
        sys.stdout.flush()  # into a pipe too, before it waits
        server.serve_forever()
