"""`pinet runs`."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_json
from zoo.cli.options import AsJson
from zoo.runs import find_runs

STYLES = {"running": "green", "finished": "cyan", "stopped": "yellow"}  # others are red


@app.command()
def runs(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to look, subfolders included.")] = Path(
        "runs"
    ),
    json: AsJson = False,
):
    """List training runs: state, epoch, best validation. The one that was active last comes first."""
    found = find_runs(folder)
    if json:
        return print_json([asdict(run) for run in found])
    console = new_console()
    if not found:
        console.print(f"There is no run in {escaped(str(folder))}.")
        return
    table = new_table(
        "run", "state", "epoch", "best validation", "recipe", "data", "started", "last epoch", right=(2, 3)
    )
    for run in found:
        table.add_row(
            f"[cyan]{escaped(run.folder)}",
            f"[{STYLES.get(run.state, 'red')}]{run.state}",
            f"{run.epochs_done}/{run.epochs}" if run.epochs else "",
            _best(run),
            escaped(run.recipe),
            escaped(run.dataset),
            _local(run.started),
            _local(run.last),
        )
    console.print(table)
    for run in found:
        if run.message:
            console.print(f"{escaped(run.folder)}: {escaped(run.message)}", soft_wrap=True)


def _best(run):
    if run.best is None:
        return "–"
    value = f"{run.best:.2%}" if run.metric == "val_accuracy" else f"Fréchet distance {run.best:.3g}"
    return f"{value} (epoch {run.best_epoch})"


def _local(time):
    """A time as the user's clock shows it."""
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M") if time else ""
