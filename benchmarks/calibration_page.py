"""docs/calibration.md: table and diagrams of what `python -m benchmarks.calibration` measured."""

import json
import statistics

from benchmarks.page import DOCS, write_between
from zoo.cli.reliability_plot import draw_reliability
from zoo.publishing.formatting import markdown_table

PAGE, FOLDER = DOCS / "calibration.md", DOCS / "calibration"
RESULTS = FOLDER / "results.json"
HEADER = ["Loss", "Accuracy", "ECE", "adaptive ECE", "T", "ECE with T", "adaptive ECE with T"]
COLUMNS = ("accuracy", "ece", "adaptive_ece", "temperature", "ece_calibrated", "adaptive_ece_calibrated")


def results() -> list[dict]:
    """What was measured, a row for each loss and seed."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []


def write_page(rows: list[dict]) -> None:
    """Write table and diagrams."""
    losses = list(dict.fromkeys(row["loss"] for row in rows))
    table = [[loss, *cells([row for row in rows if row["loss"] == loss])] for loss in losses]
    seeds = sorted({row["seed"] for row in rows})
    words = f"{len(seeds)} seeds, mean ± standard deviation" if len(seeds) > 1 else "One seed"
    words += "; 5,000 validation images."
    write_between(PAGE, "losses", f"{markdown_table(HEADER, table)}\n\n{words}")
    for key, words in (("reliability", "as trained"), ("reliability_calibrated", "with the temperature")):
        panels = {row["loss"]: row[key] for row in rows if row["seed"] == seeds[0]}
        figure = draw_reliability(panels, f"Losses on CIFAR-10, {words}, seed {seeds[0]}")
        figure.savefig(FOLDER / f"{key}.png", dpi=80)


def cells(rows: list[dict]) -> list[str]:
    """Mean, and standard deviation where there are several seeds, of each column."""
    found = []
    for column in COLUMNS:
        if column == "temperature":
            values, unit, digits = [statistics.mean(row["temperatures"]) for row in rows], "", 2
        else:
            values, unit, digits = [100 * row[column] for row in rows], " %", 1
        spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
        found.append(f"{statistics.mean(values):.{digits}f}{spread}{unit}")
    return found
