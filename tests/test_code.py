"""Rules that all code of the repository keeps, read from its syntax trees."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from zoo.tasks import TASKS

ROOT = Path(__file__).parent.parent
ORDER = ("tuning", "zoo", "pinet_keras")  # each may import those behind it
# The parts of the zoo: each may import those of the lines below its own, and the modules of its own line.
ZOO_ORDER = (
    ("cli",),
    ("",),  # zoo/__init__.py
    ("encrypted", "page"),
    ("serving", "measuring", "verification"),
    ("sharing",),
    ("generation",),
    ("training",),
    ("publishing",),
    ("evaluation", "inference", "wnll"),
    ("loading", "keras_file", "keras_hook", "serialisable"),
    ("architectures",),
    ("recipes",),
    ("data", "optimizers", "losses"),
    (
        "registry",
        "tasks",
        "arguments",
        "pretrained",
        "card_entries",
        "card_types",
        "weights_file",
        "environment",
        "epochs",
        "files",
        "finished_run",
        "former_names",
        "hub",
        "extras",
        "keyword_hints",
        "paths",
        "runs",
    ),
)


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


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in files_of(*ORDER)}


def imported_modules(tree):
    """Modules of ours that code imports: `from zoo import registry` imports `zoo.registry`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "import_module":
            yield from (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "task_function":
            yield from (getattr(task, node.args[1].value).partition(":")[0] for task in TASKS.values())


GRAPH = {
    name: {found for found in imported_modules(ast.parse(path.read_text(encoding="utf-8"))) if found in MODULES}
    for name, path in MODULES.items()
}


def level(module):
    """How far down in `ZOO_ORDER` a module of the zoo is."""
    part = module.split(".")[1] if "." in module else ""
    return next(index for index, parts in enumerate(ZOO_ORDER) if part in parts)


@pytest.mark.parametrize("module", [name for name in MODULES if name.split(".")[0] == "zoo"])
def test_the_parts_of_the_zoo_import_from_top_to_bottom(module):
    for other in GRAPH[module]:
        if other.split(".")[0] == "zoo":
            assert level(module) <= level(other), f"{module} imports {other}"


def test_no_module_imports_itself_through_others():
    graph = {name: others - {name} for name, others in GRAPH.items()}
    while leaves := [name for name, others in graph.items() if not others & graph.keys()]:
        for name in leaves:
            del graph[name]
    assert not graph, f"cycles among {', '.join(sorted(graph))}"


def comparisons_of_tasks(tree):
    """Comparisons with the name of a task, where zoo/tasks.py has a column for what differs."""
    for node in ast.walk(tree):
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        for part in (each for side in sides for each in ast.walk(side)):
            name = getattr(part, "id", getattr(part, "attr", getattr(part, "value", None)))
            if name in ("CLASSIFICATION", "AUDIO_CLASSIFICATION", "NODE_CLASSIFICATION", "GENERATION", *TASKS):
                yield ast.unparse(node)


@pytest.mark.parametrize("module", [name for name in MODULES if name != "zoo.tasks"])
def test_what_differs_between_tasks_stands_in_one_table(module):
    assert not list(comparisons_of_tasks(ast.parse(MODULES[module].read_text(encoding="utf-8"))))


@pytest.mark.parametrize("code", ["task == registry.GENERATION", "x in (CLASSIFICATION,)", "x != 'image generation'"])
def test_a_comparison_of_tasks_is_seen(code):
    assert list(comparisons_of_tasks(ast.parse(code)))


def test_the_functions_of_the_table_count_as_imports_of_those_that_use_them():
    found = set(imported_modules(ast.parse("task_function(card['task'], 'train')")))
    assert found == {"zoo.training.classifiers", "zoo.training.nodes", "zoo.generation.training"}
    assert "zoo.generation.training" in GRAPH["zoo.cli.train"]


def test_no_file_is_longer_than_300_lines():
    long = [path for path in files_of(*ORDER) if len(path.read_text(encoding="utf-8").splitlines()) > 300]
    assert not long


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


# Words for which the field has others: image, random, validated, third-party, held out, again, baseline, MACs, class
# accuracy, compared with, resumed, NaN, not a polynomial, reported, fraction, metrics.
AVOIDED = re.compile(
    r"\b(pictures?|by chance|by heart|doors?|strangers?|kept out|anew|rivals?|multiply-adds?|as asked|critics?"
    r"|sounds?\b(?! classification)|voices?|(?<!grey )levels|passed over"
    r"|beside|judge[ds]?|(go|goes|going|went) on\b(?! top)|(is|are) no (number|polynomial)|(is|are|was|were) said"
    r"|(a|the|same) share of|figures)\b",
    re.IGNORECASE,
)
# The same in names of variables, functions, classes, modules and keys.
AVOIDED_NAMES = {"picture", "chance", "door", "stranger", "anew", "rival", "critic", "beside", "judge", "said", "sound"}
AVOIDED_NAMES |= {f"{word}s" for word in AVOIDED_NAMES}
FORMER_NAMES = ("former_names.py", "audio_model.py", "test_registry.py", "test_keras_file.py")  # hold them as keys
PAGES = [path for pattern in ("*.md", "docs/*.md", "*/*.toml", "*/*/*.toml") for path in sorted(ROOT.glob(pattern))]
CODE = files_of(*ORDER, "benchmarks", "examples", "tests")
TEXTS = [*CODE, *PAGES]


def prose(path):
    """Comments and strings of Python code, or a whole page, with single spaces; strings of one word are keys."""
    source = path.read_text(encoding="utf-8")
    if path.name == "CHANGELOG.md":
        source = re.sub(r"`[^`]*`", "", source)  # it tells former names
    if path.suffix != ".py":
        return [" ".join(source.split())]
    strings = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    found = [" ".join(str(text).split()) for text in (*strings, *comments)]
    return [text for text in found if " " in text]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_field_has_another_word(path):
    if path == Path(__file__):
        return
    for text in prose(path):
        assert not (found := AVOIDED.search(text)), f"{found.group()!r} in: {text}"


def words_of_names(source):
    """The words, in lower case, of all names in Python code and of its strings of one word, which are keys."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME or (token.type == tokenize.STRING and " " not in token.string):
            yield from (word.lower() for word in re.findall(r"[A-Z]?[a-z]+", token.string))


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_the_fields_words_too(path):
    if path == Path(__file__):
        return
    found = set(words_of_names(path.read_text(encoding="utf-8"))) if path.name not in FORMER_NAMES else set()
    assert not AVOIDED_NAMES & {*found, *path.stem.lower().split("_")}
