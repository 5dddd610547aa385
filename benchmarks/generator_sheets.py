"""Sheets of docs/generators.md: python -m benchmarks.generator_sheets [NAME] [-o docs/generators]

For one generator, a class a row: the training images nearest to an image, interpolations between two latents, morphs
from a class to the next one. Writes nearest.png, interpolations.png and morphs.png.
"""

import argparse
from pathlib import Path

import numpy as np

import zoo
from benchmarks.page import DOCS
from zoo.generation.evaluation import nearest_training_images
from zoo.generation.latents import draw_latents, interpolate
from zoo.generation.morphs import morph
from zoo.generation.sampling import generate
from zoo.generation.sheets import grid

COLUMNS, ENLARGE = 10, 2
SHEETS = ("nearest", "interpolations", "morphs")


def main():
    """Draw the sheets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="pinet_cifar10_generator")
    parser.add_argument("-o", "--out", type=Path, default=DOCS / "generators")
    parser.add_argument("--only", nargs="*", choices=SHEETS, default=SHEETS)
    parser.add_argument("--data", help="uint8 .npz instead of TFDS")
    options = parser.parse_args()
    for sheet in options.only:
        if sheet == "nearest":
            images, columns = nearest_training_images(options.name, data=options.data), 8
        else:
            model, columns = zoo.load(options.name), COLUMNS
            images = interpolations(model) if sheet == "interpolations" else morphs(model)
        path = options.out / f"{sheet}.png"
        grid(images, columns, ENLARGE).save(path)
        print(path)


def interpolations(model, steps=COLUMNS) -> np.ndarray:
    """Images on the line between two latents, for each class in turn, uint8 `[classes · steps, ...]`."""
    ends = draw_latents(2 * model.num_classes, model.latent_size, seed=0)
    latents = [interpolate(start, end, steps) for start, end in zip(ends[::2], ends[1::2], strict=True)]
    return generate(model, np.concatenate(latents), np.repeat(np.arange(model.num_classes), steps))


def morphs(model, steps=COLUMNS) -> np.ndarray:
    """Images from each class to the next one, of one latent each, uint8 `[classes · steps, ...]`."""
    classes = model.num_classes
    latents = draw_latents(classes, model.latent_size, seed=0)
    ways = [morph(model, latents[[label]], label, (label + 1) % classes, steps) for label in range(classes)]
    return np.concatenate(ways)


if __name__ == "__main__":
    main()
