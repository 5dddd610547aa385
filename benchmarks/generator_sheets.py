"""Sheets of docs/generators.md: python -m benchmarks.generator_sheets [NAME] [-o docs/generators]

For one generator, a class a row: interpolations between two latents, and morphs from a class to the next one. Writes
interpolations.png and morphs.png.
"""

import argparse
from pathlib import Path

import numpy as np

import zoo
from benchmarks.page import DOCS
from zoo.generation.latents import draw_latents, interpolate
from zoo.generation.morphs import morph
from zoo.generation.sampling import generate
from zoo.generation.sheets import grid

COLUMNS, ENLARGE = 10, 2


def main():
    """Draw the sheets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="pinet_cifar10_generator")
    parser.add_argument("-o", "--out", type=Path, default=DOCS / "generators")
    options = parser.parse_args()
    model = zoo.load(options.name)
    for name, images in (("interpolations", interpolations(model)), ("morphs", morphs(model))):
        path = options.out / f"{name}.png"
        grid(images, COLUMNS, ENLARGE).save(path)
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
