"""The report of a search: a table, a CSV file and drawings."""

import csv
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from tuning.results import best_first, format_score, read_results, read_settings
from zoo.files import naming_file
from zoo.publishing.formatting import human_count

COLUMNS = ("parameters", "macs", "latency_ms", "encrypted_seconds", "val_accuracy", "val_loss", "epochs", "seconds")
NAMES = {"val_accuracy": "validation accuracy", "val_loss": "validation loss", "macs": "MACs"}
FEWEST_TRIALS = 10  # for importances
BLOCK_SETTINGS = ("degree", "rank")
WIDE = 5  # ratio of the largest error to the smallest above which a linear scale would not tell the best apart
HALO = withStroke(linewidth=2.5, foreground="white")
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
    with naming_file(out):
        return [_write_csv(results, out / "trials.csv"), *draw(best, objective, out)]


def draw(results, objective, out) -> list[Path]:
    """Draw accuracy against cost, degree and rank, and with ten trials or more the importances.

    Args:
        results: completed trials.
        objective: `"val_accuracy"` or `"val_loss"`.
        out: folder of the drawings.

    Returns:
        Paths of the drawings.
    """
    paths = []
    for cost in ("parameters", "macs"):
        paths.append(_draw_front(results, objective, cost, out / f"accuracy_{cost}.png"))
    if any(_setting(result, name) is not None for result in results for name in BLOCK_SETTINGS):
        paths.append(_draw_degree_and_rank(results, objective, out / "accuracy_degree_rank.png"))
    if len(results) >= FEWEST_TRIALS:
        paths.append(_draw_importance(results, objective, out / "importance.png"))
    return paths


