"""`pinet new`."""

from typing import Annotated

import typer

from zoo.cli.app import app
from zoo.cli.console import decoding, escaped, new_console
from zoo.cli.data_sets import ensure_source
from zoo.cli.options import DataDir


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the model, and of the file NAME.toml.")],
    data: Annotated[
        str, typer.Option("--data", metavar="DATA", help="A folder of class folders, .csv, .npz, TFDS name or hf:NAME.")
    ],
    data_dir: DataDir = None,
):
    """Write NAME.toml, a commented recipe with defaults for a data set, for pinet train."""
    from zoo.data.opening import open_data
    from zoo.recipes.new_recipe import check_new, write_new_recipe

    check_new(name)
    ensure_source(data, data_dir)
    with decoding(f"decoding {data}") as report:
        data_set = open_data(data, data_dir=data_dir, progress=report)
    path = write_new_recipe(name, data, data_set)
    console = new_console()
    for line in data_set.summary.lines() if data_set.summary else []:
        console.print(escaped(line), soft_wrap=True)
    console.print(f"[bold cyan]{escaped(str(path))}[/] is written; read it, and then:")
    console.print(f"  pinet train {path} --dry-run\n  pinet train {path}")
