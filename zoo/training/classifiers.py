"""Training of a classifier by its recipe: weights and card."""

import contextlib
import statistics
from dataclasses import replace
from pathlib import Path

from zoo.card_types import Card
from zoo.files import folder_lock
from zoo.publishing.classifier_card import classifier_entries
from zoo.publishing.publish import publish, write_card
from zoo.recipes import Recipe
from zoo.registry import card as read_card
from zoo.training.callbacks.event_log import EventLog
from zoo.training.callbacks.progress import TrainingProgress
from zoo.training.checkpoint import Checkpoint
from zoo.training.devices import check_processes_agree, data_parallel, join_processes, process
from zoo.training.fitting import (
    check_batch_fits,
    prepare_resumed,
    run_epochs,
    steps_per_epoch,
    untrained,
    update_batch_norm,
)
from zoo.training.recipe_data import recipe_data, report_data
from zoo.training.run_folder import open_run, report_earlier_epochs, reporting_interruption
from zoo.training.starts import recording_start


def train(
    recipe: Recipe,
    *,
    data=None,
    data_dir=None,
    run_dir=None,
    out_dir=None,
    fresh=False,
    console=None,
    devices=1,
) -> Card | None:
    """Train a recipe and write weights and card. A run that was stopped is resumed.

    Args:
        recipe: every hyperparameter of the run.
        data: what `zoo.open_data` takes, in place of the recipe's data set: a folder of class folders, an `.npz`, the
            name of a data set of TFDS, arrays, …; `None` for the recipe's.
        data_dir: where TFDS keeps its data sets.
        run_dir: folder of checkpoint, log and TensorBoard events; default `runs/NAME`.
        out_dir: folder that gets `cards/NAME.json` and `weights/NAME.weights.h5`; default the run's folder.
        fresh: train from the first epoch even if `run_dir` holds a checkpoint.
        console: `rich.console.Console` for the progress; default standard error.
        devices: how many share each batch, those of all processes counted.

    Returns:
        The card; `None` in processes other than the first.

    Raises:
        ValueError: `run_dir` holds a run of another recipe, data set or backend, a damaged one, or one that is being
            trained; there is less than a batch to train on; the run diverges; there are fewer devices, or the batch
            does not divide among them; there are several, and the recipe has a teacher.
        FileNotFoundError: the data set is not there.
    """
    if recipe.teacher and devices > 1:
        raise ValueError(f"A recipe with a teacher trains on one device. Received: devices={devices}")
    join_processes()
    first = process()[0] == 0
    run_dir = Path(run_dir or Path("runs") / recipe.name)
    with contextlib.ExitStack() as lock:
        with data_parallel(devices, recipe.batch_size):
            recipe, data_set = recipe_data(recipe, data, data_dir)
            check_batch_fits(recipe, data_set)
            if first:
                lock.enter_context(folder_lock(run_dir, "training"))
                open_run(run_dir, recipe, data_set, fresh)
                options = {"data": data, "data_dir": data_dir, "out_dir": out_dir, "devices": devices}
                lock.enter_context(recording_start(run_dir, data_set, **options))
            check_processes_agree(0, "run folder")
            checkpoint = Checkpoint(run_dir)
            progress = TrainingProgress(recipe, steps_per_epoch(recipe, data_set), console)
            if first:
                report_data(recipe, data_set, progress.console)
            model, done = prepare_resumed(recipe, data_set, checkpoint)
            progress.show_earlier_epochs(checkpoint.history)
            check_processes_agree(done, f"epochs done in {run_dir}: a folder that all of them see")
            if first:
                report_earlier_epochs(checkpoint.history, recipe, run_dir, progress.console)
            callbacks = [progress, checkpoint, EventLog(run_dir)] if first else []
            with reporting_interruption(checkpoint, progress) if first else contextlib.nullcontext():
                run_epochs(model, recipe, data_set, initial_epoch=done, callbacks=callbacks, cache=run_dir)
        if not first:
            return None
        trained = untrained(recipe, data_set)  # without the optimizer, which would go into the file as well
        trained.set_weights(model.get_weights())
        update_batch_norm(trained, recipe, data_set)
        return publish(trained, recipe, data_set, checkpoint, Path(out_dir or run_dir), classifier_entries)


def train_seeds(recipe, seeds=1, *, run_dir=None, out_dir=None, train_one=None, **options) -> Card | None:
    """Train a recipe several times; the card of the first seed lists the accuracies of all.

    Args:
        recipe: the first run's; the further ones have seeds one, two and so on higher.
        seeds: number of runs.
        run_dir: folder of the first run, default `runs/NAME`; the further ones are in `seed_N` within it.
        out_dir: folder that gets card and weights of the first run; default that run's folder.
        train_one: what trains a recipe once; default `train`.
        **options: as for `train_one`.

    Returns:
        The card, with `seeds`: the test accuracy of each, their mean and standard deviation (n − 1 in the divisor); the
        card alone for one seed, `None` in processes other than the first. A finished run keeps the seeds that its card
        has.
    """
    train_one = train_one or train
    run_dir = Path(run_dir or Path("runs") / recipe.name)
    out_dir = Path(out_dir or run_dir)
    earlier = _card_there(out_dir / "cards" / f"{recipe.name}.json")
    card = train_one(recipe, run_dir=run_dir, out_dir=out_dir, **options)
    if card and earlier and _of_one_run(card, earlier):  # a finished run, whose card was written again
        _add_seeds(card, earlier.get("seeds", {}).get("accuracy", {}), out_dir)
    others = [
        train_one(replace(recipe, seed=seed), run_dir=run_dir / f"seed_{seed}", **options)
        for seed in range(recipe.seed + 1, recipe.seed + seeds)
    ]
    if card:
        _add_seeds(card, {str(each["training"]["seed"]): each["accuracy"]["test"] for each in others if each}, out_dir)
    return card


def _card_there(path):
    """The card that an earlier run wrote; `None` where there is none, or a damaged one, which will be replaced."""
    try:
        return read_card(path)
    except ValueError:
        return None


def _of_one_run(card, other):
    """Whether two cards are of one training: on the same data, as long to the tenth of a second, in the same place."""
    return card["dataset"] == other["dataset"] and all(
        card["training"][key] == other["training"].get(key)
        for key in card["training"]
        if key not in ("recipe", "curve")  # which a card of an earlier version lacks
    )


def _add_seeds(card, accuracies, out_dir):
    """Add the accuracies of other seeds to the card, and to its file.

    Args:
        card: of the first seed; it keeps the seeds that it has.
        accuracies: test accuracy by seed.
        out_dir: folder of the card.
    """
    if not accuracies:
        return
    known = card.get("seeds", {}).get("accuracy", {}) | accuracies
    known |= {str(card["training"]["seed"]): card["accuracy"]["test"]}
    known = {seed: known[seed] for seed in sorted(known, key=int)}
    card["seeds"] = {
        "accuracy": known,
        "mean": statistics.mean(known.values()),
        "std": statistics.stdev(known.values()),
    }
    write_card(card, out_dir)
