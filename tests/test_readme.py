"""The README and the page on generators: their examples run, and the README's tables are the cards'."""

import re

import pytest

import tuning.main  # noqa: F401 adds every command
import zoo
from benchmarks import readme_tables as tables
from zoo.cli.app import app
from zoo.recipes import list_recipes

ROOT = tables.README.parent
TEXT = tables.README.read_text(encoding="utf-8")
GENERATORS = (ROOT / "docs" / "generators.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", TEXT + GENERATORS, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda code: code.splitlines()[-1])
def test_examples_run(example):
    exec(compile(example, "README.md", "exec"), {})


def test_the_first_example_is_right_and_short(capsys):
    exec(compile(EXAMPLES[0], "README.md", "exec"), {})
    assert len(EXAMPLES[0].splitlines()) <= 16
    shown = capsys.readouterr().out
    assert float(re.search(r"right: ([\d.]+)", shown).group(1)) > 0.97
    assert "polynomial of degree" in shown or "low-depth of degree" in shown


@pytest.mark.parametrize("page", ["README.md", "docs/serving.md"])
def test_the_samples_in_commands_are_classified_rightly(page):
    lines = re.findall(r"^\$ (pinet .*zoo/samples/.*)", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert lines
    for line in lines:
        card = zoo.card(re.search(r"(\w+) zoo/samples/", line).group(1))
        golden = card["golden"]
        files = golden["sounds" if "sounds" in golden else "images"]
        for sample in re.findall(r"zoo/samples/(\S+)", line):
            logits = golden["logits"][files.index(sample)]
            said = card["class_names"][logits.index(max(logits))]
            assert f"_{said}_" in sample, f"{line}: the model says {said}"


def test_tables_are_up_to_date():
    assert tables.written_from_cards(TEXT) == TEXT, "`make readme` rewrites the tables"


def test_tables_need_their_markers():
    with pytest.raises(ValueError, match="must hold the lines"):
        tables.written_from_cards("nothing here")


def test_every_command_named_exists():
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    named = set(re.findall(r"^\$ pinet (\w+)", TEXT, re.MULTILINE)) | set(re.findall(r"`pinet (\w+)", TEXT))
    assert named
    assert named <= known


def test_every_recipe_is_in_the_training_table():
    assert set(re.findall(r"^\| `pinet train (\w+)`", TEXT, re.MULTILINE)) == set(list_recipes())
