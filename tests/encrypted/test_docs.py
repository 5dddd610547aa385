"""docs/encrypted.md and the examples in docstrings: what they show is what happens."""

import doctest
import re
from pathlib import Path

import pytest

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
