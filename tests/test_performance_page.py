"""The page on speed: its tables are what was measured."""

import json

from benchmarks.performance_page import PAGE, RESULTS, written_from_results


def test_tables_are_those_of_the_measurements():
    page, found = PAGE.read_text(encoding="utf-8"), json.loads(RESULTS.read_text(encoding="utf-8"))
    assert written_from_results(page, found) == page, "`make bench` writes them"
