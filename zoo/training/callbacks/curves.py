"""Curves of a training, drawn as text."""

import itertools
import math

BLOCKS = "▁▂▃▄▅▆▇█"
CURVES = {  # metric of the logs: its name, its format, and which value is the best
    "loss": ("loss", "{:.3f}", min),
    "val_accuracy": ("validation", "{:.2%}", max),
    "frechet_distance": ("Fréchet distance", "{:.3g}", min),
}
WIDTH = 40


def sparkline(values: list[float | None], width: int = WIDTH) -> str:
    """A curve as a line of block characters, from the lowest value ▁ to the highest █.

    Args:
        values: one per epoch; `None` and NaN are drawn as a space.
        width: most characters; of more values each character is the mean of several.
    """
    columns = [_mean(values[start:end]) for start, end in _pieces(len(values), min(width, len(values)))]
    known = [value for value in columns if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(" " if value is None else BLOCKS[round((value - low) * scale)] for value in columns)


def curve_lines(history: list[dict]) -> list[str]:
    """One line for each metric of CURVES in the history: its curve, its last value, and the best with its epoch.

    Args:
        history: the logs of each epoch, with `epoch` counted from 1.
    """
    lines = []
    for metric, (name, form, best_of) in CURVES.items():
        found = [(float(row[metric]), row["epoch"]) for row in history if _is_number(row.get(metric))]
        if len(found) > 1:
            best, epoch = best_of(found, key=lambda pair: pair[0])
            curve = sparkline([row.get(metric) for row in history])
            lines.append(f"{name:<10} {curve}  {form.format(found[-1][0])}, best {form.format(best)} in epoch {epoch}")
    return lines


def _is_number(value):
    return value is not None and math.isfinite(value)


def _mean(values):
    known = [float(value) for value in values if _is_number(value)]
    return sum(known) / len(known) if known else None


def _pieces(count, pieces):
    edges = [count * index // pieces for index in range(pieces + 1)] if pieces else [0]
    return itertools.pairwise(edges)
