"""The reliability diagram of a classifier, drawn."""

from collections.abc import Mapping

from zoo.evaluation.scores import error_of_bins

WELL, BAR = "black", "#1f5fa8"


def draw_reliability(panels: Mapping[str, Mapping[str, list]], title: str):
    """Draw accuracy by confidence in a panel for each set of bins; a calibrated classifier is on the diagonal.

    A bar is as dark as its bin is full, and its mean confidence is where it stands. Below each is the fraction of
    examples.

    Args:
        panels: the bins that `zoo.evaluation.scores.reliability` gave, by the title of the panel.
        title: of the whole drawing.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4 * len(panels) + 0.4, 4.6), layout="constrained")
    figure.suptitle(title, weight="bold")
    axes = figure.subplots(2, len(panels), sharex=True, sharey="row", squeeze=False, height_ratios=(4, 1))
    for column, (words, bins) in enumerate(panels.items()):
        _panel(axes[0, column], bins)
        axes[0, column].set_title(f"{words}: calibration error {error_of_bins(bins):.1%}", fontsize=9)
        _counts(axes[1, column], bins["examples"])
    axes[0, 0].set_ylabel("accuracy")
    axes[1, 0].set_ylabel("fraction")
    return figure


def _panel(axis, bins):
    width, largest = 1 / len(bins["examples"]), max(bins["examples"])
    axis.plot((0, 1), (0, 1), color=WELL, linewidth=1, linestyle="--", label="calibrated")
    for index, count in enumerate(bins["examples"]):
        if count:
            shade = 0.25 + 0.75 * count / largest
            axis.bar((index + 0.5) * width, bins["accuracy"][index], width, color=BAR, alpha=shade, edgecolor="white")
            axis.plot(bins["confidence"][index], bins["accuracy"][index], "o", color=WELL, markersize=3)
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.spines[["top", "right"]].set_visible(False)


def _counts(axis, examples):
    width, total = 1 / len(examples), sum(examples)
    axis.bar([(index + 0.5) * width for index in range(len(examples))], [n / total for n in examples], width, color=BAR)
    axis.set_xlabel("confidence")
    axis.spines[["top", "right"]].set_visible(False)
