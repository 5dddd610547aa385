"""What helps a strictly polynomial network: python -m benchmarks.experiments [--data FILE.npz] [--page]

Runs the trials of benchmarks/experiments.toml, each a change of one base recipe on the same short budget, and measures
the accuracy on the validation part. Results go to docs/experiments/results.json; with --page the tables of
docs/experiments.md and its curves are written from it, and nothing is run. A trial that is there already is not run
again; one that was killed goes on.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.page import DOCS, write_between
from zoo.publishing.formatting import human_count, human_seconds, markdown_table
from zoo.training.onednn import train_with_onednn

TRIALS, FOLDER, RUNS = Path(__file__).with_suffix(".toml"), DOCS / "experiments", Path("runs") / "experiments"
RESULTS = FOLDER / "results.json"


def main():
    """Run what has not been run yet, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="uint8 .npz instead of TFDS")
    parser.add_argument("--only", nargs="*", help="names of trials")
    parser.add_argument("--page", action="store_true", help="write the page from the results, and run nothing")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    groups = tomllib.loads(TRIALS.read_text(encoding="utf-8"))
    if options.here:
        return run(options.here, groups, options.data)
    if options.page:
        return write_page(groups)
    for name in options.only or trials(groups):
        if name not in results():
            command = [sys.executable, "-m", "benchmarks.experiments", "--here", name]
            # A process each: TensorFlow keeps the graphs of earlier networks.
            subprocess.run(command + (["--data", options.data] if options.data else []), check=True)


def trials(groups) -> dict:
    """The settings of each trial, by its name: those of the trial it stands beside, changed as group and trial say."""
    found: dict = {}
    for group in groups["group"]:
        beside = found.get(group["beside"], groups["base"])  # a group beside one of its own starts from the base
        found |= {name: merged(beside, group.get("base", {}), changes) for name, changes in group["trials"].items()}
    return found


def merged(*layers) -> dict:
    """Later settings in the place of earlier ones; arguments of the same architecture one by one."""
    result = {}
    for layer in layers:
        arguments = {} if "architecture" in layer else result["architecture_arguments"]
        result |= layer | {"architecture_arguments": arguments | layer.get("architecture_arguments", {})}
    return result


def results() -> dict:
    """What was measured so far, by the name of the trial."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


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
    held = slice(len(data_set.x_train) - recipe.validation, None)
    right = model.predict(data_set.x_train[held], batch_size=500, verbose=0).argmax(1) == data_set.y_train[held]
    certificate, macs = certify(model), count_macs(model)
    found = {
        "recipe": asdict(recipe),
        "examples": examples,
        "validation": float(right.mean()),
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
    RESULTS.write_text(json.dumps({**results(), name: found}, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(f"{name}: {found['validation']:.2%} in {found['seconds']} s")


def write_page(groups):
    """A section and a picture of curves for each group of which something was measured."""
    found = results()
    parts = [_section(group, found) for group in groups["group"] if any(name in found for name in group["trials"])]
    write_between(DOCS / "experiments.md", "results", "\n\n".join(parts))


def _section(group, found):
    done = {name: found[name] for name in dict.fromkeys([group["beside"], *group["trials"]]) if name in found}
    rows = [
        [
            name,
            f"{result['validation']:.2%}",
            f"{result['training_accuracy']:.1%}",
            human_count(result["parameters"]),
            human_count(result["macs"]),
            f"{result['flop'] / 1e12:.0f}",
            human_seconds(result["seconds"]),
        ]
        for name, result in done.items()
    ]
    head = ["Trial", "Validation", "Training", "Parameters", "Multiply-adds", "TFLOP", "Time"]
    picture = FOLDER / f"{group['name']}.png"
    _draw(done, picture)
    curves = f"![Validation accuracy by epoch]({picture.relative_to(DOCS)})"
    return f"### {group['question']}\n\n{group['finding'].strip()}\n\n{markdown_table(head, rows)}\n\n{curves}"


def _draw(done, path):
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=(7, 3.6), layout="tight")
    axis = figure.subplots()
    for name, result in done.items():
        axis.plot(range(1, len(result["curve"]) + 1), result["curve"], marker="o", markersize=3, label=name)
    axis.set_xlabel("epoch")
    axis.set_ylabel("validation accuracy")
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
