"""What pyproject.toml promises: requirements and extras, version, licence; and what a missing package is answered."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import zoo
from pinet_keras import __version__
from zoo.extras import EXTRAS, missing_package

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("pinet_keras", "zoo", "tuning")
# Core packages by the name that is imported, where that is not the name for pip.
CORE = {"PIL": "pillow"}


def names(requirements):
    """The packages of a list of requirements, those of our own extras in it included."""
    for requirement in requirements:
        if extras := re.fullmatch(r"pinet-keras\[(.*)\]", requirement):
            for extra in extras.group(1).split(","):
                yield from names(PROJECT["optional-dependencies"][extra])
        else:
            yield re.split(r"[<>=\[; ]", requirement)[0]


def imported_packages():
    """The other packages that ours import, each with a module that does."""
    found = {}
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) else []
            found |= {module.split(".")[0]: path for module in modules}
    known = (*sys.stdlib_module_names, *PACKAGES, "sympy")  # the last for `to_sympy`, which says that it needs it
    return {name: path for name, path in found.items() if name not in known}


@pytest.mark.parametrize("name, path", imported_packages().items(), ids=str)
def test_what_is_imported_is_required(name, path):
    if name in EXTRAS:
        extra, requirement = EXTRAS[name]
        assert requirement in names(PROJECT["optional-dependencies"][extra]), path
    else:
        assert CORE.get(name, name) in names(PROJECT["dependencies"]), path


def test_the_extra_of_a_missing_package_requires_it():
    for extra, requirement in EXTRAS.values():
        assert requirement in names(PROJECT["optional-dependencies"][extra])
    for requirement in names(PROJECT["optional-dependencies"]["all"]):
        assert requirement in {name for _, name in EXTRAS.values()}, "no message names its extra"


def test_all_is_everything_but_the_other_backends_hugging_face_and_the_tools():
    extras = PROJECT["optional-dependencies"]
    everything = {
        name
        for extra in extras.keys() - {"jax", "torch", "huggingface", "dev", "docs"}
        for name in names(extras[extra])
    }
    assert set(names(extras["all"])) == everything >= {"tensorflow", "tensorflow-datasets", "keras-tuner"}


def test_jax_and_torch_alone_need_no_tensorflow():
    for backend in ("jax", "torch"):
        needed = {*names(PROJECT["dependencies"]), *names(PROJECT["optional-dependencies"][backend])}
        assert needed == {*names(PROJECT["dependencies"]), backend}
        assert not [name for name in needed if name.startswith("tensor")]


def test_make_demo_installs_the_four_packages():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (extras,) = re.findall(r"installed: .*\n\t.*'\.\[([\w,]+)\]'", makefile)[:1]
    installed = {*names(PROJECT["dependencies"]), *names([f"pinet-keras[{extras}]"])}
    assert installed >= {"tensorflow", "keras", "tensorflow-datasets", "keras-tuner", "matplotlib"}


def test_every_pip_command_names_extras_that_there_are():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").rglob("Dockerfile")]
    commands = re.findall(r"pip install [^`\n]*?'?\.(?:\[([\w,]+)\])?'?[`\n]", "".join(map(Path.read_text, pages)))
    assert commands
    assert {extra for extras in commands for extra in extras.split(",")} <= {*PROJECT["optional-dependencies"]}


def test_the_version_stands_in_one_place():
    assert "version" not in PROJECT and PROJECT["dynamic"] == ["version"]
    path = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["version"]["path"]
    assert re.search(r'^__version__ = "(.*)"$', (ROOT / path).read_text(), re.MULTILINE).group(1) == __version__
    others = [ROOT / "CITATION.cff", *(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))]
    assert [file for file in others if __version__ in file.read_text(encoding="utf-8")] == [ROOT / path]


def test_the_packages_are_typed():
    for package in PACKAGES:
        assert (ROOT / package / "py.typed").is_file()


def test_the_notice_names_all_samples_with_their_licence():
    text = (zoo.paths.SAMPLES / "NOTICE.md").read_text(encoding="utf-8")
    patterns = re.findall(r"^\| `(\w+\*\.\w+)` ", text, re.MULTILINE)
    samples = {path for path in zoo.paths.SAMPLES.iterdir() if path.suffix != ".md"}
    assert samples == {path for pattern in patterns for path in zoo.paths.SAMPLES.glob(pattern)}
    assert "CC BY-SA 4.0" in text and "CC-BY-SA-4.0" in PROJECT["license"].split(" AND ")
    assert "zoo/samples/NOTICE.md" in PROJECT["license-files"]


def test_the_citation_file_holds_what_its_format_demands():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["type"] == "software" and PROJECT["license"].startswith(citation["license"])
    for work in citation["references"]:
        assert {"type", "title", "authors", "year", "url"} <= work.keys()


@pytest.fixture
def run_without(tmp_path):
    """Runs code in a process in which some packages cannot be found, nor in the processes that it starts."""

    def run(packages, code, **environment):
        (tmp_path / "sitecustomize.py").write_text(
            f"""
