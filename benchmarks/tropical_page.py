"""docs/tropical.md: its drawings, and the table of linear regions: python -m benchmarks.tropical_page

Trains some small networks on two moons, in a few minutes on a CPU, and writes docs/tropical/*.png and the page's table.
"""

from pathlib import Path
from typing import Any

import keras
import matplotlib
import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from sklearn.datasets import make_moons

from benchmarks.page import DOCS, write_between
from pinet_keras import PolyDense
from pinet_keras.analysis import expand, tropical
from zoo.publishing.formatting import markdown_table

PAGE, FOLDER = DOCS / "tropical.md", DOCS / "tropical"
LOW, HIGH = -2.5, 3.5  # of the drawn square
EPOCHS = 120
SEEDS = (0, 1, 2)
WIDTHS = ((8,), (12,), (6, 6))
CLASSES = ("#1f5fa8", "#d9660a")
# Five units of small integers, whose lines are in general position.
HIDDEN = [[1, 0, 1, -1, 1], [0, 1, 1, 1, -2]], [0, 0, -2, -3, 1]


def main() -> None:
    """Train, count, draw and write."""
    data = make_moons(400, noise=0.2, random_state=0)
    test = make_moons(10_000, noise=0.2, random_state=1)
    FOLDER.mkdir(exist_ok=True)
    trained: dict[tuple[int, ...], list[tuple[float, tropical.ReLUNetwork]]] = {}
    rows = []
    for widths in WIDTHS:
        before = [count(relu_model(widths, seed)) for seed in SEEDS]
        models = [fit(relu_model(widths, seed), *data) for seed in SEEDS]
        trained[widths] = [(accuracy(model, *test), tropical.ReLUNetwork.from_keras(model)) for model in models]
        after = [count(model) for model in models]
        rows.append(region_row(widths, before, after, [value for value, _ in trained[widths]]))
    header = ["Hidden units", "Regions before training", "After training", "Upper bound", "Test accuracy"]
    write_between(PAGE, "regions", markdown_table(header, rows))
    pinet = fit(pinet_model(), *data)
    reached = accuracy(pinet, *test)
    value, network = min(trained[(8,)], key=lambda each: abs(each[0] - reached))
    write_between(PAGE, "boundary", boundary_text(network, pinet, (value, reached)))
    save(zonotope_figure(), "zonotope")
    save(regions_figure([trained[widths][0][1] for widths in WIDTHS[1:]]), "regions")
    save(boundary_figure(network, pinet, (value, reached), data), "boundary")


def save(figure: Figure, name: str, folder: Path = FOLDER) -> None:
    """Write a drawing of the page."""
    figure.savefig(folder / f"{name}.png", dpi=110)


def relu_model(widths: tuple[int, ...], seed: int) -> keras.Model:
    """A ReLU network of the plane with one logit."""
    keras.utils.set_random_seed(seed)
    hidden = [keras.layers.Dense(width, activation="relu", bias_initializer="random_normal") for width in widths]
    return keras.Sequential([keras.Input((2,)), *hidden, keras.layers.Dense(1)])


def pinet_model() -> keras.Model:
    """A polynomial of degree 3 of the plane."""
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((2,)), PolyDense(1, degree=3, rank=4)])


def fit(model: keras.Model, x: np.ndarray, y: np.ndarray, epochs: int = EPOCHS) -> keras.Model:
    """Train a model with one logit, and return it."""
    batch = 40
    rate = keras.optimizers.schedules.CosineDecay(1e-2, epochs * len(x) // batch)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, steps_per_execution=10, jit_compile=False)
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)
    return model


