"""Trials of polynomial networks on CIFAR-10: python -m benchmarks.experiments [--data FILE.npz] [--page]

Trains each trial of benchmarks/experiments.toml that has no result yet, a change of one base recipe on the same short
budget, and measures its accuracy on the validation split. A trial that was stopped resumes. Results go to
docs/experiments/results.json. With --page nothing is trained: the tables of docs/experiments.md and its curves are
written from the results, benchmarks/long_runs.toml and the cards.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.experiments_page import FOLDER, RESULTS, results, write_page
from zoo.training.onednn import train_with_onednn

TRIALS, RUNS = Path(__file__).with_suffix(".toml"), Path("runs") / "experiments"


def main():
    """Train the trials without a result, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="uint8 .npz instead of TFDS")
    parser.add_argument("--only", nargs="*", help="names of trials")
    parser.add_argument("--page", action="store_true", help="write the page from the results, and train nothing")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    groups = read_trials()
    if options.here:
        return run(options.here, groups, options.data)
    if options.page:
        return write_page(groups)
    for name in options.only or trials(groups):
        if name not in results():
            command = [sys.executable, "-m", "benchmarks.experiments", "--here", name]
            # A process each: TensorFlow keeps the graphs of earlier networks.
            subprocess.run(command + (["--data", options.data] if options.data else []), check=True)


def read_trials() -> dict:
    """The base recipe and the groups of trials."""
    return tomllib.loads(TRIALS.read_text(encoding="utf-8"))


def trials(groups) -> dict:
    """The settings of each trial, by its name: those of its group's baseline, changed as group and trial say."""
    found: dict = {}
    for group in groups["group"]:
        baseline = found.get(
            group["baseline"], groups["base"]
        )  # a group with a baseline of its own starts from the base
        found |= {name: merged(baseline, group.get("base", {}), changes) for name, changes in group["trials"].items()}
    return found


def merged(*layers) -> dict:
    """Later settings in the place of earlier ones; arguments of the same architecture one by one."""
    result = {}
    for layer in layers:
        arguments = {} if "architecture" in layer else result["architecture_arguments"]
        result |= layer | {"architecture_arguments": arguments | layer.get("architecture_arguments", {})}
    return result


def run(name, groups, data):
    """Train one trial, or the rest of it, and add its result."""
    train_with_onednn()
    from pinet_keras.analysis import certify, count_macs
    from zoo.data.loading import load_set
    from zoo.recipes import Recipe
    from zoo.training.callbacks.progress import TrainingProgress
    from zoo.training.checkpoint import Checkpoint
    from zoo.training.fitting import fit, prepare, steps_per_epoch
    from zoo.training.run_folder import open_run

    settings = trials(groups)[name]
    examples = settings.pop("examples")
    recipe, data_set = Recipe(**settings, name=name), load_set(settings["dataset"], data)
    data_set = replace(data_set, x_train=data_set.x_train[:examples], y_train=data_set.y_train[:examples])
    open_run(RUNS / name, recipe, data_set, fresh=False)
    model, checkpoint = prepare(recipe, data_set), Checkpoint(RUNS / name)
    steps = steps_per_epoch(recipe, data_set)
    callbacks = [TrainingProgress(recipe, steps), checkpoint]
    fit(model, recipe, data_set, initial_epoch=checkpoint.restore(model), callbacks=callbacks)
    held_out = slice(len(data_set.x_train) - recipe.validation, None)
    correct = (
        model.predict(data_set.x_train[held_out], batch_size=500, verbose=0).argmax(1) == data_set.y_train[held_out]
    )
    certificate, macs = certify(model), count_macs(model)
    measured = {
        "recipe": asdict(recipe),
        "examples": examples,
        "validation": float(correct.mean()),
        "curve": [row["val_accuracy"] for row in checkpoint.history],
        "training_accuracy": checkpoint.history[-1]["accuracy"],
        "seconds": round(sum(row["seconds"] for row in checkpoint.history)),
        "parameters": model.count_params(),
        "macs": macs,
        "flop": 6 * macs * recipe.batch_size * steps * recipe.epochs,
        "tier": certificate.tier,
        "degree": certificate.degree,
    }
    FOLDER.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**results(), name: measured}, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(f"{name}: {measured['validation']:.2%} in {measured['seconds']} s")


if __name__ == "__main__":
    main()
