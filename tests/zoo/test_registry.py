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
    with pytest.raises(ValueError, match="broken.json is not a model card"):
        zoo.card(str(tmp_path / "broken.json"))
    (tmp_path / "other.json").write_text(json.dumps([1]), encoding="utf-8")
    with pytest.raises(ValueError, match="other.json is not a model card"):
        zoo.card(str(tmp_path / "other.json"))
    with pytest.raises(ValueError, match="no card of that name"):
        zoo.card(str(tmp_path / "absent.json"))


def test_a_card_with_former_names_is_read_as_one_of_today(tmp_path):
    today = zoo.card("pinet_spoken_digit")
    former = {**today, "task": "sound classification", "golden": dict(today["golden"])}
    former["levels"] = former.pop("multiplicative_depth")
    former["golden"]["sounds"] = former["golden"].pop("audio")
    (tmp_path / "former.json").write_text(json.dumps(former))
    assert zoo.card(tmp_path / "former.json") == today


def test_importing_the_zoo_imports_no_framework():
    code = (
        "import sys, zoo; zoo.list_models(); zoo.card('pinet_digits');"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'numpy', 'sklearn', 'scipy'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda card: card.pop("calibration"), "calibration is missing"),
        (lambda card: card["weights"].pop("sha256"), "weights.sha256 is missing"),
        (lambda card: card.update(dataset="digits"), "dataset is not an object"),
        (lambda card: card.update(parameters="many"), "parameters is of type str"),
        (lambda card: card.update(degree=True), "degree is of type bool"),
        (lambda card: card["calibration"].update(temperature=None), "calibration.temperature is of type NoneType"),
        (lambda card: card.update(task="telling fortunes"), "task is 'telling fortunes', and its enum"),
    ],
)
def test_a_damaged_card_is_named_with_its_entry(tmp_path, change, words):
    card = json.loads((CARDS / "pinet_digits.json").read_text())
    change(card)
    (tmp_path / "mine.json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match=f"{tmp_path}/mine.json is not a model card.*damaged: {words}.*Restore it"):
        zoo.card(tmp_path / "mine.json")


@pytest.mark.parametrize("text", ["", "[]", "7", "null", '{"name": ', "[" * 100_000])
def test_what_is_no_card_at_all_is_named(tmp_path, text):
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(ValueError, match="mine.json is not a model card"):
        zoo.card(tmp_path / "mine.json")


def test_a_card_that_is_a_folder_stays_an_error_of_the_system(tmp_path):
    (tmp_path / "mine.json").mkdir()
    with pytest.raises(IsADirectoryError):
        zoo.card(tmp_path / "mine.json")
