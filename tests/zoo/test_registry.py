import json
import subprocess
import sys

import pytest

import zoo
from zoo.paths import CARDS, WEIGHTS
from zoo.recipes import list_recipes


def test_every_card_has_its_recipe_and_weights_and_nothing_is_left_over():
    names = set(zoo.list_models())
    assert names == {path.name.removesuffix(".weights.h5") for path in WEIGHTS.glob("*.weights.h5")}
    assert names <= set(list_recipes())


def test_list_models_takes_a_pattern():
    assert zoo.list_models("pinet_*") == [name for name in zoo.list_models() if name.startswith("pinet_")] != []
    assert zoo.list_models("nothing*") == []


def test_an_unknown_name_suggests_near_ones():
    with pytest.raises(ValueError, match="did you mean .*pinet_digits.*Received: name='pinet_digit'"):
        zoo.card("pinet_digit")
    with pytest.raises(ValueError, match="known are: .*pinet_digits"):
        zoo.load("zzzz")


def test_a_card_can_be_read_from_a_file(tmp_path):
    assert zoo.card(str(CARDS / "pinet_digits.json")) == zoo.card("pinet_digits")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="broken.json is no model card"):
        zoo.card(str(tmp_path / "broken.json"))
    (tmp_path / "other.json").write_text(json.dumps([1]), encoding="utf-8")
    with pytest.raises(ValueError, match="other.json is no model card"):
        zoo.card(str(tmp_path / "other.json"))
    with pytest.raises(ValueError, match="no card of that name"):
        zoo.card(str(tmp_path / "absent.json"))


def test_importing_the_zoo_imports_no_framework():
    code = (
        "import sys, zoo; zoo.list_models(); zoo.card('pinet_digits');"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'numpy', 'sklearn', 'scipy'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
