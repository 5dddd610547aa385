"""The page on the certificate says what happens: each of its blocks of Python runs, one after the other."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "certificate.md"


def test_every_block_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 12
    names: dict = {"__name__": "certificate_page"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert (tmp_path / "boundary.png").stat().st_size > 10_000
