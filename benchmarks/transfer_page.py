"""docs/transfer.md: table and curve of what `python -m benchmarks.transfer` measured."""

import json
import statistics
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.page import DOCS, write_between
from zoo.publishing.formatting import markdown_table

FOLDER = DOCS / "transfer"
PAGE = DOCS / "transfer.md"
COLOURS = {"fine-tuned": "#1f5fa8", "new head only": "#9aa3ad", "from scratch": "#d9660a"}


def results_path(name: str) -> Path:
    """The file of a setting's results."""
    return FOLDER / f"{name}.json"


def write() -> None:
    """Write the tables and curves of all settings that were measured."""
    parts = []
    for path in sorted(FOLDER.glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        curve(found).savefig(path.with_suffix(".png"), dpi=110)
        parts.append(section(path.stem, found))
    write_between(PAGE, "results", "\n\n".join(parts))


def section(name: str, found: dict) -> str:
    """A setting's source, table and curve."""
    seeds = sorted({row["seed"] for row in found["rows"]})
    return "\n\n".join(
        [
            f"### {found['source']} → {found['dataset']}",
            f"The source has {found['parameters']:,} parameters, degree {found['degree']} and a test accuracy of "
            f"{found['source_accuracy']:.2%} on its own data. Test accuracy on {found['dataset']}, mean and standard "
            f"deviation of {len(seeds)} seeds, each with labels of its own, on "
            f"{found['rows'][0]['test_examples']:,} test images:",
            markdown_table(["Labels a class", *COLOURS], table(found["rows"])),
            f"![Test accuracy by labels a class](transfer/{name}.png)",
            f"{found['backend']}, {found['cpu'] or 'an unknown CPU'}; "
            f"{sum(row['seconds'] for row in found['rows']) / 60:.0f} minutes of training in all.",
        ]
    )


def table(rows: list[dict]) -> list[list[str]]:
    """A line for each number of labels: mean ± standard deviation of each way."""
    lines, seeds = [], len({row["seed"] for row in rows})
    for labels in sorted({row["labels"] for row in rows}):
        cells = [values_of(rows, way, labels) for way in COLOURS]
        lines.append([f"{labels:,}", *(accuracy(values, seeds) for values in cells)])
    return lines


def values_of(rows: list[dict], way: str, labels: int) -> list[float]:
    """Test accuracies of all seeds."""
    return [row["test"] for row in rows if (row["way"], row["labels"]) == (way, labels)]


def accuracy(values: list[float], seeds: int) -> str:
    """Mean and standard deviation in percent; of how many seeds, where they are not all."""
    if not values:
        return "not measured"
    spread = f" ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    some = f" (seeds: {len(values)})" if len(values) < seeds else ""
    return f"{100 * statistics.mean(values):.1f}{spread} %{some}"


def curve(found: dict) -> Figure:
    """Test accuracy by labels a class: a line for each way, a point for each seed."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axis = figure.subplots()
    labels = sorted({row["labels"] for row in found["rows"]})
    for way, colour in COLOURS.items():
        known = [count for count in labels if values_of(found["rows"], way, count)]
        means = [100 * statistics.mean(values_of(found["rows"], way, count)) for count in known]
        axis.plot(known, means, color=colour, label=way)
        for count in known:
            for value in values_of(found["rows"], way, count):
                axis.plot(count, 100 * value, "o", color=colour, markersize=3)
    axis.set_xscale("log")
    axis.set_xticks(labels, [f"{count:,}" for count in labels])
    axis.minorticks_off()
    axis.set_xlabel("labels a class, validation included")
    axis.set_ylabel("test accuracy, %")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    return figure
