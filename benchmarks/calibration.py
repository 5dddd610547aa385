"""Calibration by loss on CIFAR-10: python -m benchmarks.calibration [--data FILE.npz] [--page]

Trains each loss of `LOSSES` with each seed of `SEEDS` that has no result yet, as the trial `late_decay_2` of
benchmarks/experiments.toml (10,000 images, 12 epochs) with a narrower network, and measures accuracy and calibration on
the validation split. A run that was stopped resumes. Results go to docs/calibration/results.json. With --page nothing
is trained: docs/calibration.md gets its table and its diagrams from the results.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.calibration_page import RESULTS, results, write_page
from benchmarks.experiments import read_trials
from benchmarks.trials import first_examples, merged, trials
from zoo.evaluation.scores import (
    accuracy_interval,
    adaptive_calibration_error,
    error_of_bins,
    fit_temperature,
    reliability,
)
from zoo.training.onednn import train_with_onednn

RUNS = Path("runs") / "calibration"
PLAN = "late_decay_2"  # of benchmarks/experiments.toml
CHANGES = {"label_smoothing": 0.0, "architecture_arguments": {"widths": [16, 48, 48]}}
LOSSES: dict[str, dict] = {
    "cross-entropy": {},
    "label smoothing": {"label_smoothing": 0.1},
    "focal": {"loss": "focal", "focal_gamma": 3.0},
    "FLSD-53": {"loss": "flsd53"},
}
SEEDS = (0, 1, 2)


def main():
    """Train what has no result, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="uint8 .npz instead of TFDS")
    parser.add_argument("--page", action="store_true", help="write the page from the results, and train nothing")
    parser.add_argument("--here", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        return run(options.here[0], int(options.here[1]), options.data)
    if options.page:
        return write_page(results())
    for seed in SEEDS:
        for loss in LOSSES:
            if any((row["loss"], row["seed"]) == (loss, seed) for row in results()):
                continue
            if not logits_file(loss, seed).exists():
                command = [sys.executable, "-m", "benchmarks.calibration", "--here", loss, str(seed)]
                # A process each: TensorFlow keeps the graphs of earlier networks.
                subprocess.run(command + (["--data", options.data] if options.data else []), check=True)
            keep(loss, seed)


def keep(loss: str, seed: int) -> None:
    """Add what a finished run is measured at to the results."""
    with np.load(logits_file(loss, seed)) as found:
        row = {
            "loss": loss,
            "seed": seed,
            "keys": LOSSES[loss],
            "training_accuracy": round(float(found["training_accuracy"]), 4),
            "seconds": round(float(found["seconds"])),
            **measured(found["logits"], found["labels"]),
        }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([*results(), row], indent=1, allow_nan=False) + "\n", encoding="utf-8")


def measured(logits: np.ndarray, labels: np.ndarray) -> dict:
    """Accuracy and calibration of validation examples.

    The temperature of each half of the examples is fitted on the other half, so that none is measured on its own.

    Args:
        logits: `[n, classes]`.
        labels: `[n]`.
    """
    halves = np.array_split(np.arange(len(labels)), 2)
    temperatures = [fit_temperature(logits[half], labels[half]) for half in halves]
    scaled = np.concatenate([logits[half] / T for half, T in zip(halves, temperatures[::-1], strict=True)])
    row: dict = {"accuracy": accuracy_interval(logits, labels)[0], "temperatures": temperatures}
    for words, rows in (("", logits), ("_calibrated", scaled)):
        row["reliability" + words] = bins = reliability(rows, labels)
        row["ece" + words] = error_of_bins(bins)
        row["adaptive_ece" + words] = adaptive_calibration_error(rows, labels)
    return row


def settings(loss: str, seed: int) -> dict:
    """The keys of the recipe of a run, and `examples`."""
    return merged(trials(read_trials())[PLAN], CHANGES, LOSSES[loss]) | {"seed": seed}


def folder_of(loss: str, seed: int) -> Path:
    """The folder of a run."""
    return RUNS / f"{loss.replace(' ', '_')}_{seed}"


def logits_file(loss: str, seed: int) -> Path:
    """Where the logits of the validation images of a finished run are kept."""
    return folder_of(loss, seed) / "validation_logits.npz"


def run(loss, seed, data):
    """Train one network, or the rest of it, and keep its logits of the validation images."""
    train_with_onednn()
    from zoo.data.loading import load_set
    from zoo.recipes import Recipe
    from zoo.training.callbacks.progress import TrainingProgress
    from zoo.training.checkpoint import Checkpoint
    from zoo.training.fitting import fit, prepare, steps_per_epoch
    from zoo.training.run_folder import open_run

    keys = settings(loss, seed)
    examples, folder = keys.pop("examples"), folder_of(loss, seed)
    recipe = Recipe(**keys, name="calibration")
    data_set = first_examples(load_set(keys["dataset"], data), examples)
    folder.mkdir(parents=True, exist_ok=True)
    open_run(folder, recipe, data_set, fresh=False)
    model, checkpoint = prepare(recipe, data_set), Checkpoint(folder)
    callbacks = [TrainingProgress(recipe, steps_per_epoch(recipe, data_set)), checkpoint]
    fit(model, recipe, data_set, initial_epoch=checkpoint.restore(model), callbacks=callbacks)
    held_out = slice(examples - recipe.validation, examples)
    logits = model.predict(data_set.x_train[held_out], batch_size=500, verbose=0)
    history = checkpoint.history
    np.savez(
        logits_file(loss, seed),
        logits=logits,
        labels=data_set.y_train[held_out],
        training_accuracy=history[-1]["accuracy"],
        seconds=sum(row["seconds"] for row in history),
    )
    print(f"{loss}, seed {seed}: {np.mean(logits.argmax(1) == data_set.y_train[held_out]):.2%}", flush=True)


if __name__ == "__main__":
    main()
