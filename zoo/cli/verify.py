"""`pinet verify`."""

import warnings
from typing import Annotated

import typer

from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_json, print_notes, waiting
from zoo.cli.options import AsJson, source


@app.command()
def verify(
    first: Annotated[str, typer.Argument(metavar="IMAGE", help="An image of a face; - is standard input.")],
    second: Annotated[str, typer.Argument(metavar="IMAGE", help="The other one.")],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="A classifier whose features are compared [the shipped one].")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=-1, max=1, help="The cosine from which on it is the same person [the model's].")
    ] = None,
    json: AsJson = False,
):
    """Compare two images of faces: the cosine between their embeddings, and whether it is the same person.

    The shipped model was trained on twenty people. It is an example, and not fit for use on people.
    """
    one, other = source(first), source(second)
    with waiting("loading the model"):
        from zoo import verification

        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            found = verification.verify(one, other, model=model or verification.verifying.FACES, threshold=threshold)
    if json:
        return print_json({"images": [first, second], "model": model or "pinet_faces", **found._asdict()})
    table = new_table("", "", title=f"{escaped(first)} and {escaped(second)}")
    table.show_header = False
    table.add_row("[bold]cosine", f"{found.similarity:.3f}")
    table.add_row(
        "[bold]threshold", "none; --threshold gives one" if found.threshold is None else f"{found.threshold:.3f}"
    )
    if found.same is not None:
        table.add_row("[bold]answer", "[bold]the same person" if found.same else "[bold]two people")
    new_console().print(table)
    print_notes("images", [str(each.message) for each in noted if issubclass(each.category, UserWarning)])
