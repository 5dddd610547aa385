"""A generator next to its baselines: python -m benchmarks.generators [NAME] [-o docs/generators.png]

Draws images of the same classes from the test split, a generator and the baselines on its card, side by side, and
prints the metrics on the card.
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import zoo
from zoo.data.loading import load_set
from zoo.generation.sampling import sample
from zoo.generation.sheets import grid
from zoo.publishing.formatting import human_count, human_tier

COLUMNS, ROWS = 10, 8  # a class a column


def main():
    """Draw the sheet and print the metrics."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="pinet_mnist_generator")
    parser.add_argument("-o", "--out", default="generators.png")
    parser.add_argument("--data", help="uint8 .npz instead of TFDS")
    options = parser.parse_args()
    card = zoo.card(options.name)
    data_set = load_set(card["dataset"]["name"], options.data)
    baselines = [name for name in card["baselines"] if name in zoo.list_models()]
    panels = [("test split", "real images", real(data_set))]
    for name in (options.name, *baselines):
        own, metrics = zoo.card(name), {**card["baselines"], options.name: card["quality"]}[name]
        print(f"{name:28} " + "  ".join(f"{key} {value:.4g}" for key, value in metrics.items() if key in SHOWN))
        about = f"{human_tier(own)}, {human_count(own['parameters'])} parameters\n" + ", ".join(
            f"{words} {metrics[key]:.3g}" for key, words in SHOWN.items()
        )
        panels.append((name, about, sample(zoo.load(name), ROWS * COLUMNS)[0]))
    draw(panels, options.out)


SHOWN = {"class_accuracy": "class accuracy", "frechet_distance": "Fréchet", "recall": "recall"}


def real(data_set):
    """The first test images of each class, a class a column."""
    chosen = [np.flatnonzero(data_set.y_test == label)[:ROWS] for label in range(COLUMNS)]
    return data_set.x_test[np.stack(chosen, axis=1).ravel()]


def draw(panels, out):
    """Panels side by side: a title, a line below it, and a sheet of images."""
    figure = Figure(figsize=(4.6 * len(panels), 4.7), facecolor="white", layout="constrained")
    for axis, (title, about, images) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        axis.imshow(grid(images, COLUMNS), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axis.set_title(title, weight="bold", size=12, pad=32)
        axis.text(0.5, 1.01, about, transform=axis.transAxes, ha="center", va="bottom", size=9)
        axis.axis("off")
    figure.savefig(out, dpi=100)


if __name__ == "__main__":
    main()
