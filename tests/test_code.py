"""Rules that all code of the repository keeps, read from its syntax trees."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ("tuning", "zoo", "pinet_keras")  # each may import those behind it


def files_of(*packages):
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def imported(tree):
    """Top-level names of all modules that code imports, within functions and by name (`import_module`) as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an import relative to its package"
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Constant) and re.fullmatch(r"[a-z_]+(\.\w+)+", str(node.value)):
            yield node.value.split(".")[0]


@pytest.mark.parametrize("package", ORDER)
def test_packages_import_one_way(package):
    above = ORDER[: ORDER.index(package)]
    for path in files_of(package):
        found = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        assert not found & {*above, "tests", "benchmarks"}, path
        assert package != "pinet_keras" or "tensorflow" not in found, path


@pytest.mark.parametrize(
    "code",
    ["import tuning.space", "def f():\n    from tuning import search", "import_module('tuning.space')"],
)
def test_an_import_is_seen_wherever_it_stands(code):
    assert list(imported(ast.parse(code))) == ["tuning"]


@pytest.mark.parametrize(
    "path", files_of(*ORDER, "benchmarks", "examples"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_json_is_never_written_with_nan(path):
    """NaN and infinity are not JSON: strict readers refuse the whole file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("json.dump", "json.dumps"):
            keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            assert keywords.get("allow_nan") == "False", f"{path.name}:{node.lineno}"
