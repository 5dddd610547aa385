"""The package `zoo` as its users meet it: what is imported when, what `help` tells, what a wrong name is answered."""

import inspect
import pydoc
import subprocess
import sys

import pytest

import zoo

HEAVY = "{'keras', 'tensorflow', 'jax', 'torch', 'numpy', 'scipy', 'PIL'}"


FUNCTIONS = [name for name in zoo.__all__ if name != "Card"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_help_tells_arguments_with_types_results_errors_and_all(name):
    function = getattr(zoo, name)
    signature = inspect.signature(function)
    shown = pydoc.plain(pydoc.render_doc(function))
    for parameter in signature.parameters.values():
        assert parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL), "arguments that no help names"
        assert parameter.annotation is not parameter.empty, parameter
        assert f"    {parameter.name}: " in shown, f"{parameter.name} is not explained"
    assert signature.return_annotation is not signature.empty
    assert "Raises:" in shown


def test_the_module_offers_what_it_documents_and_nothing_else():
    assert set(zoo.__all__) <= set(dir(zoo))
    shown = pydoc.plain(pydoc.render_doc(zoo))
    for name in FUNCTIONS:
        assert f"    {name}(" in shown
    assert "class Card(" in shown
    with pytest.raises(AttributeError, match="module 'zoo' has no attribute 'lod'"):
        zoo.lod  # noqa: B018
    with pytest.raises(ImportError):
        from zoo import lod  # noqa: F401


def test_the_first_use_imports_keras_and_not_before():
    code = (
        f"import sys, zoo; dir(zoo); hasattr(zoo, 'absent'); assert not {HEAVY} & set(sys.modules);"
        "from zoo import load; assert 'keras' in sys.modules; assert zoo.load is load"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize(
    "keyword, words",
    [
        ("classes", "did you mean `num_classes`"),
        ("num_clases", "did you mean `num_classes`"),
        ("include_topp", "did you mean `include_top`"),
        ("pooling", "include_top=False gives the features"),
        ("input_shape", "the size that the model's card names"),
        ("zzzz", "it takes name, weights, num_classes, include_top, calibrated"),
    ],
)
def test_an_unknown_keyword_argument_is_answered_with_the_one_that_was_meant(keyword, words):
    with pytest.raises(TypeError, match=rf"load\(\) takes no argument `{keyword}`: .*{words}.*Received: {keyword}=7"):
        zoo.load("pinet_digits", **{keyword: 7})


@pytest.mark.parametrize("name, data", [("pinet_digits", "digits"), ("pinet_digits_generator", "digits")])
@pytest.mark.parametrize("weights", ["imagenet", "", "pre-trained", 7, True])
def test_weights_by_a_name_that_is_none_are_answered_with_those_that_are(name, data, weights):
    with pytest.raises(ValueError, match=rf'"pretrained" \(the default: trained on {data}\), None.*Received: weights='):
        zoo.load(name, weights=weights)
