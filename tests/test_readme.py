"""The README and the page on generators: their examples run, and the README's tables are the cards'."""

import re

import keras
import pytest
from typer.testing import CliRunner

import pinet_keras
import tuning.main  # noqa: F401 adds every command
import zoo
from benchmarks import readme_tables as tables
from zoo.cli.app import app
from zoo.recipes import list_recipes

ROOT = tables.README.parent
TEXT = tables.README.read_text(encoding="utf-8")
GENERATORS = tables.GENERATORS.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", TEXT + GENERATORS, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda code: code.splitlines()[-1])
def test_examples_run(example):
    exec(compile(example, "README.md", "exec"), {})


def test_the_first_example_is_right_and_short(capsys):
    exec(compile(EXAMPLES[0], "README.md", "exec"), {})
    assert len(EXAMPLES[0].splitlines()) <= 16
    shown = capsys.readouterr().out
    assert float(re.search(r"accuracy: ([\d.]+)", shown).group(1)) > 0.97
    assert "polynomial of degree" in shown or "low-depth of degree" in shown


@pytest.mark.parametrize("page", ["README.md", "docs/serving.md"])
def test_the_samples_in_commands_are_classified_rightly(page):
    lines = re.findall(r"^\$ (pinet .*zoo/samples/.*)", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert lines
    for line in lines:
        card = zoo.card(re.search(r"(\w+) zoo/samples/", line).group(1))
        golden = card["golden"]
        files = golden["audio" if "audio" in golden else "images"]
        for sample in re.findall(r"zoo/samples/(\S+)", line):
            logits = golden["logits"][files.index(sample)]
            found = card["class_names"][logits.index(max(logits))]
            assert f"_{found}_" in sample, f"{line}: the model says {found}"


def test_every_layer_is_shown():
    classes = {name for name in pinet_keras.__all__ if isinstance(getattr(pinet_keras, name), type)}
    layers = {name for name in classes if issubclass(getattr(pinet_keras, name), keras.layers.Layer)}
    assert layers <= set(re.findall(r"`(\w+)`", TEXT)), "in the table of layers"


def test_the_certificate_is_what_the_command_prints():
    (block,) = re.findall(r"^\$ pinet certify (.* --verify)\n\s+(layer .*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    result = CliRunner().invoke(app, ["certify", *block[0].split()], env={"COLUMNS": "100"})
    assert result.exit_code == 0
    printed = [line.split() for line in result.stdout.splitlines() if line.strip()]
    shown = [line.split() for line in block[1].splitlines() if line.strip()]
    # the rounding error, the last digits of float64, depends on the machine
    assert [[word for word in line if "e-" not in word] for line in shown] == [
        [word for word in line if "e-" not in word] for line in printed[1:]
    ]


DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]


def anchors(page):
    headings = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not re.match(r"\w+:", link):
            file, _, anchor = link.partition("#")
            target = page.parent / file if file else page
            assert target.is_file(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_pages_begin_with_what_a_reader_can_do_after_them(page):
    first = page.read_text(encoding="utf-8").split("\n\n")[1]
    assert first.startswith(("After reading this page you ", "With this page you can "))  # the latter is a reference


def test_tables_are_up_to_date():
    assert tables.generators_page(GENERATORS) == GENERATORS, "`make readme` rewrites the tables"
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
