"""How fast batches are made: part of `benchmarks.performance`."""

import time

from zoo.data.batches import Batches
from zoo.data.loading import load_set
from zoo.recipes import read_recipe

STEPS = 20


def measure(rounds: int) -> dict:
    """Images/s of the training's batches alone, order, flips and shifts; and the seconds of reading from TFDS.

    Args:
        rounds: how often it is measured.

    Raises:
        FileNotFoundError: TFDS has no CIFAR-10 here, and cannot download it.
    """
    from zoo.training.fitting import split  # imports Keras

    recipe = read_recipe("polynet_cifar10")
    started = time.perf_counter()
    data_set = load_set("cifar10")
    reading = time.perf_counter() - started
    batches = Batches(*split(recipe, data_set)[:2], recipe)
    rates = []
    for turn in range(rounds):
        started = time.perf_counter()
        for step in range(STEPS):
            batches[STEPS * turn + step]
        rates.append(STEPS * recipe.batch_size / (time.perf_counter() - started))
    return {"reading_seconds": reading, "rates": rates}
