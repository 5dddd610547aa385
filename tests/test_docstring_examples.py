"""Every public name is documented: an example that runs, and a line for each argument."""

import ast
import doctest
import inspect
import re
import textwrap
from importlib import import_module
from typing import is_typeddict

import keras
import numpy as np
import pytest

import pinet_keras
import zoo

PUBLIC = {
    f"{module}.{name}": getattr(import_module(module), name)
    for module in (
        "pinet_keras",
        "pinet_keras.layers",
        "pinet_keras.analysis",
        "pinet_keras.analysis.tropical",
        "zoo",
        "zoo.evaluation.metrics",
        "zoo.losses",
        "zoo.wnll",
        "zoo.verification",
        "tuning",
    )
    for name in import_module(module).__all__
    # The layers have two names; the shorter one is what users write.
    if module != "pinet_keras.layers" or name not in pinet_keras.__all__
}
NEEDS_TENSORFLOW = {"zoo.export"}
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

public = pytest.mark.parametrize("name", PUBLIC)


@public
def test_the_example_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    imported = {"np": np, "keras": keras, "pinet_keras": pinet_keras, "zoo": zoo}
    [test] = doctest.DocTestFinder(recurse=False).find(PUBLIC[name], name, module=False, globs=imported)
    if not test.examples:
        pytest.fail(f"the docstring of {name} has no >>> example")
    if name in NEEDS_TENSORFLOW and keras.backend.backend() != "tensorflow":
        pytest.skip(f"{name} works on TensorFlow alone")
    before, *after = [text for text in doctest.DocTestParser().parse(test.docstring) if isinstance(text, str)]
    assert before.rstrip().endswith("Example:") and not "".join(after).strip(), "a line of the example lacks its >>>"
    report: list[str] = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=report.append)
    assert not report, "".join(report)


def entries(docstring, *titles):
    """Names that the sections of these titles explain: `name: ...`, one level in."""
    text = inspect.cleandoc(docstring or "")
    sections = re.findall(rf"^(?:{'|'.join(titles)}):\n((?:    .*\n|\n)*)", text + "\n", re.MULTILINE)
    return set(re.findall(r"^    \*{0,2}(\w+): ", "".join(sections), re.MULTILINE))


def raises(found):
    """Whether a function, or the `__init__` of a class, raises something in its own code."""
    functions = [
        node
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(found))))
        if isinstance(node, ast.FunctionDef) and (node.name == "__init__" or inspect.isfunction(found))
    ]
    return any(isinstance(node, ast.Raise) for function in functions for node in ast.walk(function))


def documented():
    """The public names and, of classes that are no layers, initializers or losses, their own public methods."""
    for name, found in PUBLIC.items():
        if is_typeddict(found):  # has keys in place of arguments
            continue
        yield pytest.param(found, id=name)
        of_keras = keras.layers.Layer | keras.initializers.Initializer | keras.losses.Loss
        if isinstance(found, type) and not issubclass(found, of_keras):
            for method, member in vars(found).items():
                if not method.startswith("_") or method == "__call__":
                    function = getattr(member, "__func__", member)
                    if inspect.isfunction(function):
                        yield pytest.param(function, id=f"{name}.{method}")


@pytest.mark.parametrize("found", list(documented()))
def test_the_docstring_explains_every_argument(found):
    parameters = [name for name in inspect.signature(found).parameters if name not in ("self", "cls")]
    missing = set(parameters) - entries(found.__doc__, "Args", "Attributes")
    assert not missing, f"without a line in Args: {', '.join(sorted(missing))}"
    assert entries(found.__doc__, "Args") <= set(parameters), "Args explains what is no argument"


def test_the_docstring_of_a_card_explains_every_key():
    assert entries(zoo.Card.__doc__, "Attributes") == zoo.Card.__annotations__.keys()


@pytest.mark.parametrize("found", list(documented()))
def test_the_signature_is_typed(found):
    signature = inspect.signature(found)
    named = [each for each in signature.parameters.values() if each.name not in ("self", "cls", "args", "kwargs")]
    untyped = [each.name for each in named if each.annotation is each.empty]
    if inspect.isfunction(found) and signature.return_annotation is signature.empty:
        untyped.append("return")
    assert not untyped


@public
def test_the_docstring_says_what_comes_out(name):
    found = PUBLIC[name]
    wanted = {"Example:"}
    if not isinstance(found, type):
        wanted.add("Returns:")
    elif issubclass(found, keras.layers.Layer):
        wanted |= {"Input shape:", "Output shape:", "Raises:"}
    if raises(found):
        wanted.add("Raises:")
    missing = wanted - set(inspect.cleandoc(found.__doc__).splitlines())
    assert not missing, f"the docstring has no {', '.join(sorted(missing))}"
