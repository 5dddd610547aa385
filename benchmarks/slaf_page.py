"""docs/learned_activations.md: its drawings and tables: python -m benchmarks.slaf_page

Draws what slaf_mnist has learned, and replaces the ReLUs of a small network by polynomials of several degrees. In a
minute on a CPU.
"""

from typing import Any

import keras
import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.polynomial import polynomial

import zoo
from benchmarks.page import DOCS, write_between
from pinet_keras.analysis import Replacement, learned_activations, replace_activations
from zoo.data.loading import load_set
from zoo.publishing.formatting import markdown_table

PAGE, FOLDER = DOCS / "learned_activations.md", DOCS / "learned_activations"
DEGREES = (1, 2, 3, 4, 6, 8)
HELD_OUT = 300  # of the 1,437 training images of digits


def main() -> None:
    """Draw, replace, train and write."""
    FOLDER.mkdir(exist_ok=True)
    save(learned_activations(zoo.load("slaf_mnist")), "learned")
    images, labels, held, held_labels = digits()
    model = fit(relu_network(), images, labels)
    found = [replaced(model, degree, images, held, held_labels) for degree in DEGREES]
    header = ["Degree of each", "Degree of the network", "Same decision", "Validation accuracy", "Loss"]
    write_between(PAGE, "replaced", markdown_table(header, [replacement_row(*each) for each in found]))
    save(replaced_figure([each[0] for each in found]), "replaced")


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images of 8×8 digits and their labels, and validation images, the last of them, and theirs."""
    whole = load_set("digits")
    kept = len(whole.x_train) - HELD_OUT
    return whole.x_train[:kept], whole.y_train[:kept], whole.x_train[kept:], whole.y_train[kept:]


def save(figure: Figure, name: str) -> None:
    """Write a drawing of the page."""
    figure.savefig(FOLDER / f"{name}.png", dpi=110)


def relu_network() -> keras.Model:
    """An ordinary convolutional network for 8×8 digits, pixels in."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Rescaling(1 / 128, -0.6)]
    for filters in (8, 16):
        layers += [keras.layers.Conv2D(filters, 3, padding="same", use_bias=False), keras.layers.BatchNormalization()]
        layers += [keras.layers.ReLU(), keras.layers.AveragePooling2D(2)]
    layers += [keras.layers.Flatten(), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


def fit(model: keras.Model, images: np.ndarray, labels: np.ndarray, epochs: int = 15) -> keras.Model:
    """Train a classifier, and return it."""
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(images, labels, batch_size=32, epochs=epochs, verbose=0)
    return model


def replaced(
    model: keras.Model, degree: int, images: np.ndarray, held: np.ndarray, labels: np.ndarray
) -> tuple[Replacement, float, float, float]:
    """Polynomials fitted on training images; on others: accuracy before and after, and fraction of equal decisions."""
    replacement = replace_activations(model, degree, images)
    before, after = (each.predict(held, verbose=0).argmax(1) for each in (model, replacement.model))
    return replacement, (before == labels).mean(), (after == labels).mean(), (before == after).mean()


def replacement_row(replacement: Replacement, before: float, after: float, same: float) -> list[str]:
    """A line of the table."""
    degree = len(replacement.activations[0].coefficients) - 1
    whole, loss = f"{replacement.certificate.degree}", 100 * (before - after)
    return [f"{degree}", whole, f"{same:.1%}", f"{before:.1%} → {after:.1%}", f"{loss:.1f} points"]


def replaced_figure(replacements: list[Replacement]) -> Figure:
    """The polynomials of each activation, for all degrees, next to ReLU, on the values that entered it."""
    count = len(replacements[0].activations)
    figure = Figure(figsize=(3.4 * count, 3.2), layout="constrained")
    colours = matplotlib.colormaps["viridis"](np.linspace(0, 0.9, len(replacements)))
    for index, axes in enumerate(figure.subplots(1, count, squeeze=False)[0]):
        rows = [replacement.activations[index] for replacement in replacements]
        for row, colour in zip(rows, colours, strict=True):
            _draw(axes, row, colour)
        ends = min(row.low for row in rows), max(row.high for row in rows)
        x = np.linspace(*ends, 300)
        axes.plot(x, np.maximum(x, 0), "--", color="black", linewidth=1, label="ReLU")
        axes.set_title(rows[0].name, size="small")
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(frameon=False, fontsize="small")
    return figure


def _draw(axes: Any, row: Any, colour: Any) -> None:
    x = np.linspace(row.low, row.high, 300)
    label = f"degree {len(row.coefficients) - 1}"
    axes.plot(x, polynomial.polyval(x, row.coefficients), color=colour, linewidth=1.2, label=label)


if __name__ == "__main__":
    main()
