"""What a search found: a table, a CSV file and drawings."""

import csv
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from tuning.results import best_first, read_results, read_settings, shown
from zoo.tables import human_count

FIGURES = ("parameters", "macs", "latency_ms", "val_accuracy", "val_loss", "epochs", "seconds")
NAMES = {"val_accuracy": "validation accuracy", "val_loss": "validation loss", "macs": "multiply-adds"}
FEWEST_TRIALS = 10  # for importances
BLUE, ORANGE, GREY = "#1f5fa8", "#d9660a", "#9aa3ad"


def write_report(folder, out=None) -> list[Path]:
    """Write `trials.csv` and the drawings of a search.

    Args:
        folder: of the search.
        out: where they go; default the folder itself.

    Returns:
        Paths of the files.

    Raises:
        ValueError: the folder holds no search, or no trial has completed.
    """
    out = Path(out or folder)
    objective = read_settings(folder)["objective"]
    results = read_results(folder)
    best = best_first(results, objective)
    if not best:
        raise ValueError(f"No trial of that search has completed. Received: {str(folder)!r}")
    out.mkdir(parents=True, exist_ok=True)
    paths = [_write_csv(results, out / "trials.csv")]
    for cost in ("parameters", "macs"):
        paths.append(_draw_front(best, objective, cost, out / f"accuracy_{cost}.png"))
    paths.append(_draw_degree_and_rank(best, objective, out / "accuracy_degree_rank.png"))
    if len(best) >= FEWEST_TRIALS:
        paths.append(_draw_importance(best, objective, out / "importance.png"))
    return paths


def pareto_front(results, objective, cost) -> list:
    """The trials that no other one beats in score without costing more, the cheapest first.

    Args:
        results: completed trials.
        objective: `"val_accuracy"` or `"val_loss"`.
        cost: `"parameters"` or `"macs"`.
    """
    front: list = []
    for result in sorted(best_first(results, objective), key=lambda result: result.record[cost]):
        if not front or _better(result, front[-1], objective):
            front.append(result)
    return front


def importances(results, objective) -> tuple[dict[str, tuple[float, float]], float]:
    """How much a random forest's prediction of trials' ranks worsens when one hyperparameter's values are shuffled.

    Args:
        results: completed trials.
        objective: `"val_accuracy"` or `"val_loss"`.

    Returns:
        Mean and standard deviation of each varied hyperparameter, the most important first; and the forest's R² on
        trials that each tree has not seen, which says how much to believe them.
    """
    names = [name for name in _hyperparameters(results) if len({str(r.values.get(name)) for r in results}) > 1]
    columns = np.array([_column(results, name) for name in names]).T
    # Ranks: a few failures would otherwise be all that there is to explain.
    scores = rankdata(_points(results, objective))
    forest = RandomForestRegressor(200, min_samples_leaf=2, oob_score=True, random_state=0).fit(columns, scores)
    shuffled = permutation_importance(forest, columns, scores, n_repeats=10, random_state=0)
    order = np.argsort(-shuffled.importances_mean)
    found = {names[i]: (float(shuffled.importances_mean[i]), float(shuffled.importances_std[i])) for i in order}
    return found, float(forest.oob_score_)


def _better(one, other, objective):
    return best_first([one, other], objective)[0] is one and one.record[objective] != other.record[objective]


def _hyperparameters(results):
    names = dict.fromkeys(name for result in results for name in result.values)
    return [name for name in names if not name.startswith("tuner/")]


def _column(results, name):
    """Numbers for one hyperparameter: its logarithm where it spans decades, a place for a word, -1 where inactive."""
    values = [result.values.get(name) for result in results]
    present = [value for value in values if value is not None]
    if isinstance(present[0], str):
        words = sorted(set(present))
        return [-1.0 if value is None else float(words.index(value)) for value in values]
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    if np.nanmin(numbers) > 0 and np.nanmax(numbers) / np.nanmin(numbers) > 10:
        numbers = np.log10(numbers)
    return np.nan_to_num(numbers, nan=np.nanmin(numbers) - 1)


def _write_csv(results, path):
    names = _hyperparameters(results)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["trial", "status", *FIGURES, *names, "message"])
        for result in results:
            figures = [result.record.get(name, "") for name in FIGURES]
            values = [result.values.get(name, "") for name in names]
            writer.writerow([result.trial, result.status, *figures, *values, result.record.get("message", "")])
    return path


