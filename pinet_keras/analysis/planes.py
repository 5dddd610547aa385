"""A picture of the decision in a plane."""

from typing import Any

import numpy as np
from numpy.polynomial.chebyshev import chebval2d

from pinet_keras.analysis.lines import certified_degree, chebyshev_coefficients, chebyshev_nodes, evaluator_of

MAX_PLANE_DEGREE = 128
RESOLUTION = 400


class PlanePolynomial:
    """The logits of a model on the points x + s·d1 + t·d2, as polynomials in s and t.

    Args:
        model: a model with a certified degree of at most 128, and one output vector.
        x: one input, without the batch axis.
        d1: first direction, of the same shape.
        d2: second direction.
        triangle: False for the square −1 ≤ s, t ≤ 1; True for the triangle with corners x, x + d1 and x + d2, every
            point of which is a mean of the three: pixels stay pixels in it.
    """

    def __init__(self, model, x, d1, d2, triangle: bool = False):
        degree, evaluator = certified_degree(model), evaluator_of(model)
        if degree > MAX_PLANE_DEGREE:
            raise ValueError(f"A plane takes degrees up to {MAX_PLANE_DEGREE}. Received: a model of degree {degree}")
        self.triangle = triangle
        start = evaluator.points(x, "x")
        steps = evaluator.points(d1, "d1"), evaluator.points(d2, "d2")
        nodes = chebyshev_nodes(degree + 1)
        s, t = self._unfold(*(grid.ravel() for grid in np.meshgrid(nodes, nodes, indexing="ij")))
        points = [
            a + s.reshape(-1, *[1] * a.ndim) * b + t.reshape(-1, *[1] * a.ndim) * c
            for a, b, c in zip(start, *steps, strict=True)
        ]
        values = evaluator(points).reshape(degree + 1, degree + 1, -1)
        first = chebyshev_coefficients(values.reshape(degree + 1, -1), degree).reshape(values.shape)
        second = chebyshev_coefficients(first.swapaxes(0, 1).reshape(degree + 1, -1), degree)
        self.coefficients = second.reshape(first.swapaxes(0, 1).shape).swapaxes(0, 1)

    def __call__(self, s, t) -> np.ndarray:
        """The logits `[outputs, ...]` at points of the plane."""
        u, v = self._fold(np.asarray(s, dtype="float64"), np.asarray(t, dtype="float64"))
        return np.asarray(chebval2d(u, v, self.coefficients))

    def _unfold(self, u, v):
        """From the square −1..1, on which the fit is made, to the plane. A collapsed square is a triangle, and keeps
        polynomials polynomials."""
        if not self.triangle:
            return u, v
        t = (v + 1) / 2
        return (u + 1) / 2 * (1 - t), t

    def _fold(self, s, t):
        if not self.triangle:
            return s, t
        inside = np.maximum(1 - t, 1e-12)
        return 2 * s / inside - 1, 2 * t - 1


def plane(model, x, d1, d2, triangle: bool = False, labels=None, corners=None) -> Any:
    """Draw the decision regions of a model in the plane x + s·d1 + t·d2, with the boundary between them.

    Two classes meet where their logits are equal: the zero line of a polynomial in s and t, which (degree + 1)²
    evaluations determine. It is drawn from that polynomial, not from a grid of classified images.

    Args:
        model: a model with a certified degree of at most 128.
        x: one input, without the batch axis.
        d1: first direction, to the right.
        d2: second direction, upwards.
        triangle: False draws −1 ≤ s, t ≤ 1; True draws the triangle x, x + d1, x + d2, as pixels need.
        labels: names of the classes; their numbers if left out.
        corners: three texts for x, x + d1 and x + d2.

    Returns:
        A `matplotlib.figure.Figure`; `figure.savefig("out.png")` writes it. Needs matplotlib.

    Raises:
        ValueError: no certified degree, or a higher one; fewer than two logits; wrong shapes.
    """
    from matplotlib.figure import Figure

    polynomial = PlanePolynomial(model, x, d1, d2, triangle)
    if polynomial.coefficients.shape[2] < 2:
        raise ValueError(f"A decision needs two logits or more. Received: {polynomial.coefficients.shape[2]}")
    side = np.linspace(0 if triangle else -1, 1, RESOLUTION)
    s, t = np.meshgrid(side, side)
    logits = np.moveaxis(polynomial(s, t), 0, -1)
    inside = s + t <= 1 + 1e-12 if triangle else np.ones_like(s, dtype=bool)
    figure = Figure(figsize=(7, 6), layout="constrained")
    _draw(figure.add_subplot(), s, t, logits, inside, labels)
    _mark(figure.axes[0], triangle, corners)
    return figure


def _draw(axes, s, t, logits, inside, labels) -> None:
    import matplotlib
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    classes = logits.argmax(axis=-1)
    shown = np.unique(classes[inside])
    colors = matplotlib.colormaps["tab10" if logits.shape[-1] <= 10 else "tab20"]
    legend: list[Any] = []
    for index in shown:
        color = colors(int(index) % colors.N)
        lead = logits[..., index] - np.delete(logits, index, axis=-1).max(axis=-1)
        lead = np.where(inside, lead, np.nan)
        # Close to the boundary pale, far from it full: how clear the decision is.
        depth = np.nanmax(np.abs(lead)) or 1.0
        axes.contourf(s, t, lead, levels=np.linspace(0, depth, 9), colors=[(*color[:3], a) for a in _SHADES])
        axes.contour(s, t, lead, levels=[0], colors="black", linewidths=1.4)
        legend.append(Patch(color=color, label=str(labels[index]) if labels is not None else f"class {index}"))
    legend.append(Line2D([], [], color="black", label="exact boundary"))
    axes.legend(handles=legend, loc="upper right", framealpha=0.9)


_SHADES = np.linspace(0.35, 0.95, 8)


def _mark(axes, triangle: bool, corners) -> None:
    places = [(0, 0), (1, 0), (0, 1)]
    axes.plot(*zip(*(places if triangle else places[:1]), strict=True), "o", color="black", markersize=5, clip_on=False)
    names = corners or ["x", "x + d1", "x + d2"]
    for (s, t), name in list(zip(places, names, strict=True))[: 3 if triangle else 1]:
        axes.annotate(name, (s, t), xytext=(6, 6), textcoords="offset points", weight="bold")
    axes.set_xlabel("s, along d1")
    axes.set_ylabel("t, along d2")
    axes.set_aspect("equal")
    axes.spines[["top", "right"]].set_visible(not triangle)
