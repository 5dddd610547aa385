"""What transfer gains over training from scratch: python -m benchmarks.transfer {digits,cifar10} [--runs DIR]

Trains a network on few labels a class in three ways, with three seeds, and writes the results to docs/transfer/, and
table and curve to docs/transfer.md. What an earlier call finished is not trained again; a run that was stopped is
resumed.
"""

import argparse
import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import zoo
from benchmarks import transfer_page
from zoo.data.data_set import DataSet
from zoo.data.loading import load_set
from zoo.environment import environment
from zoo.files import write_json
from zoo.recipes import Recipe, read_recipe, with_changes
from zoo.training.classifiers import train
from zoo.training.finetuning import finetuning_recipe, open_for_finetuning

SEEDS = (0, 1, 2)
WAYS = ("fine-tuned", "new head only", "from scratch")
FIRST, LAST = tuple(range(5)), tuple(range(5, 10))  # two halves of the classes of CIFAR-10


@dataclass(frozen=True)
class Setting:
    """A transfer that is measured.

    Args:
        dataset: data set of the target.
        classes: those of its classes that are learned; empty for all.
        labels: labels a class; the validation split is made of them.
        source: name of a trained model; empty for one that is trained on the other classes.
    """

    dataset: str
    labels: tuple[int, ...]
    source: str = ""
    classes: tuple[int, ...] = ()


SETTINGS = {
    "digits": Setting("digits", (10, 100), source="pinet_mnist_tiny"),
    "cifar10": Setting("cifar10", (10, 100, 1000), classes=LAST),
}


def main():
    """Train what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("setting", choices=SETTINGS)
    parser.add_argument("--runs", type=Path, default=Path("runs/transfer"), help="folder of the training runs")
    parser.add_argument("--data-dir", help="where TFDS keeps its data sets [TFDS_DATA_DIR]")
    options = parser.parse_args()
    measure(options.setting, options.runs / options.setting, options.data_dir)
    transfer_page.write()


def measure(name: str, runs: Path, data_dir=None) -> None:
    """Train all runs of a setting that are not in its results yet, and add each to them."""
    setting, path = SETTINGS[name], transfer_page.results_path(name)
    whole = load_set(setting.dataset, data_dir=data_dir)
    source = setting.source or str(train_source(whole, runs / "source"))
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else new_results(setting, source)
    done = {(row["way"], row["labels"], row["seed"]) for row in found["rows"]}
    for labels in setting.labels:
        for seed in SEEDS:
            for way in WAYS:
                if (way, labels, seed) not in done:
                    data = few(whole, setting.classes, labels, seed)
                    row = run(way, source, data, seed, runs / f"{way}_{labels}_{seed}".replace(" ", "_"))
                    found["rows"].append({"way": way, "labels": labels, "seed": seed, **row})
                    write_json(path, found)
                    print(way, labels, seed, f"{row['test']:.4f}", sep="  ", flush=True)


def new_results(setting: Setting, source: str) -> dict:
    """Results without a row."""
    card, here = zoo.card(source), environment()
    return {
        "source": card["name"],
        "source_accuracy": card["accuracy"]["test"],
        "parameters": card["parameters"],
        "degree": card["degree"],
        "dataset": setting.dataset,
        "backend": f"{here['backend']} {here['versions'][here['backend']]}",
        "cpu": here["cpu"],
        "rows": [],
    }


def run(way: str, source: str, data: dict, seed: int, folder: Path) -> dict:
    """Train in one of the three ways; a run that was stopped is resumed.

    Args:
        way: one of `WAYS`.
        source: name of the trained model, or folder of its run.
        data: what `zoo.open_data` takes.
        seed: of the training.
        folder: of the run.
    """
    data_set = open_for_finetuning(source, data)
    card = train(recipe_of(way, source, data_set, seed), data=data_set, run_dir=folder)
    return {
        "test": card["accuracy"]["test"],
        "test_examples": card["accuracy"]["test_examples"],
        "epochs": card["training"]["epochs"],
        "best_epoch": card["training"]["best_epoch"],
        "seconds": card["training"]["seconds"],
    }


def recipe_of(way: str, source: str, data_set: DataSet, seed: int) -> Recipe:
    """The recipe of `zoo.finetune`; that of a new head only; or that of the same network and steps from scratch.

    From scratch the learning rate, its warm-up and the weight decay are those by which the source was trained.
    """
    recipe = replace(finetuning_recipe(source, data_set), seed=seed)
    if way == "new head only":
        return replace(recipe, frozen_epochs=recipe.epochs)
    if way == "from scratch":
        own = zoo.card(source)["training"]["recipe"]
        taken = {key: own[key] for key in ("learning_rate", "warmup_epochs", "weight_decay", "optimizer")}
        return replace(recipe, initial="", frozen_epochs=0, frozen_learning_rate=0.0, **taken)
    return recipe


def few(whole: DataSet, classes, labels: int, seed: int) -> dict:
    """As many training images of each class, drawn at random, and all test images of these classes."""
    classes = classes or tuple(range(len(whole.class_names)))
    generator = np.random.default_rng(seed)
    chosen = [generator.permutation(np.flatnonzero(whole.y_train == each))[:labels] for each in classes]
    names = np.array(whole.class_names)
    rows, tested = np.concatenate(chosen), np.isin(whole.y_test, classes)
    return {
        "train": (whole.x_train[rows], names[whole.y_train[rows]]),
        "test": (whole.x_test[tested], names[whole.y_test[tested]]),
    }


def train_source(whole: DataSet, folder: Path) -> Path:
    """Train a small network on the first half of the classes, unless its run is finished; returns the run's folder."""
    with contextlib.suppress(ValueError):
        zoo.card(folder)
        return folder
    changes = ["name=first_half", "description=trained on five classes", "epochs=12", "teacher=", "teacher_weight=0"]
    recipe = with_changes(read_recipe("pinet_cifar10_encrypted"), changes)
    train(recipe, data=few(whole, FIRST, len(whole.y_train), 0), run_dir=folder)
    return folder


if __name__ == "__main__":
    main()
