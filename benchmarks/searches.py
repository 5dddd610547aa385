"""The drawings of searches on the pages, from their trials.csv: python -m benchmarks.searches [NAME...]

A search's folder is not kept; docs/searches/NAME/trials.csv, which `pinet tune report` wrote, holds its trials.
"""

import csv
import sys

from benchmarks.page import DOCS
from tuning.report import COLUMNS, draw
from tuning.results import Result

SEARCHES = DOCS / "searches"


def main(names):
    """Draw them."""
    for name in names or sorted(path.parent.name for path in SEARCHES.glob("*/trials.csv")):
        for path in draw([result for result in read(name) if result.completed], "val_accuracy", SEARCHES / name):
            print(path.relative_to(DOCS))


def read(name) -> list[Result]:
    """The trials of a search on the pages."""
    with open(SEARCHES / name / "trials.csv", encoding="utf-8") as file:
        return [_result(row) for row in csv.DictReader(file)]


def _result(row):
    cells = {key: _value(cell) for key, cell in row.items() if cell}
    trial, status = cells.pop("trial"), cells.pop("status")
    record = {key: cells.pop(key) for key in (*COLUMNS, "message") if key in cells}
    return Result(trial, status, cells, {**record, "recipe": {}})


def _value(cell):
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell


if __name__ == "__main__":
    main(sys.argv[1:])
