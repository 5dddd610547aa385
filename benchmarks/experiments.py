"""Trials of polynomial networks on CIFAR-10: python -m benchmarks.experiments [--data FILE.npz] [--page]

Trains each trial of benchmarks/experiments.toml that has no result yet, a change of one base recipe on the same short
budget, and measures its accuracy on the validation split. A trial that was stopped resumes. Results go to
docs/experiments/results.json. With --page nothing is trained: the tables of docs/experiments.md and its curves are
written from the results, benchmarks/long_runs.toml and the cards.
"""

import tomllib
from dataclasses import asdict
from pathlib import Path

from benchmarks.experiments_page import RESULTS, write_page
from benchmarks.trials import command, first_examples

TRIALS, RUNS = Path(__file__).with_suffix(".toml"), Path("runs") / "experiments"


def read_trials() -> dict:
    """The base recipe and the groups of trials."""
    return tomllib.loads(TRIALS.read_text(encoding="utf-8"))


def run(name, settings, data) -> dict:
    """Train one trial, or the rest of it, and return its result."""
    from pinet_keras.analysis import certify, count_macs
    from zoo.data.loading import load_set
    from zoo.recipes import Recipe
    from zoo.training.callbacks.progress import TrainingProgress
    from zoo.training.checkpoint import Checkpoint
    from zoo.training.fitting import fit, prepare, steps_per_epoch
    from zoo.training.run_folder import open_run

    examples = settings.pop("examples")
    recipe, data_set = Recipe(**settings, name=name), first_examples(load_set(settings["dataset"], data), examples)
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
    result = {
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
    print(f"{name}: {result['validation']:.2%} in {result['seconds']} s")
    return result


if __name__ == "__main__":
    command("benchmarks.experiments", read_trials(), RESULTS, run, write_page)
