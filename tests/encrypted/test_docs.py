"""docs/encrypted.md and the examples in docstrings: what they show is what happens."""

import doctest
import json
import re
from pathlib import Path

import pytest

from benchmarks import encrypted_page
from benchmarks.performance_page import RESULTS
from zoo.encrypted import compiling

PAGE = (Path(__file__).parents[2] / "docs" / "encrypted.md").read_text(encoding="utf-8")


def run_examples(found):
    for test in doctest.DocTestFinder(recurse=False).find(
        found, found.__name__, globs=vars(compiling) | {found.__name__: found}
    ):
        report: list[str] = []
        assert test.examples and not doctest.DocTestRunner().run(test, out=report.append).failed, "".join(report)


def test_the_example_of_compile_encrypted():
    run_examples(compiling.compile_encrypted)


def test_the_plan_on_the_page_is_the_plan(pinet):
    shown = re.search(r"\$ pinet encrypted plan pinet_mnist_tiny\n(.*?)```", PAGE, re.DOTALL).group(1)
    code, out, _ = pinet("encrypted", "plan", "pinet_mnist_tiny")
    assert code == 0
    for line in shown.splitlines()[:-1]:  # the error of the last differs in its last digit between machines
        assert " ".join(line.split()) in [" ".join(other.split()) for other in out.splitlines()]


def test_the_blocks_of_the_page_run():
    pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")
    from zoo.encrypted.client import Client

    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "docs/encrypted.md", "exec"), {})
    run_examples(Client)


def test_the_tables_of_the_page_are_what_was_measured(tmp_path):
    measured = json.loads(RESULTS.read_text(encoding="utf-8"))["encrypted"]
    records = sorted(encrypted_page.RECORDS.glob("*.jsonl"))
    assert encrypted_page.written_from_results(PAGE, measured, records) == PAGE
    row = {"labels": [1], "plain_decisions": [1], "logit_error": 0.001, "request_bytes": 2_000_000, "seconds": 60.0}
    lines = [
        {"model": "slow", "batch": "one"},
        row | {"examples": [0], "decisions": [1], "processor_seconds": 90.0, "first": True},
        row | {"examples": [1], "decisions": [1], "processor_seconds": 30.0, "first": False},
        row | {"examples": [2], "decisions": [0], "processor_seconds": 40.0, "first": False},
    ]
    (tmp_path / "slow.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    written = encrypted_page.written_from_results(PAGE, measured, [tmp_path / "slow.jsonl"])
    assert "| `slow` | one | 3 | 66.67% | 66.67% | 1.0e-03 | 35.00 s | 2.00 MB |" in written