def _draw_front(results, objective, cost, path):
    figure, axes = _axes()
    x, y = _points(results, cost), _points(results, objective)
    axes.scatter(x, y, s=28, color=GREY, label="trials", zorder=2)
    front = pareto_front(results, objective, cost)
    steps, heights = _points(front, cost), _points(front, objective)
    axes.step([*steps, max(x)], [*heights, heights[-1]], where="post", color=BLUE, linewidth=1.5, zorder=3)
    axes.scatter(steps, heights, s=44, color=BLUE, label="Pareto front: none better for less", zorder=4)
    for result in front[-4:]:
        words = (
            f"trial {result.trial}: {human_count(result.record[cost])}, {shown(objective, result.record[objective])}"
        )
        place = (result.record[cost], result.record[objective])
        axes.annotate(words, place, (6, -12), textcoords="offset points", fontsize=8, color=BLUE)
    axes.set_xscale("log")
    _round_ticks(axes.xaxis)
    _focus(axes, y, objective)
    axes.set_xlabel(NAMES.get(cost, cost))
    axes.set_ylabel(NAMES[objective])
    axes.legend(frameon=False, loc="lower right" if objective == "val_accuracy" else "upper right")
    return _save(figure, path, f"{len(results)} trials: {NAMES[objective]} against {NAMES.get(cost, cost)}")


def _draw_degree_and_rank(results, objective, path):
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    generator = np.random.default_rng(0)
    for axes, name in zip(panels, ("degree", "rank"), strict=True):
        having = [result for result in results if name in result.values]
        axes.set_xlabel(f"{name} of a block")
        if not having:
            axes.text(0.5, 0.5, f"{name} was not searched", ha="center", transform=axes.transAxes, color=GREY)
            continue
        levels = sorted({result.values[name] for result in having})
        width = 0.12 * min(np.diff(levels), default=1)
        x = np.array([result.values[name] for result in having]) + generator.uniform(-width, width, len(having))
        axes.scatter(x, _points(having, objective), s=24, color=GREY, label="trials")
        medians = [np.median([r.record[objective] for r in having if r.values[name] == level]) for level in levels]
        axes.plot(levels, medians, "o-", color=ORANGE, label="median")
        axes.set_xticks(levels)
        axes.legend(frameon=False, loc="lower right")
    _focus(panels[0], _points(results, objective), objective)
    panels[0].set_ylabel(NAMES[objective])
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
    return _save(figure, path, f"{NAMES[objective].capitalize()} against degree and rank")


def _draw_importance(results, objective, path):
    found, r2 = importances(results, objective)
    figure, axes = _axes(height=0.9 + 0.34 * len(found))
    names = list(found)[::-1]
    means, deviations = zip(*(found[name] for name in names), strict=True)
    axes.barh(names, means, xerr=deviations, color=BLUE, error_kw={"ecolor": GREY})
    axes.set_xlabel(f"loss of R² when the values are shuffled (R² on unseen trials {r2:.2f})")
    return _save(figure, path, "Importance of the hyperparameters" + (": too few trials to tell" if r2 < 0.1 else ""))


def _axes(height=4.4):
    figure = Figure(figsize=(7.2, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _points(results, name):
    return [result.record[name] for result in results]


def _focus(axes, scores, objective):
    """Show the better half and some of the rest: a few failures would press all others into one line."""
    low, middle, high = np.min(scores), np.median(scores), np.max(scores)
    if objective == "val_accuracy":
        bottom = max(low, middle - 3 * (high - middle) - 0.002)
        room = 0.08 * max(high - bottom, 1e-3)
        axes.set_ylim(bottom - room, high + room)
        axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1.0))
        hidden = sum(score < bottom - room for score in scores)
    else:
        top = min(high, middle + 3 * (middle - low) + 0.01)
        room = 0.08 * max(top - low, 1e-3)
        axes.set_ylim(low - room, top + room)
        hidden = sum(score > top + room for score in scores)
    if hidden:
        where = (0.01, 0.02) if objective == "val_accuracy" else (0.01, 0.97)
        words = f"{hidden} worse trial{'s' if hidden > 1 else ''} not in the picture"
        axes.text(*where, words, transform=axes.transAxes, fontsize=8, color=GREY)


def _round_ticks(axis):
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: human_count(round(value))))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    low, high = axis.get_view_interval()
    if high < 100 * low:  # the decades alone would be no scale
        axis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))


def _save(figure, path, title):
    figure.suptitle(title, fontsize=11)
    figure.savefig(path, dpi=150)
    return path
