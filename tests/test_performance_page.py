"""The page on speed: its tables are what was measured."""

import json
import re

import pytest

from benchmarks.performance_page import PAGE, RESULTS, written_from_results


def test_tables_are_those_of_the_measurements():
    page, found = PAGE.read_text(encoding="utf-8"), json.loads(RESULTS.read_text(encoding="utf-8"))
    assert written_from_results(page, found) == page, "`make bench` writes them"


def test_encrypted_inference_is_measured_and_written():
    pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")
    from benchmarks.encrypted import measure

    found = measure(1, one=("pinet_digits",), many=(), simulated=5)
    row = found["one"]["pinet_digits"]
    assert row["examples"] == 2 and row["median_seconds"] > 0 and row["simulated"]["examples"] == 5
    rates = {"rates": [90.0, 100.0, 120.0], "workers": 2, "slots": 4096, "request_bytes": 8_192_000}
    found["many"]["small"] = {**row, **rates}
    row["median_seconds"] = 0.256
    found = json.loads(json.dumps(found, allow_nan=False))  # as the file holds it
    page = "<!-- results -->\n<!-- end of results -->"
    written = written_from_results(page, {"encrypted": {"found": found, "machine": "Two cores"}})
    numbers = ("| `pinet_digits` | 0.26 s |", "100.00% of 2 | 100.00% of 5 |", "| `small` | 100 ± 15 |", "2.00 kB")
    for words in (*numbers, "Two cores."):
        assert words in written


def test_the_python_of_the_page_runs(monkeypatch, capsys):
    monkeypatch.chdir(PAGE.parents[1])
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(block, str(PAGE), "exec"), {"__name__": "performance_page"})
    assert capsys.readouterr().out == "['cat', 'dog'] (2, 10)\n"
