"""Summary of all trials of docs/experiments.md: how far each is from the baseline of its question."""

from matplotlib.figure import Figure

NOISE = 1.5  # points; with one seed and 5,000 validation images, two trials that differ by less are not told apart
GAIN, LOSS, UNCLEAR = "#1f5fa8", "#d9660a", "#9aa3ad"


def draw_summary(groups, found) -> Figure:
    """Draw a bar for each trial, in points of validation accuracy, under the question that it answers.

    Args:
        groups: the measured groups of benchmarks/experiments.toml.
        found: the results, by the name of the trial.
    """
    figure = Figure(layout="constrained")
    axis = figure.subplots()
    place, ticks = 0, {}
    for group in groups:
        baseline = found[group["baseline"]]["validation"]
        words = f"{group['question']}  Baseline {group['baseline']}, {100 * baseline:.2f} %"
        axis.text(0.005, place, words, size=9, weight="bold", va="center", transform=axis.get_yaxis_transform())
        for name in group["trials"]:
            if name in found and name != group["baseline"]:
                place += 1
                ticks[place] = name if found[name]["tier"] else f"{name} (not a polynomial)"
                _bar(axis, place, 100 * (found[name]["validation"] - baseline))
        place += 2
    axis.axvspan(-NOISE, NOISE, color=UNCLEAR, alpha=0.25, linewidth=0, zorder=0)
    axis.axvline(0, color="black", linewidth=0.8)
    axis.set_yticks(list(ticks), list(ticks.values()), size=8)
    axis.set_ylim(place - 1, -1)
    axis.margins(x=0.1)
    axis.set_xlabel(
        f"points of validation accuracy; within the grey band, {NOISE:g}, trials are not told apart", size=9
    )
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    figure.suptitle("What helps a polynomial network on CIFAR-10: each trial against its baseline", size=11)
    figure.set_size_inches(8, 0.2 * place + 1)
    return figure


def _bar(axis, place, points) -> None:
    axis.barh(place, points, color=GAIN if points > NOISE else LOSS if points < -NOISE else UNCLEAR, height=0.75)
    side = 1 if points >= 0 else -1
    words = f"{points:+.1f}".replace("-", "−")
    style = {"size": 8, "va": "center", "ha": "left" if side > 0 else "right"}
    axis.annotate(words, (points, place), (4 * side, 0), textcoords="offset points", **style)
