"""docs/few_labels.md: table and curve of what `python -m benchmarks.few_labels` measured."""

import json
import statistics

from matplotlib.figure import Figure

from benchmarks.page import DOCS, write_between
from zoo.publishing.formatting import markdown_table

PAGE, FOLDER = DOCS / "few_labels.md", DOCS / "few_labels"
RESULTS = FOLDER / "results.json"
# Of each key of a row: the head of its column, and its line in the curve.
COLUMNS = {
    "linear": ("linear head", "#9aa3ad"),
    "wnll": ("WNLL head, same body", "#1f5fa8"),
    "in_turn_linear": ("linear head, trained in turn", "#e3b587"),
    "in_turn_wnll": ("WNLL head, trained in turn", "#d9660a"),
}


def write() -> None:
    """Write table and curve."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    curve(found["rows"]).savefig(FOLDER / "curve.png", dpi=110)
    write_between(PAGE, "results", section(found))


def section(found: dict) -> str:
    """The table, the curve, and what it was measured with."""
    rows = found["rows"]
    header = ["Data", "Labels", "Runs", *(title for title, _ in COLUMNS.values()), "WNLL − linear, same body", "Alike"]
    return "\n\n".join(
        [
            markdown_table(header, table(rows)),
            "![Test accuracy on CIFAR-10 by number of labels](few_labels/curve.png)",
            *missing(found),
            f"{found['backend']}, {found['cpu'] or 'an unknown CPU'}; "
            f"{sum(row['cpu_seconds'] for row in rows) / 60:.0f} minutes of one processor in all.",
        ]
    )


def missing(found: dict) -> list[str]:
    """A paragraph that names the runs that are not measured yet, if there are any."""
    words = []
    for dataset, labels, count in found["wanted"]:
        left = count - sum((row["dataset"], row["labels"]) == (dataset, labels) for row in found["rows"])
        words += [f"{dataset} with {labels:,} labels ({left} of {count})"] if left else []
    return [f"Runs that are not measured yet: {', '.join(words)}."] if words else []


def table(rows: list[dict]) -> list[list[str]]:
    """A line for each data set and number of labels: mean ± standard deviation of the seeds."""
    lines = []
    for dataset, labels in sorted({(row["dataset"], row["labels"]) for row in rows}):
        own = [row for row in rows if (row["dataset"], row["labels"]) == (dataset, labels)]
        gains = [row["wnll"] - row["linear"] for row in own]
        cells = [percent([row[key] for row in own if key in row]) for key in COLUMNS]
        alike = percent([row["alike"] for row in own])
        lines.append([dataset, f"{labels:,}", f"{len(own)}", *cells, percent(gains, signed=True), alike])
    return lines


def percent(values: list[float], signed: bool = False) -> str:
    """Mean and standard deviation in percent, or in percentage points with their sign."""
    if not values:
        return "–"
    mean, unit = 100 * statistics.mean(values), "points" if signed else "%"
    spread = f" ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{mean:+.1f}{spread} {unit}".replace("-", "−") if signed else f"{mean:.1f}{spread} {unit}"


def curve(rows: list[dict]) -> Figure:
    """Test accuracy on CIFAR-10 by number of labels: a line for each head, a point for each seed."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axis = figure.subplots()
    rows = [row for row in rows if row["dataset"] == "cifar10"]
    for key, (title, colour) in COLUMNS.items():
        known = sorted({row["labels"] for row in rows if key in row})
        values = [[100 * row[key] for row in rows if row["labels"] == labels and key in row] for labels in known]
        axis.plot(known, [statistics.mean(each) for each in values], color=colour, label=title)
        for labels, each in zip(known, values, strict=True):
            axis.plot([labels] * len(each), each, "o", color=colour, markersize=3)
    ticks = sorted({row["labels"] for row in rows})
    axis.set_xscale("log")
    axis.set_xticks(ticks, [f"{labels:,}" for labels in ticks])
    axis.minorticks_off()
    axis.set_xlabel("labels")
    axis.set_ylabel("test accuracy, %")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    return figure
