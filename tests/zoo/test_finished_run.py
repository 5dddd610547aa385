"""The folder of a run in the place of a name of the zoo: in Python and in every command, finished or not."""

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo import pretrained, weights_file
from zoo.data.loading import load_set
from zoo.paths import CARDS, SAMPLES, WEIGHTS
from zoo.recipes import read_recipe
from zoo.registry import card_for
from zoo.training.run_folder import open_run

DIGITS = [SAMPLES / f"digits_{digit}_0.png" for digit in (5, 3, 8)]
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype="uint8")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here):
    """`runs/mine`: pinet_digits with its classes turned by one, so that nobody takes the zoo's own for it."""
    model, card = zoo.load("pinet_digits"), zoo.card("pinet_digits")
    head = model.get_layer("logits")
    head.set_weights([np.roll(weights, 1, axis=-1) for weights in head.get_weights()])
    path = Path("runs/mine/weights/mine.weights.h5")
    weights_file.save_float16(model, path)
    card.update(name="mine", weights={**card["weights"], "file": path.name, "sha256": pretrained.sha256(path)})
    record("runs/mine", card)
    return "runs/mine"


@pytest.fixture
def drawing(here):
    """`runs/drawing`, of a generator."""
    folder = Path("runs/drawing")
    (folder / "weights").mkdir(parents=True)
    shutil.copy(WEIGHTS / "pinet_digits_generator.weights.h5", folder / "weights")
    record(folder, {**zoo.card("pinet_digits_generator"), "name": "drawing"})
    return str(folder)


def record(folder, card, done=40, name="mine"):
    """The files of a run of 40 epochs, without its weights."""
    for part, text in (
        ("cards/mine.json", json.dumps(card) if card else None),
        ("run.json", json.dumps({"recipe": {"name": name, "epochs": 40}})),
        ("log.csv", "epoch,loss\n" + "".join(f"{epoch},0.1\n" for epoch in range(1, done + 1))),
    ):
        path = Path(folder) / part
        path.parent.mkdir(parents=True, exist_ok=True)
        if text:
            path.write_text(text)


def test_a_run_stands_for_its_model_in_python(run):
    assert zoo.card(run)["name"] == zoo.card(Path(run))["name"] == "mine"
    logits = np.asarray(zoo.load("pinet_digits")(IMAGES))
    np.testing.assert_allclose(np.asarray(zoo.load(run)(IMAGES)), np.roll(logits, 1, axis=1), atol=1e-3)
    assert zoo.load(Path(run), num_classes=2).output_shape == (None, 2)
    assert zoo.export(run, "models").as_posix() == "models/mine/1"
    recipe = read_recipe("pinet_digits")
    assert type(recipe)(**{**vars(recipe), "teacher": run, "teacher_weight": 0.5}).teacher == run
    with pytest.raises(ValueError, match="runs/mine is a model for image classification; for image generation"):
        card_for(run, "image generation")


def test_a_run_stands_for_its_model_in_every_command_for_classifiers(pinet, run):
    assert json.loads(pinet("info", run, "--json")[1])["name"] == "mine"
    (answer,) = json.loads(pinet("predict", run, DIGITS[0], "--json")[1])
    assert answer["predictions"][0]["class"] == "6"
    code, out, _ = pinet("evaluate", run, "--json")
    assert code == 1 and json.loads(out)["model"] == "mine" and json.loads(out)["accuracy"] < 0.1
    code, out, _ = pinet("certify", run, "--verify", "--json")
    assert code == 0 and json.loads(out)["claim"]["holds"] and json.loads(out)["verification"]["verdict"] == "holds"
    code, out, _ = pinet("boundary", run, DIGITS[0], "--toward", DIGITS[1], "--json")
    crossings = json.loads(out)["crossings"]
    assert code == 0 and (crossings[0]["before"], crossings[-1]["after"]) == ("6", "4")
    assert pinet("export", run, "models")[0] == 0
    assert json.loads(Path("models/mine/1/card.json").read_text())["name"] == "mine"


def test_a_run_stands_for_its_model_in_every_command_for_generators(pinet, drawing):
    assert pinet("generate", drawing, "-n", 3, "--out-dir", "all")[0] == 0
    assert min(path.name for path in Path("all").iterdir()) == "drawing_0_0000_0.png"
    assert json.loads(pinet("info", drawing, "--json")[1])["name"] == "drawing"
    assert pinet("evaluate", drawing)[0] == 0
    assert pinet("certify", drawing)[0] == 0
    assert pinet("export", drawing, "models")[0] == 0 and Path("models/drawing/1").is_dir()