import sys
from importlib.machinery import PathFinder
class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in {sorted(packages)!r} else super().find_spec(name, path, target)
sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
"""
        )
        environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", **environment}
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment)

    return run


def pinet(*arguments):
    return f"import sys; sys.argv = {['pinet', *arguments]!r}; from tuning.main import main; main()"


@pytest.mark.parametrize(
    "missing, arguments, words",
    [
        (set(EXTRAS), ["predict", "pinet_digits", "zoo/samples/digits_5_0.png"], r"'\.\[tensorflow\]'"),
        ({"tensorflow"}, ["predict", "pinet_digits", "zoo/samples/digits_5_0.png"], r"'\.\[tensorflow\]'"),
        ({"google"}, ["label", "{folder}", "pinet_digits", "stable=1"], r"protobuf.*'\.\[serving\]'"),
        ({"matplotlib"}, ["tune", "report", "{folder}"], r"matplotlib.*'\.\[plot\]'"),
        ({"sklearn"}, ["evaluate", "pinet_digits"], r"scikit-learn.*'\.\[train\]'"),
        ({"keras_tuner"}, ["tune", "digits", "--out", "{folder}/out"], r"keras-tuner.*'\.\[tune\]'"),
    ],
    ids=lambda value: ",".join(sorted(value)) if isinstance(value, set) and len(value) == 1 else None,
)
def test_commands_that_miss_an_extra_say_in_one_line_which(run_without, tmp_path, missing, arguments, words):
    (tmp_path / "search.json").write_text(json.dumps({"objective": "val_accuracy"}, allow_nan=False))
    arguments = [each.format(folder=tmp_path) for each in arguments]
    done = run_without(missing, pinet(*arguments), KERAS_BACKEND="tensorflow")
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert re.search(rf"^Error: .*is not installed: pip install {words.rpartition('.*')[2]} brings it\.", line), line
    assert re.search(words, line)


def test_without_any_extra_models_are_listed_and_python_says_what_is_missing(run_without):
    done = run_without(EXTRAS, "import zoo; print(len(zoo.list_models())); zoo.load", KERAS_BACKEND="tensorflow")
    assert done.stdout.split() == [str(len(zoo.list_models()))]
    assert "ImportError: This needs tensorflow, which is not installed: pip install '.[tensorflow]'" in done.stderr
    done = run_without(EXTRAS, pinet("info", "pinet_digits"))
    assert done.returncode == 0 and "pinet_digits" in done.stdout


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_other_backends_and_tensorflow_predict_with_the_core_alone(run_without, backend):
    pytest.importorskip(backend)
    code = "import zoo; print(zoo.predict('pinet_digits', str(zoo.paths.SAMPLES / 'digits_5_0.png'))[0][0])"
    done = run_without(EXTRAS.keys() - {backend, "google"}, code, KERAS_BACKEND=backend)
    assert done.stdout.split() == ["5"], done.stderr


def test_a_bug_of_ours_is_not_taken_for_a_missing_extra():
    assert missing_package(ModuleNotFoundError("No module named 'zoo.absent'", name="zoo.absent")) is None
    assert missing_package(ImportError("cannot import name 'absent' from 'numpy'", name="numpy")) is None
    assert missing_package(ImportError("cannot import name 'absent'", name="PIL")) is None
    assert missing_package(ImportError("something else")) is None
    assert missing_package(ImportError("cannot import name 'absent' from 'matplotlib'", name="matplotlib")) is None
