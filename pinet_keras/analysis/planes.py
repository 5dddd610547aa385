"""Drawing of the decision in a plane."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.polynomial.chebyshev import chebval2d
from numpy.typing import ArrayLike

from pinet_keras.analysis.chebyshev import EPSILON, chebyshev_coefficients, chebyshev_nodes, lebesgue
from pinet_keras.analysis.lines import CHECKS, NOT_ROUNDING, SAFETY, certified_degree, evaluator_of
from pinet_keras.analysis.replay import Evaluator
from pinet_keras.analysis.rounding import measured_rounding

MAX_PLANE_DEGREE = 128
RESOLUTION = 400
HEIGHT = 3**0.5 / 2  # of the triangle, whose sides are 1
THUMBNAIL = 0.22
# A drawing is refused when the leading logit is unknown on more than this part of it.
UNDECIDED = 0.01


class PlanePolynomial:
    """The logits of a model on the points x + s·d1 + t·d2, as polynomials in s and t.

    Args:
        model: a model with a certified degree of at most 128, and one output vector.
        x: one input, without the batch axis.
        d1: first direction, of the same shape.
        d2: second direction.
        triangle: False for the square −1 ≤ s, t ≤ 1; True for the triangle with corners x, x + d1 and x + d2, every
            point of which is a mean of the three: pixels stay pixels in it.

    Attributes:
        coefficients: `[degree + 1, degree + 1, outputs]`, of products of Chebyshev polynomials.
        error: no logit is farther than this, by measured rounding, from the model's.
    """

    def __init__(
        self, model: keras.Model | Evaluator, x: ArrayLike, d1: ArrayLike, d2: ArrayLike, triangle: bool = False
    ):
        degree, evaluator = certified_degree(model), evaluator_of(model)
        if degree > MAX_PLANE_DEGREE:
            raise ValueError(f"A plane takes degrees up to {MAX_PLANE_DEGREE}. Received: a model of degree {degree}")
        self.triangle = triangle
        self._start = evaluator.points(x, "x")
        self._steps = evaluator.points(d1, "d1"), evaluator.points(d2, "d2")
        nodes = chebyshev_nodes(degree + 1)
        values = self._values(evaluator, *(grid.ravel() for grid in np.meshgrid(nodes, nodes, indexing="ij")))
        values = values.reshape(degree + 1, degree + 1, -1)
        first = chebyshev_coefficients(values.reshape(degree + 1, -1), degree).reshape(values.shape)
        second = chebyshev_coefficients(first.swapaxes(0, 1).reshape(degree + 1, -1), degree)
        self.coefficients = second.reshape(first.swapaxes(0, 1).shape).swapaxes(0, 1)
        self.error = self._measured_error(evaluator, degree, float(np.abs(values).max()))

    def _points(self, u: np.ndarray, v: np.ndarray) -> list[np.ndarray]:
        s, t = self._unfold(u, v)
        return [
            a + s.reshape(-1, *[1] * a.ndim) * b + t.reshape(-1, *[1] * a.ndim) * c
            for a, b, c in zip(self._start, *self._steps, strict=True)
        ]

    def _values(self, evaluator: Evaluator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            values = evaluator(self._points(u, v))
        if not np.isfinite(values).all():
            raise ValueError(
                "The model overflows on the plane; choose shorter directions. Received: values beyond float64"
            )
        return values

    def _measured_error(self, evaluator: Evaluator, degree: int, size: float) -> float:
        """How far the polynomials may be from the model: their rounding error, measured as for lines."""
        rng = np.random.default_rng(0)
        u, v = rng.uniform(-1, 1, (2, CHECKS))
        values = self._values(evaluator, u, v)
        missed = float(np.abs(chebval2d(u, v, self.coefficients).T - values).max())
        inside = measured_rounding(evaluator, self._points(u, v), values, rng)
        rounding = lebesgue(degree) ** 2 * max(inside, EPSILON * size)
        if missed > NOT_ROUNDING * rounding:
            raise ValueError(
                f"On this plane the model is not a polynomial of degree {degree}: its values differ by {missed:.1e} "
                f"from one, and rounding explains {rounding:.1e}. Does the plane leave the range of valid inputs "
                "(pixels are clipped to 0..255)? `triangle=True` stays between three images. Received: such directions"
            )
        return SAFETY * max(rounding, missed)

    def __call__(self, s: ArrayLike, t: ArrayLike) -> np.ndarray:
        """The logits `[outputs, ...]` at points of the plane."""
        u, v = self._fold(np.asarray(s, dtype="float64"), np.asarray(t, dtype="float64"))
        return np.asarray(chebval2d(u, v, self.coefficients))

    def _unfold(self, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From the square −1..1, on which the fit is made, to the plane. A collapsed square is a triangle, and keeps
        polynomials polynomials."""
        if not self.triangle:
            return u, v
        t = (v + 1) / 2
        return (u + 1) / 2 * (1 - t), t

    def _fold(self, s: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not self.triangle:
            return s, t
        inside = np.maximum(1 - t, 1e-12)
        return 2 * s / inside - 1, 2 * t - 1


def plane(
    model: keras.Model | Evaluator,
    x: ArrayLike,
    d1: ArrayLike,
    d2: ArrayLike,
    triangle: bool = False,
    labels: Sequence[str] | None = None,
    corners: Sequence[str] | None = None,
    title: str | None = None,
) -> Any:
    """Draw the decision regions of a model in the plane x + s·d1 + t·d2, with the boundary between them.

    Two classes meet where their logits are equal: the zero line of a polynomial in s and t, which (degree + 1)²
    evaluations determine. It is drawn from that polynomial, not from a grid of classified images. The stronger the
    shade, the larger the lead of the winning logit; where inputs are images, a triangle shows those at its corners.

    Args:
        model: a model with a certified degree of at most 128.
        x: one input, without the batch axis.
        d1: first direction, to the right.
        d2: second direction, upwards.
        triangle: False draws −1 ≤ s, t ≤ 1; True draws the triangle x, x + d1, x + d2 with equal sides, as pixels need.
        labels: names of the classes; their numbers if left out.
        corners: three texts for x, x + d1 and x + d2.
        title: a text above the drawing.

    Returns:
        A `matplotlib.figure.Figure`; `figure.savefig("out.png")` writes it. Needs matplotlib.

    Raises:
        ValueError: no certified degree, or a higher one; fewer than two logits; wrong shapes; values that no such
            polynomial takes, or a leading logit that rounding leaves unknown on more than 1 % of the drawing.

    Example:
        >>> from pinet_keras import analysis
        >>> x = keras.Input((2,))
        >>> model = keras.Model(x, keras.layers.multiply([x, x]))  # two logits: the squares of the inputs
        >>> figure = analysis.plane(model, x=[0, 0], d1=[1, 0], d2=[0, 1], labels=["first", "second"])
        >>> figure.savefig("plane.png")
    """
    from matplotlib.figure import Figure

    polynomial = PlanePolynomial(model, x, d1, d2, triangle)
    if polynomial.coefficients.shape[2] < 2:
        raise ValueError(f"A decision needs two logits or more. Received: {polynomial.coefficients.shape[2]}")
    s, t = _grid(triangle)
    logits = np.moveaxis(polynomial(s, t), 0, -1)
    _refuse_undecided(logits, polynomial.error)
    figure = Figure(figsize=(8, 6.6), layout="constrained")
    axes = figure.add_subplot()
    x_place, y_place = _place(s, t, triangle)
    _draw(axes, x_place, y_place, logits, labels)
    names = corners or ["x", "x + d1", "x + d2"]
    if triangle:
        _mark_corners(axes, names, [np.asarray(x), np.asarray(x) + d1, np.asarray(x) + d2])
    else:
        _mark_centre(axes, names[0])
    axes.set_aspect("equal")
    axes.set_title(title or "", weight="bold")
    figure.supxlabel("Shade: lead of the winning logit, from 0 at the boundary (pale) to each region's largest", size=9)
    return figure


def _refuse_undecided(logits: np.ndarray, error: float) -> None:
    second, first = np.moveaxis(np.sort(logits, axis=-1)[..., -2:], -1, 0)
    undecided = float(np.mean(first - second <= 2 * error))
    if undecided > UNDECIDED:
        raise ValueError(
            f"On {undecided:.0%} of the plane the leading logit leads by less than rounding, {2 * error:.1e}: the "
            f"largest logits there are {np.abs(logits).max():.1e}, and float64 keeps 16 digits of those. Choose nearer "
            "corners, or follow lines with `crossings`, which divides them. Received: such directions"
        )


def _grid(triangle: bool) -> tuple[np.ndarray, np.ndarray]:
    """Points of the plane: rows of the square, or rows of the triangle that become shorter towards its tip."""
    side = np.linspace(0 if triangle else -1, 1, RESOLUTION)
    s, t = np.meshgrid(side, side)
    return (s * (1 - t), t) if triangle else (s, t)


def _place(s, t, triangle: bool) -> tuple:
    """Where a point is drawn: the triangle has equal sides."""
    return (s + t / 2, t * HEIGHT) if triangle else (s, t)


def _draw(axes: Any, x: np.ndarray, y: np.ndarray, logits: np.ndarray, labels: Sequence[str] | None) -> None:
    import matplotlib
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colors = matplotlib.colormaps["tab10" if logits.shape[-1] <= 10 else "tab20"]
    legend: list[Any] = []
    for index in np.unique(logits.argmax(axis=-1)):
        color = colors(int(index) % colors.N)
        lead = logits[..., index] - np.delete(logits, index, axis=-1).max(axis=-1)
        depth = lead.max() or 1.0
        axes.contourf(x, y, lead, levels=np.linspace(0, depth, 9), colors=[(*color[:3], a) for a in _SHADES])
        axes.contour(x, y, lead, levels=[0], colors="black", linewidths=1.4)
        legend.append(Patch(color=color, label=str(labels[index]) if labels is not None else f"class {index}"))
    legend.append(Line2D([], [], color="black", label="exact boundary"))
    axes.legend(handles=legend, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _mark_centre(axes: Any, name: str) -> None:
    axes.plot(0, 0, "o", color="black", markersize=5)
    axes.annotate(name, (0, 0), xytext=(6, 6), textcoords="offset points", weight="bold")
    axes.set_xlabel("s, along d1")
    axes.set_ylabel("t, along d2")


def _mark_corners(axes: Any, names: Sequence[str], inputs: list[np.ndarray]) -> None:
    """The name of each corner, and above it the image there."""
    images = inputs[0].ndim == 3 and inputs[0].shape[-1] in (1, 3)
    low, high = min(map(np.min, inputs)), max(map(np.max, inputs))
    room = THUMBNAIL + 0.04 if images else 0.0
    for (s, t), name, pixels in zip(((0, 0), (1, 0), (0, 1)), names, inputs, strict=True):
        x, y = _place(s, t, triangle=True)
        axes.plot(x, y, "o", color="black", markersize=5)
        left = x - THUMBNAIL / 2
        bottom = y + 0.1 if t else y - 0.04 - THUMBNAIL
        if images:
            inset = axes.inset_axes((left, bottom, THUMBNAIL, THUMBNAIL), transform=axes.transData)
            shown = (pixels - low) / ((high - low) or 1.0)
            inset.imshow(shown.squeeze(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            inset.set_xticks([])
            inset.set_yticks([])
        below = y - 0.02 - room
        axes.text(x, y + 0.04 if t else below, name, ha="center", va="bottom" if t else "top", weight="bold")
    axes.set_xlim(-0.2, 1.2)
    axes.set_ylim(-0.13 - room, HEIGHT + 0.12 + room)
    axes.axis("off")


_SHADES = np.linspace(0.35, 0.95, 8)
