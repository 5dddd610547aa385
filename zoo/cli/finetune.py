"""`pinet finetune`."""

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.app import app
from zoo.cli.console import new_console, waiting
from zoo.cli.data_sets import ensure_source
from zoo.cli.options import DataDir, ModelName
from zoo.cli.train import print_trained
from zoo.files import check_folder, check_not_running
from zoo.registry import card_for
from zoo.tasks import CLASSIFIERS
from zoo.training.onednn import train_with_onednn


@app.command()
def finetune(
    name: ModelName,
    data: Annotated[
        str, typer.Option("--data", metavar="DATA", help="A folder of class folders, .csv, .npz, TFDS name or hf:NAME.")
    ],
    data_dir: DataDir = None,
    run_dir: Annotated[Path | None, typer.Option(help="Checkpoint and logs [runs/NAME_finetuned].")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of card and weights [the run's].")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over instead of resuming an earlier run.")] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another value for a key of the recipe; may be repeated."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs, for mean and spread on the card.")] = 1,
):
    """Train a classifier further on data of your own: a new head first, then the whole network at a lower rate.

    It ends when validation no longer improves. A run that was stopped is resumed by the same command. --set name=OTHER
    names the new model, and its folder in runs/.
    """
    card = card_for(name, *CLASSIFIERS)
    model = _new_name(changes or [], f"{card['name']}_finetuned")
    run_dir = run_dir or Path("runs") / model
    for place in (run_dir, out or run_dir):
        check_folder(place)
    check_not_running(run_dir, "training")
    ensure_source(data, data_dir, tuple(card["input_shape"]))
    train_with_onednn()
    with waiting("starting the backend"):
        from zoo.training import finetuning
    found = finetuning.finetune(
        name,
        data,
        changes=changes or [],
        seeds=seeds,
        run_dir=run_dir,
        out_dir=out,
        fresh=fresh,
        data_dir=data_dir,
        console=new_console(stderr=True),
    )
    print_trained(found, out or run_dir, data, data_dir)


def _new_name(changes, otherwise):
    """The name of the new model, which `changes` may hold."""
    given = [text.partition("=")[2].strip() for text in changes if text.partition("=")[0].strip() == "name"]
    return given[-1] if given else otherwise
