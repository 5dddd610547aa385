"""Training from a folder of image files against training from memory: `python -m benchmarks.streaming`.

Writes images of CIFAR-10 to class folders as PNG files, opens them with `zoo.open_data`, and times steps of a recipe on
the memory-mapped examples and on the same arrays in memory, in turn.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from zoo.training.onednn import train_with_onednn


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="pinet_cifar10_products_activated")
    parser.add_argument("--steps", type=int, default=5, help="steps of each measurement")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each kind")
    options = parser.parse_args()
    train_with_onednn()
    import numpy as np

    from zoo.data.batches import Batches
    from zoo.data.loading import load_set
    from zoo.recipes import read_recipe
    from zoo.training.fitting import prepare, split
    from zoo.training.recipe_data import reading_rate, recipe_data

    with tempfile.TemporaryDirectory() as folder:
        recipe, whole = read_recipe(options.recipe), load_set("cifar10")
        count = 2 * options.steps * recipe.batch_size  # more than the 70 % that are trained on
        write(whole, count, Path(folder))
        started = time.perf_counter()
        recipe, mapped = recipe_data(recipe, folder)
        print(f"decoded {count:,} files in {time.perf_counter() - started:.1f} s")
        print(f"one thread reads and augments {reading_rate(recipe, mapped):,.0f} images/s")
        in_memory = replace(mapped, x_train=np.array(mapped.x_train))
        model = prepare(recipe, mapped)
        times = {"memory": [], "folder": []}
        for turn in range(options.rounds + 1):
            for kind, data_set in (("memory", in_memory), ("folder", mapped)):
                images, targets = split(recipe, data_set)[:2]
                batches = Batches(images, targets, recipe)
                batches.start_epoch(turn)
                started = time.perf_counter()
                model.fit(batches, steps_per_epoch=options.steps, epochs=1, shuffle=False, verbose=0)
                if turn:  # the first one traces the network
                    times[kind].append(options.steps * recipe.batch_size / (time.perf_counter() - started))
        for kind, rates in times.items():
            print(f"{kind}: {statistics.median(rates):,.0f} images/s ({min(rates):,.0f} to {max(rates):,.0f})")
        print(f"folder / memory: {statistics.median(times['folder']) / statistics.median(times['memory']):.1%}")


def write(data_set, count, folder):
    """Class folders with the first images of a data set."""
    from PIL import Image

    for name in data_set.class_names:
        (folder / name).mkdir()
    for index, (image, label) in enumerate(zip(data_set.x_train[:count], data_set.y_train[:count], strict=True)):
        Image.fromarray(image).save(folder / data_set.class_names[label] / f"{index}.png", compress_level=1)


if __name__ == "__main__":
    main()
