"""What the trials of classifiers and those of generators have in common: settings, results, command and curves."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from zoo.training.onednn import train_with_onednn


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


def command(module: str, groups: dict, path: Path, run: Callable, write_page: Callable) -> None:
    """The command of a module: trains the trials that have no result yet, or writes its page.

    Args:
        module: its name.
        groups: the base recipe and the groups of trials.
        path: the JSON file of the results.
        run: function of name, settings and data that trains one trial, or the rest of it, and returns its result.
        write_page: function of the groups that writes the page from the results.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--data", help="uint8 .npz instead of TFDS")
    parser.add_argument("--only", nargs="*", help="names of trials")
    parser.add_argument("--page", action="store_true", help="write the page from the results, and train nothing")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.page:
        return write_page(groups)
    if options.here:
        train_with_onednn()
        result = run(options.here, trials(groups)[options.here], options.data)
        path.parent.mkdir(exist_ok=True)
        text = json.dumps({**read_results(path), options.here: result}, indent=1, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")
        return None
    for name in options.only or trials(groups):
        if name not in read_results(path):
            here = [sys.executable, "-m", module, "--here", name]
            # A process each: TensorFlow keeps the graphs of earlier networks.
            subprocess.run(here + (["--data", options.data] if options.data else []), check=True)
    return None


def read_results(path: Path) -> dict:
    """What was measured so far, by the name of the trial."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def first_examples(data_set, count: int):
    """A data set with the first `count` training examples."""
    return replace(data_set, x_train=data_set.x_train[:count], y_train=data_set.y_train[:count])


def draw_curves(found: dict, label: str):
    """A figure of the `curve` of each result by epoch, and its axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), layout="tight")
    axis = figure.subplots()
    for name, result in found.items():
        axis.plot(range(1, len(result["curve"]) + 1), result["curve"], marker="o", markersize=3, label=name)
    axis.set_xlabel("epoch")
    axis.set_ylabel(label)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    return figure, axis
