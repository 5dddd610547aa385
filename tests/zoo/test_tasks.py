"""zoo/tasks.py: the one table of what differs between tasks, which every command uses."""

import json
import subprocess
import sys
from dataclasses import fields, replace
from types import SimpleNamespace

import pytest

import zoo
from zoo.measuring import evaluate
from zoo.paths import CARD_SCHEMA
from zoo.tasks import CLASSIFICATION, CLASSIFIERS, TASKS, task_function

DEFINITIONS = json.loads(CARD_SCHEMA.read_text(encoding="utf-8"))["$defs"]
COLUMNS = [column.name for column in fields(next(iter(TASKS.values())))]
NAMED = [(task, column) for task, row in TASKS.items() for column in COLUMNS if ":" in str(getattr(row, column))]


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_in_the_schema_under_its_kind_of_card(task):
    for kind in ("classifier", "generator"):
        assert (task in DEFINITIONS[kind]["properties"]["task"]["enum"]) == (TASKS[task].card == kind)


@pytest.mark.parametrize("task, column", NAMED)
def test_what_a_row_names_is_there(task, column):
    assert callable(task_function(task, column))


def test_every_task_has_models_and_classifiers_are_those_with_such_a_card():
    assert all(zoo.list_models(task=task) for task in TASKS)
    assert CLASSIFIERS == ("image classification", "audio classification")
    assert len(NAMED) == 4 * 12 - 1 - 3  # audio models have no recipes of their own, models for nodes no predictor


def test_the_table_imports_no_backend():
    code = "import sys, zoo.tasks; assert not {'keras', 'tensorflow', 'numpy', 'zoo.loading'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.fixture
def row(monkeypatch):
    """Puts another function in a column of image classification; gives the list of its calls."""

    def change(column, answer):
        calls = []

        def function(*args, **options):
            calls.append((args, options))
            return answer

        monkeypatch.setitem(sys.modules, "other", SimpleNamespace(function=function))
        monkeypatch.setitem(TASKS, CLASSIFICATION, replace(TASKS[CLASSIFICATION], **{column: "other:function"}))
        return calls

    return change


COMMANDS = {
    "facts": (["info", "pinet_digits"], [("label", "text of the row")], "text of the row"),
    "measure": (["evaluate", "pinet_digits", "--json"], {"measured": 7, "as_on_card": True}, '"measured": 7'),
    "table": (["evaluate", "pinet_digits"], "table of the row", "table of the row"),
    "result": (["train", "pinet_digits"], "result of the row", "result of the row"),
}


@pytest.mark.parametrize("column", COMMANDS)
def test_commands_take_what_the_row_names(pinet, row, column, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("zoo.training.classifiers.train_seeds", lambda *_, **options: zoo.card("pinet_digits"))
    arguments, answer, words = COMMANDS[column]
    calls = row(column, answer)
    code, out, _ = pinet(*arguments)
    assert code == 0 and words in out and len(calls) == 1


def test_other_data_reproduce_no_card_whatever_is_measured(row, small_npz):
    row("measure", {"as_on_card": True})
    result = evaluate("pinet_digits", data=small_npz)
    assert (result["same_data_as_card"], result["reproduces_card"]) == (False, False)


def test_loading_and_training_take_what_the_row_names(pinet, row, tmp_path):
    calls = row("load", "model")
    assert zoo.load("pinet_digits", num_classes=3) == "model"
    assert calls == [(("pinet_digits", zoo.card("pinet_digits"), "pretrained", 3, True, False), {})]
    calls = row("train", zoo.card("pinet_digits"))
    assert pinet("train", "pinet_digits", "--run-dir", tmp_path, "--seeds", 2)[0] == 0
    assert calls[0][1]["seeds"] == 2 and calls[0][1]["devices"] == 1


def test_options_and_formats_are_those_of_the_row(pinet, monkeypatch, tmp_path):
    monkeypatch.setattr("zoo.generation.training.train", lambda *_, **options: pytest.fail("a training starts"))
    code, _, err = pinet("train", "pinet_digits_generator", "--seeds", 2, "--run-dir", tmp_path)
    assert code == 1 and "--seeds is for image classification and audio classification and node class" in err
    code, _, err = pinet("evaluate", "pinet_spoken_digit", "--sheet", tmp_path / "s.png")
    assert code == 1 and "--sheet is for image generation. Received: pinet_spoken_digit, for audio class" in err
    monkeypatch.setitem(TASKS, CLASSIFICATION, replace(TASKS[CLASSIFICATION], formats=()))
    monkeypatch.setattr("zoo.training.classifiers.train_seeds", lambda *_, **options: zoo.card("pinet_digits"))
    assert "pinet export" not in pinet("train", "pinet_digits", "--run-dir", tmp_path)[1]
