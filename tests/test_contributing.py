"""CONTRIBUTING.md names files that exist, and the order of the packages that tests/test_code.py asserts."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_files_that_are_named_exist():
    paths = set(re.findall(r"`((?:\w+/)+[\w.]*)`", TEXT))
    assert len(paths) > 12
    for path in paths:
        stands_for_many = re.search(r"[A-Z]{2}", path)
        assert (ROOT / path).exists() or (stands_for_many and (ROOT / path).parent.is_dir()), path


def test_the_order_is_the_one_that_is_asserted():
    spec = spec_from_file_location("test_code", Path(__file__).with_name("test_code.py"))
    code = module_from_spec(spec)
    spec.loader.exec_module(code)
    lines = re.findall(r"^\d+\. (.*)", TEXT, re.MULTILINE)
    assert len(lines) == len(code.ZOO_ORDER)
    for line, parts in zip(lines, code.ZOO_ORDER, strict=True):
        packages = {part for part in parts if (ROOT / "zoo" / part / "__init__.py").is_file() and part}
        assert packages <= set(re.findall(r"`(\w+)`", line)), line
        assert packages or f"`{parts[0] or 'zoo/__init__.py'}`" in line
    assert "`tuning` imports `zoo`, and `zoo` imports `pinet_keras`" in TEXT
    assert code.ORDER == ("tuning", "zoo", "pinet_keras")
