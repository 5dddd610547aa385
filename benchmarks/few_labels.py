"""A linear head against WNLLHead with few labels: python -m benchmarks.few_labels [--data-dir DIR]

Trains a small network from scratch on few labels, once with its linear head and once with both heads in turn, with
three seeds, and compares both heads on the test split; for all labels it takes a shipped network. Writes the results to
docs/few_labels/, and table and curve to docs/few_labels.md. What an earlier call measured is not measured again.
"""

import argparse
import json
import time
from dataclasses import dataclass

import keras
import numpy as np

import zoo
from benchmarks import few_labels_page as page
from zoo.data.data_set import DataSet
from zoo.data.loading import load_set
from zoo.environment import environment
from zoo.files import write_json
from zoo.recipes import Recipe
from zoo.training.alternating import fit_alternately
from zoo.training.fitting import prepare
from zoo.wnll import WNLLHead
from zoo.wnll.neighbours import nearest

SEEDS = (0, 1, 2)
ALL_LABELS = "pinet_cifar10_encrypted"  # trained on 47,000 of the 50,000 labels, with a teacher that saw as many
TEMPLATES = 10_000  # of the training images, for that network


@dataclass(frozen=True)
class Setting:
    """A number of labels of a data set, and how the network is trained on them.

    Args:
        dataset: name of the data set.
        labels: training images in all, as many of each class.
        recipe: keys of the recipe.
        rounds: of the training with both heads in turn; 0 leaves it out.
        wnll_epochs: likewise, in each round.
        wnll_rate: likewise, the learning rate of these epochs.
    """

    dataset: str
    labels: int
    recipe: dict
    rounds: int = 2
    wnll_epochs: int = 4
    wnll_rate: float = 1e-3


CIFAR10 = {
    "architecture": "pinet_vgg",
    "architecture_arguments": {"widths": [16, 32, 48], "depth": 2, "downsampling": "late"},
    "optimizer": "adamw",
    "learning_rate": 0.005,
    "warmup_epochs": 1.0,
    "weight_decay": 0.05,
    "flip": True,
    "shift": 3,
    "cutout": 8,
}
MNIST = {
    "architecture": "pinet",
    "architecture_arguments": {"stages": 3, "width": 12, "growth": 1.25, "head": "flatten", "degree": 2, "rank": 10},
    "learning_rate": 0.005,
    "warmup_epochs": 1.0,
    "weight_decay": 0.02,
    "shift": 2,
}
SETTINGS = (
    Setting("cifar10", 1_000, CIFAR10 | {"epochs": 30, "batch_size": 50}),
    Setting("mnist", 100, MNIST | {"epochs": 100, "batch_size": 20}),
    Setting("cifar10", 10_000, CIFAR10 | {"epochs": 6, "batch_size": 100}, rounds=0),
)


def main() -> None:
    """Measure what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="where TFDS keeps its data sets [TFDS_DATA_DIR]")
    measure(parser.parse_args().data_dir)
    page.write()


def measure(data_dir=None) -> None:
    """Add each row that is not in the results yet."""
    path = page.RESULTS
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else new_results()
    whole = {name: load_set(name, data_dir=data_dir) for name in ("cifar10", "mnist")}
    for setting in SETTINGS:
        for seed in SEEDS:
            add(path, found, setting.dataset, setting.labels, seed, lambda s=setting, n=seed: run(s, whole, n))
    add(path, found, "cifar10", 50_000, None, lambda: shipped(ALL_LABELS, whole["cifar10"]))


def new_results() -> dict:
    """Results without a row, and the number of rows that there will be of each data set and number of labels."""
    here = environment()
    wanted = [[each.dataset, each.labels, len(SEEDS)] for each in SETTINGS]
    return {
        "backend": f"{here['backend']} {here['versions'][here['backend']]}",
        "cpu": here["cpu"],
        "wanted": [*wanted, ["cifar10", 50_000, 1]],
        "rows": [],
    }


def add(path, found: dict, dataset: str, labels: int, seed: int | None, measured) -> None:
    """Measure a row that is not in the results yet, and write them with it."""
    if any((row["dataset"], row["labels"], row["seed"]) == (dataset, labels, seed) for row in found["rows"]):
        return
    started = time.process_time()
    row = {"dataset": dataset, "labels": labels, "seed": seed, **measured()}
    found["rows"].append(row | {"cpu_seconds": round(time.process_time() - started, 1)})
    write_json(path, found)
    print(row, flush=True)


def run(setting: Setting, whole: dict[str, DataSet], seed: int) -> dict:
    """Train on few labels in both ways, and measure both heads."""
    data_set, recipe = few(whole[setting.dataset], setting.labels, seed), recipe_of(setting, seed)
    model = prepare(recipe, data_set)
    fit_alternately(model, recipe, data_set, rounds=1, wnll_epochs=0)
    found = {"parameters": model.count_params(), **heads(model, data_set)}
    if not setting.rounds:
        return found
    model = prepare(recipe, data_set)
    options = {"rounds": setting.rounds, "wnll_epochs": setting.wnll_epochs, "learning_rate": setting.wnll_rate}
    fit_alternately(model, recipe, data_set, **options)
    return found | {f"in_turn_{key}": value for key, value in heads(model, data_set).items()}


def shipped(name: str, data_set: DataSet) -> dict:
    """Both heads on a trained network, with a part of the training images as templates."""
    model = zoo.load(name)
    return {"parameters": model.count_params(), "network": name, **heads(model, few(data_set, TEMPLATES, seed=0))}


def recipe_of(setting: Setting, seed: int) -> Recipe:
    """The recipe of a run: no validation split, because its images would be labels that are not counted."""
    return Recipe(
        name="few_labels", description="few labels", dataset="few_labels", validation=0, seed=seed, **setting.recipe
    )


def few(whole: DataSet, labels: int, seed: int) -> DataSet:
    """As many training images of each class, drawn at random, and all test images."""
    generator, classes = np.random.default_rng(seed), len(whole.class_names)
    chosen = [
        generator.permutation(np.flatnonzero(whole.y_train == each))[: labels // classes] for each in range(classes)
    ]
    rows = np.concatenate(chosen)
    return DataSet(
        "few_labels", whole.x_train[rows], whole.y_train[rows], whole.x_test, whole.y_test, whole.class_names
    )


def heads(model: keras.Model, data_set: DataSet) -> dict[str, float]:
    """Test accuracy of both heads; the templates of `WNLLHead` are the training images.

    `alike` is the fraction of the neighbours of test images, among all test images, that are of the same class.
    """
    linear = model.get_layer("logits")
    body = keras.Model(model.input, linear.input)
    train, test = (body.predict(x, batch_size=500, verbose=0) for x in (data_set.x_train, data_set.x_test))
    logits = keras.ops.convert_to_numpy(linear(test))
    head = WNLLHead(classes=range(len(data_set.class_names))).fit(train, data_set.y_train)
    _, indices = nearest(test, head.n_neighbors, "exact")
    return {
        "linear": float(np.mean(logits.argmax(axis=1) == data_set.y_test)),
        "wnll": float(head.score(test, data_set.y_test)),
        "alike": float(np.mean(data_set.y_test[indices] == data_set.y_test[:, None])),
    }


if __name__ == "__main__":
    main()