def pareto_front(results, objective, cost) -> list:
    """The Pareto front: trials with no better one at the same cost or less, cheapest first.

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
    """Numbers for one hyperparameter: logarithms if it spans decades, indices for words, -1 where inactive."""
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
        writer.writerow(["trial", "status", *COLUMNS, *names, "message"])
        for result in results:
            costs = [result.record.get(name, "") for name in COLUMNS]
            values = [result.values.get(name, "") for name in names]
            writer.writerow([result.trial, result.status, *costs, *values, result.record.get("message", "")])
    return path


def _draw_front(results, objective, cost, path):
    figure, axes = _axes()
    x, y = _points(results, cost), _points(results, objective)
    axes.scatter(x, y, s=28, color=GREY, label="trials", zorder=2)
    front = pareto_front(results, objective, cost)
    steps, heights = _points(front, cost), _points(front, objective)
    axes.step([*steps, max(x)], [*heights, heights[-1]], where="post", color=BLUE, linewidth=1.5, zorder=3)
    axes.scatter(steps, heights, s=44, color=BLUE, label="Pareto front: none better for less", zorder=4)
    axes.set_xscale("log")
    axes.margins(x=0.06)
    _round_ticks(axes.xaxis)
    _scale(axes, y, objective)
    # Beyond the front, above and to the left, a label covers no trial; on the far left there is no room.
    middle = np.sqrt(np.prod(axes.get_xlim()))
    above = 5 if objective == "val_accuracy" else -12
    for result in front[-4:]:
        words = f"trial {result.trial}: {format_score(objective, result.record[objective])}"
        place, right = (result.record[cost], result.record[objective]), result.record[cost] > middle
        options = {"fontsize": 8, "color": BLUE, "ha": "right" if right else "left", "path_effects": [HALO]}
        axes.annotate(words, place, (-6 if right else -2, above), textcoords="offset points", zorder=5, **options)
    axes.set_xlabel(NAMES.get(cost, cost))
    _legend_above(axes)
    return _save(figure, path, f"{len(results)} trials: {NAMES[objective]} against {NAMES.get(cost, cost)}")


def _draw_degree_and_rank(results, objective, path):
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    generator = np.random.default_rng(0)
    for axes, name in zip(panels, BLOCK_SETTINGS, strict=True):
        settings = [_setting(result, name) for result in results]
        levels = sorted({setting for setting in settings if setting is not None})
        levels += [None] * (None in settings)  # blocks without this setting have a place of their own
        places = np.array([levels.index(setting) for setting in settings])
        x = places + generator.uniform(-0.15, 0.15, len(results))
        scores = np.array(_points(results, objective))
        axes.scatter(x, scores, s=24, color=GREY, label="trials", zorder=3)
        medians = [np.median(scores[places == place]) for place in range(len(levels))]
        ends = np.arange(len(levels))
        axes.hlines(medians, ends - 0.3, ends + 0.3, color=ORANGE, linewidth=2, label="median", zorder=2)
        axes.set_xticks(ends, [_level(level, np.sum(places == place)) for place, level in enumerate(levels)])
        axes.set_xlim(-0.6, len(levels) - 0.4)
        axes.set_xlabel(f"{name} of a block" + (" (none: residual blocks)" if None in levels else ""))
        axes.spines[["top", "right"]].set_visible(False)
    _scale(panels[0], _points(results, objective), objective)
    _legend_above(panels[0])
    return _save(figure, path, f"{NAMES[objective].capitalize()} against degree and rank of {len(results)} trials")


def _level(level, count):
    return f"{'none' if level is None else level}\n{count} trial{'' if count == 1 else 's'}"


def _setting(result, name):
    """A setting of the blocks, searched or fixed; `None` where the blocks of a network have none."""
    return result.values.get(name, result.record["recipe"].get("architecture_arguments", {}).get(name))


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


def _scale(axes, scores, objective):
    """A scale that holds all trials: even, or by the logarithm of the error where a few trials failed."""
    axes.set_ylabel(NAMES[objective])
    if objective == "val_loss":
        if np.max(scores) > WIDE * np.min(scores) > 0:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
            axes.yaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
        return
    errors = 1 - np.asarray(scores, dtype="float64")
    floor = 0.5 * np.min(errors[errors > 1e-9], initial=1.0)  # stands for no error at all, which has no logarithm
    if errors.max() > WIDE * max(errors.min(), floor):
        axes.set_yscale("function", functions=(lambda y: -np.log(1 - y + floor), lambda z: 1 + floor - np.exp(-z)))
        bottom, top = (-np.log(error + floor) for error in (errors.max(), errors.min()))
        room = 0.05 * (top - bottom)
        axes.set_ylim(*(1 + floor - np.exp(-z) for z in (bottom - room, top + room)))
        axes.set_yticks(_error_ticks(errors, floor))
        axes.set_ylabel(f"{NAMES[objective]} (scale: logarithm of the error)")
    axes.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{100 * value:.4g} %"))


def _error_ticks(errors, floor):
    """Round accuracies between the best and the worst, as many as there is room for."""
    steps = [0.0, *(1 - part / 10**power for power in range(1, 6) for part in (7, 5, 3, 2, 1)), 1.0]
    inside = [step for step in steps if errors.min() - 1e-9 <= 1 - step <= errors.max() + 1e-9]
    ticks: list[float] = []
    distance = np.log((errors.max() + floor) / (errors.min() + floor)) / 14
    for step in inside[::-1]:
        if not ticks or np.log((1 - step + floor) / (1 - ticks[-1] + floor)) > distance:
            ticks.append(step)
    return ticks


def _legend_above(axes):
    """Above the axes, where no trial can lie behind it."""
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=9, borderpad=0.2)


def _round_ticks(axis):
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: human_count(round(value))))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    low, high = axis.get_view_interval()
    if high < 100 * low:  # the decades alone would be no scale
        axis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 3, 5, 7) if high < 10 * low else (1, 2, 5)))


def _save(figure, path, title):
    figure.suptitle(title, fontsize=11)
    figure.savefig(path, dpi=150)
    return path
