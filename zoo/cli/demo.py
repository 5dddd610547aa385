"""`pinet demo`."""

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, progress
from zoo.cli.options import Engine, EngineName
from zoo.files import check_file, naming_file


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="File of the contact sheet.")] = Path("demo.png"),
    engine: Engine = EngineName.auto,
):
    """Classify the bundled sample images with every classifier, and draw images with every generator."""
    check_file(out)
    with progress("demo") as report:
        from zoo.cli.demo_sheets import draw, draw_generated, run_demo, table

        results = run_demo(report, engine.value)
        generated = out.with_stem(f"{out.stem}_generated")
        with naming_file(out):
            draw(results, out)
        with naming_file(generated):
            draw_generated(generated, engine=engine.value)
    console = new_console()
    console.print(table(results))
    console.print(f"contact sheet: [bold]{escaped(str(out))}")
    console.print(f"drawn by the generators: [bold]{escaped(str(generated))}")