def accuracy(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """The fraction of points on the right side of the boundary."""
    return float(np.mean((model.predict(x, batch_size=len(x), verbose=0)[:, 0] > 0) == y))


def count(model: keras.Model) -> int:
    """The number of linear regions of a model."""
    return tropical.linear_regions_in_plane(tropical.ReLUNetwork.from_keras(model)).count


def region_row(widths: tuple[int, ...], before: list[int], after: list[int], accuracies: list[float]) -> list[str]:
    """A line of the table."""
    return [
        " + ".join(map(str, widths)),
        ", ".join(map(str, before)),
        ", ".join(map(str, after)),
        f"{tropical.region_bound(2, widths)}",
        ", ".join(f"{value:.1%}" for value in accuracies),
    ]


def boundary_text(network: tropical.ReLUNetwork, pinet: keras.Model, accuracies: tuple[float, float]) -> str:
    """What the drawing of the boundaries shows, in numbers."""
    [quotient] = tropical.tropical_rational_map(network)
    curve, boundary = tropical.decision_boundary(quotient)
    return (
        f"The ReLU network has {network.widths[0]} hidden units; of three seeds it is the one closest in accuracy to "
        f"the Π-net. {accuracies[0]:.1%} of 10,000 test points are on the right side of its boundary. f has "
        f"{len(quotient.f.coefficients)} monomials and g {len(quotient.g.coefficients)}; the hypersurface of f ⊕ g has "
        f"{lines_of(curve)} edges, of which {lines_of(boundary)} are the boundary. The Π-net has {accuracies[1]:.1%}; "
        f"its boundary is the zero set of one polynomial of degree 3 with "
        f"{len(expand(pinet, LOW, HIGH).coefficients)} coefficients."
    )


def lines_of(curve: tropical.TropicalCurve) -> int:
    """The number of edges: two monomials meet in one edge, which the axes may cut into several segments."""
    return len({frozenset(segment[:2]) for segment in curve.segments})


def zonotope_figure() -> Figure:
    """The upper side of a zonotope seen from above, next to the linear regions of its polynomial."""
    network = tropical.ReLUNetwork([HIDDEN, ([[1]] * 5, [0])])
    [quotient] = tropical.tropical_rational_map(network)
    curve = tropical.tropical_hypersurface(quotient.f)
    colours = matplotlib.colormaps["tab20"](np.arange(len(curve.monomials)) % 20)
    figure = Figure(figsize=(9, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    points = np.array(curve.monomials, dtype="float64")
    edges = [points[[i, j], :2] for i, j, _, _ in curve.segments]
    left.add_collection(LineCollection(edges, colors="#9aa3ad", linewidths=1, zorder=1))
    left.scatter(*points[:, :2].T, s=140, c=colours, edgecolors="black", zorder=2)
    for x, y, height in points:
        left.annotate(f"{height:g}", (x, y), ha="center", va="center", size=7, zorder=3)
    left.set_title(f"{len(points)} vertices; the number is the coefficient")
    left.set_xlabel("exponent of x")
    left.set_ylabel("exponent of y")
    draw_regions(right, curve.outlines(-6, 6), colours)
    finish(right, -6, 6)
    right.set_title(f"{len(points)} linear regions, coloured as their vertices")
    return figure


def regions_figure(networks: list[tropical.ReLUNetwork]) -> Figure:
    """The linear regions of networks of the same number of units."""
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    for axes, network in zip(figure.subplots(1, len(networks)), networks, strict=True):
        regions = tropical.linear_regions_in_plane(network)
        order = np.random.default_rng(0).permutation(regions.count)
        draw_regions(axes, regions.outlines(LOW, HIGH), matplotlib.colormaps["tab20"](order % 20))
        finish(axes, LOW, HIGH)
        units = " + ".join(map(str, network.widths))
        axes.set_title(f"{units} hidden units: {regions.count} regions, at most {regions.bound}")
    return figure


def draw_regions(axes: Any, outlines: list[tuple[int, np.ndarray]], colours: np.ndarray) -> None:
    """Fill the polygons of each region with its colour."""
    fills = [colours[region] for region, _ in outlines]
    axes.add_collection(PolyCollection([corners for _, corners in outlines], facecolors=fills, edgecolors=fills))


def boundary_figure(
    network: tropical.ReLUNetwork, pinet: keras.Model, accuracies: tuple[float, float], data: tuple
) -> Figure:
    """The decision boundary of a ReLU network in its hypersurface, and that of a Π-net, over the training data."""
    [quotient] = tropical.tropical_rational_map(network)
    curve, boundary = tropical.decision_boundary(quotient)
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes in (left, right):
        axes.scatter(*data[0].T, s=6, c=np.array(CLASSES)[data[1]], alpha=0.5)
        finish(axes, LOW, HIGH)
    left.add_collection(LineCollection(curve.drawn(LOW, HIGH), colors="#9aa3ad", linewidths=1))
    left.add_collection(LineCollection(boundary.drawn(LOW, HIGH), colors="black", linewidths=2.2))
    left.set_title(f"ReLU network, {accuracies[0]:.1%}: edges of f ⊕ g")
    x, y = np.meshgrid(*[np.linspace(LOW, HIGH, 600)] * 2)
    values = expand(pinet, LOW, HIGH)(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    right.contour(x, y, values, levels=[0], colors="black", linewidths=2.2)
    right.set_title(f"Π-net, {accuracies[1]:.1%}: a curve of degree 3")
    return figure


def finish(axes: Any, low: float, high: float) -> None:
    """The same square for all drawings."""
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")


if __name__ == "__main__":
    main()
