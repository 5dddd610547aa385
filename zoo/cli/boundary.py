"""`pinet boundary`."""

from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_json, print_notes, progress
from zoo.cli.options import AsJson, ModelName, source
from zoo.files import check_file, naming_file
from zoo.tasks import CLASSIFICATION

BATCH = 64  # images; the progress bar moves after each batch


@app.command()
def boundary(
    name: ModelName,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="An image file; - is standard input.")],
    toward: Annotated[str, typer.Option(metavar="IMAGE", help="The image at the other end of the line.")],
    third: Annotated[str | None, typer.Option(metavar="IMAGE", help="Draw the triangle between three images.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="File of the drawing.")] = Path("boundary.png"),
    json: AsJson = False,
):
    """Draw how the decision changes between two images, or its regions between three, and list where it changes."""
    card = registry.card_for(name, CLASSIFICATION)
    check_file(out)
    from zoo.data import inputs

    files = [file for file in (image, toward, third) if file is not None]
    corners = []
    for each in (inputs.read(file, source(file), card) for file in files):
        if each.example is None:
            raise ValueError(each.error)
        print_notes(each.file, each.notes)
        corners.append(each.example.astype("float64"))
    titles = [Path(file).stem if file != "-" else "standard input" for file in files]
    with progress("where the decision changes") as report:
        from pinet_keras.analysis import crossings, plane
        from pinet_keras.analysis.replay import Evaluator
        from zoo.cli.boundary_plot import draw_line
        from zoo.loading import load

        model = Evaluator(load(name), batch_size=BATCH, progress=report)
        x, steps = corners[0], [corner - corners[0] for corner in corners[1:]]
        found = crossings(model, x, steps[0], domain=(0, 1))
    with progress("drawing") as model.progress:
        if third is None:
            figure = draw_line(model, card, x, corners[1], found, titles)
        else:
            title = f"{card['name']}, degree {card['degree']}: decision between three images"
            figure = plane(model, x, steps[0], steps[1], True, card["class_names"], titles, title)
        with naming_file(out):
            figure.savefig(out, dpi=150)
    names = card["class_names"]
    changes = [{"t": change.t, "before": names[change.before], "after": names[change.after]} for change in found]
    if json:
        return print_json({"model": name, "degree": card["degree"], "crossings": changes, "drawing": str(out)})
    table = new_table("t", "from", "to", right=(0,))
    for change in changes:
        table.add_row(f"{change['t']:.6f}", escaped(change["before"]), escaped(change["after"]))
    console = new_console()
    console.print(escaped(f"from {image} (t = 0) to {toward} (t = 1):"))
    console.print(table if changes else "the decision does not change")
    console.print(f"drawing: [bold]{escaped(str(out))}")
