"""docs/faces.md: table and curve of what `python -m benchmarks.faces` measured."""

import statistics
from collections.abc import Sequence

from matplotlib.figure import Figure

from benchmarks.page import DOCS, write_between
from zoo.publishing.formatting import markdown_table
from zoo.registry import card as read_card
from zoo.verification.verifying import FACES

PAGE, FOLDER = DOCS / "faces.md", DOCS / "faces"
RESULTS = FOLDER / "results.json"
COLOURS = {"embedding": "#1f5fa8", "principal components": "#d9660a", "pixels": "#9aa3ad"}
COLUMNS = {"accuracy": "Accuracy, 10 folds", "tar_0.01": "TAR at FAR 1 %", "tar_0.001": "TAR at FAR 0.1 %"}


def write_page(rows: Sequence[dict]) -> None:
    """Write table and curve."""
    names = list(dict.fromkeys(row["name"] for row in rows))
    table = [[name, *cells([row for row in rows if row["name"] == name])] for name in names]
    seeds = [row["seed"] for row in rows if "seed" in row]
    card = read_card(FACES)
    words = (
        f"Of the embedding mean ± standard deviation of {len(seeds)} seeds. The standard error over the ten folds is "
        f"{100 * min(row['error'] for row in rows):.1f} to {100 * max(row['error'] for row in rows):.1f} points. The "
        f"shipped model, that of the first seed, is a polynomial of degree {card['degree']} (tier {card['tier']}) with "
        f"{card['parameters']:,} parameters."
    )
    write_between(PAGE, "results", f"{markdown_table(['', *COLUMNS.values()], table)}\n\n{words}")
    curve(rows).savefig(FOLDER / "roc.png", dpi=100)


def cells(rows: Sequence[dict]) -> list[str]:
    """Mean, and standard deviation where there are several seeds, of each column."""
    found = []
    for column in COLUMNS:
        values = [100 * row[column] for row in rows]
        spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
        found.append(f"{statistics.mean(values):.1f}{spread} %")
    return found


def curve(rows: Sequence[dict]) -> Figure:
    """True by false acceptance rate, a line for each row."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axis = figure.subplots()
    labelled = set()
    for row in rows:
        far, tar = zip(*row["curve"], strict=True)
        label = None if row["name"] in labelled else row["name"]
        labelled.add(row["name"])
        axis.plot(far, tar, color=COLOURS[row["name"]], linewidth=1.3, label=label)
    axis.set_xscale("log")
    axis.set_xlim(1e-3, 1)
    axis.set_ylim(0, 1.01)
    axis.set_xlabel("false acceptance rate, over all 19,000 pairs of two people")
    axis.set_ylabel("true acceptance rate")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, loc="lower right")
    return figure