def test_a_model_of_the_zoo_comes_before_a_folder_of_its_name(here):
    Path("pinet_digits").mkdir()
    assert zoo.card("pinet_digits") == json.loads((CARDS / "pinet_digits.json").read_text())
    with pytest.raises(
        ValueError,
        match=r"holds no training run and no saved model: `pinet train` and `zoo.save` write.*'pinet_digits'",
    ):
        zoo.card("./pinet_digits")


@pytest.mark.parametrize("name, command", [("pinet_digits", "pinet_digits"), ("mine", r"mine\.toml")])
@pytest.mark.parametrize("done", [0, 7])
def test_a_run_that_is_not_finished_says_how_it_is_resumed(here, pinet, name, command, done):
    record("runs/mine", None, done, name)
    words = f"not finished: {done} of 40 epochs are done. `pinet train {command} --run-dir runs/mine`.* resumes it"
    for use in (zoo.card, zoo.load):
        with pytest.raises(ValueError, match=words):
            use("runs/mine")
    code, out, err = pinet("predict", "runs/mine", DIGITS[0])
    assert (code, out) == (1, "") and "resumes it" in err and err.count("\n") == 1


def test_a_run_whose_card_went_elsewhere_says_so(here):
    record("runs/mine", None)
    with pytest.raises(
        ValueError, match=r"all of its 40 epochs, and its card is not here.*--out.*pinet train mine.toml"
    ):
        zoo.card("runs/mine")


def test_the_card_of_an_earlier_run_is_not_taken_for_that_of_a_new_one(run):
    data, recipe = load_set("digits"), read_recipe("pinet_digits")
    assert zoo.card(run)
    open_run(Path(run), recipe, data, fresh=True)
    with pytest.raises(ValueError, match=r"0 of \d+ epochs are done.*earlier run; give runs/mine/cards/mine.json"):
        zoo.card(run)
    assert zoo.card("runs/mine/cards/mine.json")["name"] == "mine"


def test_a_folder_of_several_models_names_their_cards(run):
    shutil.copy(f"{run}/cards/mine.json", f"{run}/cards/other.json")
    with pytest.raises(ValueError, match="several models; name one of runs/mine/cards/mine.json, .*other.json"):
        zoo.load(run)
    assert zoo.load("runs/mine/cards/other.json").output_shape == (None, 10)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"recipe": {"name": "x", "epochs": "many"}}'])
def test_a_damaged_record_of_a_run_is_named(run, text):
    Path(run, "run.json").write_text(text)
    with pytest.raises(ValueError, match=r"runs/mine/run.json is damaged.*cards/NAME.json"):
        zoo.card(run)


def test_a_mistyped_folder_names_near_ones(run):
    with pytest.raises(ValueError, match="did you mean runs/mine.*Received: name='runs/mien'"):
        zoo.load("runs/mien")


@pytest.mark.parametrize("recipe", ["pinet_digits", "pinet_digits_generator"])
def test_train_ends_with_commands_that_run_as_they_stand(pinet, here, recipe):
    folder = "runs/a run"  # which a shell would take for two words
    code, out, err = pinet("train", recipe, "--epochs", 1, "--run-dir", folder)
    assert code == 0, err
    commands = [shlex.split(line) for line in out.partition("next:\n")[2].splitlines()]
    first = "generate" if "generator" in recipe else "predict"
    assert [command[:3] for command in commands] == [
        ["pinet", name, folder] for name in (first, "evaluate", "certify", "export")
    ]
    for _, *arguments in commands:
        code, _, err = pinet(*arguments)
        assert code == 0, (arguments, err)


def test_the_next_commands_name_the_data_and_the_card_among_several(here, run, tmp_path):
    from zoo.cli.next_commands import next_commands

    card = zoo.card(run)
    lines = next_commands(card, Path(run), data=Path("my data.npz"))
    assert lines[1] == "pinet evaluate runs/mine --data 'my data.npz'"
    assert next_commands(card, Path(run), data_dir=Path("tfds"))[1] == "pinet evaluate runs/mine --data-dir tfds"
    shutil.copy(f"{run}/cards/mine.json", f"{run}/cards/other.json")
    assert next_commands(card, Path(run))[2] == "pinet certify runs/mine/cards/mine.json --verify"
    clips = next_commands(zoo.card("pinet_spoken_digit"), Path(run))
    assert not [line for line in clips if "export" in line] and "spoken_digit_" in clips[0]
