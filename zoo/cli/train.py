"""`pinet train`."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from zoo.card_types import Card
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, waiting
from zoo.cli.data_sets import ensure_data, ensure_source
from zoo.cli.dry_run import print_dry_run
from zoo.cli.next_commands import next_commands
from zoo.cli.options import DataDir, DataSource, check_options
from zoo.files import check_folder, check_not_running
from zoo.publishing.formatting import human_bytes, human_seconds
from zoo.recipes import GeneratorRecipe, NodeRecipe, Recipe, list_recipes, read_recipe, with_changes
from zoo.tasks import TASKS, task_function
from zoo.training.onednn import train_with_onednn


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe, or a .toml file.", autocompletion=list_recipes)],
    data: DataSource = None,
    data_dir: DataDir = None,
    run_dir: Annotated[Path | None, typer.Option(help="Checkpoint and logs [runs/NAME].")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of card and weights [the run's].")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over instead of resuming an earlier run.")] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another value for a key of the recipe; may be repeated."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="The same as --set epochs=N.")] = None,
    devices: Annotated[int, typer.Option(min=1, help="Classifiers: devices that share a batch.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="Classifiers: runs, for mean and spread on the card.")] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Classifiers: print size, memory and time of an epoch, and train nothing.")
    ] = False,
):
    """Train a recipe; a run that was stopped is resumed after its last epoch.

    A recipe with changed values trains in runs/NAME as well, and is refused where another run is there: give
    --set name=OTHER, which is also the model's name, or --run-dir.
    """
    chosen = with_changes(read_recipe(recipe), [*(changes or []), *([] if epochs is None else [f"epochs={epochs}"])])
    check_options(chosen.task, {"--devices": devices > 1, "--seeds": seeds > 1, "--dry-run": dry_run}, recipe)
    if dry_run:
        if devices > 1 or seeds > 1:
            raise ValueError(f"--dry-run is for one run on one device. Received: --devices {devices} --seeds {seeds}")
        assert isinstance(chosen, Recipe)  # the option is for classifiers
        ensure_source(data or chosen.dataset, data_dir, chosen.shape)
        train_with_onednn()
        return print_dry_run(chosen, data, data_dir)
    folder = out or run_dir or Path("runs") / chosen.name
    for place in (folder, run_dir or folder):
        check_folder(place)
    if os.environ.get("KERAS_DISTRIBUTION_PROCESS_ID", "0") == "0":  # the process that locks the folder
        check_not_running(run_dir or Path("runs") / chosen.name, "training")
    if isinstance(chosen, GeneratorRecipe):
        ensure_data(chosen.dataset, data, data_dir)
    elif isinstance(chosen, NodeRecipe):
        from zoo.data.planetoid import read_planetoid  # imports SciPy

        read_planetoid(chosen.dataset, data, data_dir)
    else:
        ensure_source(data or chosen.dataset, data_dir, chosen.shape)
    train_with_onednn()
    with waiting("starting the backend"):
        run = task_function(chosen.task, "train")
    console = new_console(stderr=True)
    if console.is_terminal:
        logs = shlex.quote(str(run_dir or Path("runs") / chosen.name))
        console.print(f"all curves in a browser: tensorboard --logdir {escaped(logs)}", soft_wrap=True)
    options = {"data": data, "data_dir": data_dir, "fresh": fresh, "console": console}
    options |= {"run_dir": run_dir, "out_dir": out}
    counts = {"devices": devices, "seeds": seeds}
    options |= {key: count for key, count in counts.items() if f"--{key}" in TASKS[chosen.task].options}
    card = run(chosen, **options)
    if card is None:  # of several processes, the first one prints it
        return
    print_trained(card, folder, data, data_dir)


def print_trained(card: Card, folder: Path, data, data_dir) -> None:
    """Print the result of a training, and commands that use it.

    Args:
        card: its card.
        folder: where card and weights are.
        data: what it was trained on, if that was given.
        data_dir: where TFDS keeps its data sets, if that was given.
    """
    result = task_function(card["task"], "result")(card)
    console = new_console()
    console.print(
        f"[bold cyan]{card['name']}[/]  {result} after {human_seconds(card['training']['seconds'])}\n"
        f"card and weights ({human_bytes(card['weights']['bytes'])}) in {escaped(str(folder))}\nnext:"
    )
    for command in next_commands(card, folder, data, data_dir):
        console.print(f"  {escaped(command)}", soft_wrap=True)  # whole, to be copied
