"""Trials of training a generator on CIFAR-10: python -m benchmarks.generator_trials [--data FILE.npz] [--page]

Trains each trial of benchmarks/generator_trials.toml that has no result yet, a change of one base recipe on the same
short budget, and measures its images against the validation split. A trial that was stopped resumes. Results go to
docs/generators/trials.json. With --page nothing is trained: the tables of docs/generators.md and its curves are written
from the results.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.experiments import trials
from benchmarks.page import DOCS, between
from zoo.publishing.formatting import human_count, markdown_table
from zoo.training.onednn import train_with_onednn

PAGE, FOLDER = DOCS / "generators.md", DOCS / "generators"
TRIALS, RUNS, RESULTS = Path(__file__).with_suffix(".toml"), Path("runs") / "generator_trials", FOLDER / "trials.json"
METRICS = ("class_accuracy", "frechet_distance", "precision", "recall", "coverage")


def main():
    """Train the trials without a result, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="uint8 .npz instead of TFDS")
    parser.add_argument("--only", nargs="*", help="names of trials")
    parser.add_argument("--page", action="store_true", help="write the page from the results, and train nothing")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    groups = tomllib.loads(TRIALS.read_text(encoding="utf-8"))
    if options.here:
        return run(options.here, trials(groups)[options.here], options.data)
    if options.page:
        PAGE.write_text(written_from_results(PAGE.read_text(encoding="utf-8"), groups), encoding="utf-8")
        return draw(results()).savefig(FOLDER / "trials.png", dpi=110)
    for name in options.only or trials(groups):
        if name not in results():
            command = [sys.executable, "-m", "benchmarks.generator_trials", "--here", name]
            # A process each: TensorFlow keeps the graphs of earlier networks.
            subprocess.run(command + (["--data", options.data] if options.data else []), check=True)


def run(name, settings, data):
    """Train one trial, or the rest of it, and add its result."""
    train_with_onednn()
    from rich.console import Console

    from zoo.data.loading import load_set
    from zoo.generation.training import fit, validation_metrics
    from zoo.recipes import GeneratorRecipe
    from zoo.training.run_folder import open_run

    examples = settings.pop("examples")
    recipe, data_set = GeneratorRecipe(**settings, name=name), load_set(settings["dataset"], data)
    data_set = replace(data_set, x_train=data_set.x_train[:examples], y_train=data_set.y_train[:examples])
    open_run(RUNS / name, recipe, data_set, fresh=False)
    generator, checkpoint = fit(recipe, data_set, RUNS / name, Console(stderr=True))
    quality = validation_metrics(recipe, data_set).of_generator(generator, recipe.validation, seed=0)
    result = {
        "recipe": asdict(recipe),
        "examples": examples,
        **{key: quality[key] for key in METRICS},
        "curve": [row["frechet_distance"] for row in checkpoint.history],
        "seconds": round(sum(row["seconds"] for row in checkpoint.history)),
        "parameters": generator.count_params(),
    }
    FOLDER.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**results(), name: result}, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(f"{name}: " + ", ".join(f"{key} {result[key]:.4g}" for key in (*METRICS, "seconds")))


def results() -> dict:
    """What was measured so far, by the name of the trial."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def written_from_results(page: str, groups: dict) -> str:
    """The page with the table of each group of trials rewritten."""
    found = results()
    return between(page, "trials", "\n\n".join(_section(group, found) for group in measured(groups, found)))


def measured(groups: dict, found: dict) -> list[dict]:
    """The groups of trials of which one was measured that is not the baseline."""
    return [
        group
        for group in groups["group"]
        if any(name in found for name in group["trials"].keys() - {group["baseline"]})
    ]


def _section(group, found):
    names = [name for name in dict.fromkeys([group["baseline"], *group["trials"]]) if name in found]
    rows = [
        [
            f"`{name}`",
            _percent(found[name]["class_accuracy"]),
            f"{found[name]['frechet_distance']:.3g}",
            *(f"{found[name][key]:.2f}" for key in ("precision", "recall", "coverage")),
            human_count(found[name]["parameters"]),
        ]
        for name in names
    ]
    head = ["Trial", "Class accuracy", "Fréchet distance", "Precision", "Recall", "Coverage", "Parameters"]
    parts = [f"**{group['question']}** {group['tried'].strip()}", markdown_table(head, rows), group.get("finding", "")]
    return "\n\n".join(part.strip() for part in parts if part)


def _percent(fraction):
    return f"{100 * fraction:.1f} %"


def draw(found):
    """The Fréchet distance of each trial by epoch."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), layout="tight")
    axis = figure.subplots()
    for name, result in found.items():
        axis.plot(range(1, len(result["curve"]) + 1), result["curve"], marker="o", markersize=3, label=name)
    axis.set_xlabel("epoch")
    axis.set_ylabel("Fréchet distance, validation split")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
