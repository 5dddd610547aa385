"""The decision of a classifier between two images, drawn."""

import numpy as np
from scipy.special import softmax

from pinet_keras.analysis.lines import evaluator_of

POINTS = 201
FRAMES = 9  # images below the curves
SHOWN = 0.05  # the least largest probability of a class that has a curve
LABELLED = 12  # crossings; with more the tick labels would overlap


def draw_line(model, card, x, toward, found, names):
    """Draw the probability of each class on the line from one image to another, and where the decision changes.

    Args:
        model: a classifier of the zoo, or an `Evaluator` of it.
        card: its card.
        x: pixels at t = 0, float64 `[height, width, channels]`.
        toward: pixels at t = 1.
        found: the `crossings` between them.
        names: two texts for the images.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    import matplotlib
    from matplotlib.figure import Figure

    t = np.linspace(0, 1, POINTS)
    images = x + t[:, None, None, None] * (toward - x)
    rows = softmax(evaluator_of(model)([images]) / card["calibration"]["temperature"], axis=1)
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    grid = figure.add_gridspec(2, FRAMES, height_ratios=(4, 1))
    axes = figure.add_subplot(grid[0, :])
    colors = matplotlib.colormaps["tab10" if rows.shape[1] <= 10 else "tab20"]
    _shade(axes, rows, found, colors)
    for index in np.flatnonzero(rows.max(axis=0) >= SHOWN):
        axes.plot(t, rows[:, index], color=colors(int(index) % colors.N), linewidth=2, label=card["class_names"][index])
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(f"t, from {names[0]} (0) to {names[1]} (1)")
    axes.set_ylabel("probability, calibrated")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, title="class")
    figure.suptitle(f"{card['name']}, degree {card['degree']}: the decision between two images", weight="bold")
    for column in range(FRAMES):
        _frame(figure.add_subplot(grid[1, column]), x, toward, column / (FRAMES - 1))
    return figure


def _shade(axes, rows, found, colors):
    """Each segment in the colour of its class, with a line at each crossing."""
    ends = [0.0, *(crossing.t for crossing in found), 1.0]
    winners = [crossing.before for crossing in found] + [found[-1].after if found else int(rows[0].argmax())]
    for left, right, winner in zip(ends, ends[1:], winners, strict=False):
        axes.axvspan(left, right, color=colors(int(winner) % colors.N), alpha=0.15, linewidth=0)
    for crossing in found:
        axes.axvline(crossing.t, color="black", linewidth=1.2)
    above = axes.secondary_xaxis("top")
    places = [crossing.t for crossing in found] if len(found) <= LABELLED else []
    close = min(np.diff(places), default=1.0) < 0.08
    above.set_xticks(places, [f"{t:.4f}" for t in places], rotation=60 if close else 0)
    above.set_xlabel(_words(len(found)), size=9)


def _words(changes):
    if not changes:
        return "the decision does not change"
    return "the decision changes " + ("once" if changes == 1 else f"{changes} times")


def _frame(axes, x, toward, t):
    pixels = np.clip(np.round(x + t * (toward - x)), 0, 255).astype("uint8")
    axes.imshow(pixels.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(f"{t:g}", fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
