"""The command line: what it prints, what it refuses, its exit codes, and that it stays light and quiet."""

import csv
import json
import logging
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import registry
from zoo.cli import console, reliability_plot
from zoo.measuring import evaluate
from zoo.paths import CARDS, FACES, SAMPLES
from zoo.publishing import formatting

HEAVY = ("keras", "tensorflow", "jax", "torch", "numpy", "scipy", "sklearn", "matplotlib", "PIL")
DIGIT = str(SAMPLES / "digits_5_0.png")


@pytest.fixture
def cards(tmp_path, monkeypatch):
    """Lets a test change what a card claims; the shipped cards stay as they are."""

    def change(name, **values):
        card = json.loads((CARDS / f"{name}.json").read_text())
        (tmp_path / f"{name}.json").write_text(json.dumps({**card, **values}))
        monkeypatch.setattr(registry, "CARDS", tmp_path)

    return change


def subprocess_pinet(*arguments, **options):
    command = [sys.executable, "-m", "zoo.cli.commands", *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "GRPC_"))}
    return subprocess.run(command, capture_output=True, env=environment, timeout=300, **options)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["list", "--json"], ["info", "pinet_digits"], ["runs", "docs"], ["--version"]]
)
def test_quick_commands_import_nothing_heavy(arguments):
    script = f"""
import sys
sys.argv = {["pinet", *arguments]}
from zoo.cli.commands import main
try:
    main()
except SystemExit as stopped:
    assert not stopped.code, stopped.code
print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "[]"
    assert done.stdout


def test_list_shows_every_model_without_colours_in_a_pipe(pinet):
    code, out, err = pinet("list")
    assert code == 0
    assert err == ""
    for name in zoo.list_models():
        assert name in out
    assert "\x1b" not in out


def test_list_keeps_the_names_whole_on_a_narrow_terminal(pinet, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = pinet("list")
    for name in zoo.list_models():
        assert name in out
    assert max(map(len, out.splitlines())) <= 60


def test_list_has_a_line_for_each_model_at_80_columns_under_its_data_set(pinet, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = [line.strip() for line in pinet("list")[1].splitlines()]
    assert max(map(len, lines)) <= 80
    cards = [zoo.card(name) for name in (*zoo.list_models(), "pinet_faces")]
    pairs = json.loads((FACES / "verification.json").read_text())["measured"]["accuracy"]
    results = {card["name"]: formatting.human_result(card).replace("class accuracy", "class acc.") for card in cards}
    results["pinet_faces"] = f"{100 * pairs:.1f} % of pairs"
    sets = {f"{card['dataset']['name']}, {formatting.human_shape(card)}" for card in cards}
    found = 0
    for line in lines:
        if line in sets:
            data = line
        for card in cards:
            if line.split()[:1] == [card["name"]]:
                assert line.endswith(results[card["name"]]) and formatting.human_count(card["parameters"]) in line
                assert f" {formatting.human_degree(card)} " in line and (not card["tier"] or card["tier_name"] in line)
                assert data.startswith(card["dataset"]["name"])
                found += 1
    assert found == len(cards) and len([line for line in lines if line]) == len(cards) + len(sets) + 2


def test_list_takes_a_pattern(pinet):
    code, out, _ = pinet("list", "pinet_*digits", "--json")
    assert code == 0
    assert [card["name"] for card in json.loads(out)] == ["pinet_digits"]
    code, out, err = pinet("list", "nothing*")
    assert (code, out) == (1, "")
    assert "No model matches; known are" in err


def test_info_prints_the_card(pinet):
    code, out, _ = pinet("info", "pinet_digits", "--json")
    assert code == 0
    assert json.loads(out) == zoo.card("pinet_digits")
    _, out, _ = pinet("info", "pinet_digits")
    assert f"{zoo.card('pinet_digits')['accuracy']['test']:.2%}" in out


@pytest.mark.parametrize("arguments", [["info"], ["predict", DIGIT], ["evaluate"], ["certify"], ["train"]])
def test_unknown_names_are_answered_in_one_line_with_near_ones(pinet, arguments):
    code, out, err = pinet(arguments[0], "pinet_digit", *arguments[1:])
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert "did you mean pinet_digits" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["predict"], ["lists"], ["predict", "pinet_digits", DIGIT, "--top", "0"]])
def test_wrong_usage_is_exit_code_2(pinet, arguments):
    code, out, err = pinet(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: ")


def test_predict_is_right_and_quiet():
    """A real run, from outside: both ways to give an image, and no start-up message of the backend."""
    with open(SAMPLES / "digits_3_0.png", "rb") as image:
        done = subprocess_pinet("predict", "pinet_digits", DIGIT, "-", "--json", "--top", "2", stdin=image)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    first, second = json.loads(done.stdout)
    assert (first["image"], second["image"]) == (DIGIT, "-")
    card = zoo.card("pinet_digits")
    for result, file in ((first, "digits_5_0.png"), (second, "digits_3_0.png")):
        logits = np.array(card["golden"]["logits"][card["golden"]["images"].index(file)])
        exponentials = np.exp(logits / card["calibration"]["temperature"])
        expected = sorted(exponentials / exponentials.sum())[-2:][::-1]
        assert [guess["probability"] for guess in result["predictions"]] == pytest.approx(expected, abs=1e-3)
        assert result["predictions"][0]["class"] == card["class_names"][int(logits.argmax())]


def test_predict_says_what_was_done_to_an_image(pinet):
    code, out, err = pinet("predict", "pinet_digits", SAMPLES / "mnist_7_0.png")
    assert code == 0
    assert "mnist_7_0.png" in out
    assert "resized from 28×28 to 8×8 pixels" in err


@pytest.mark.parametrize("name, file", [("pinet_digits", "digits_5_0.png"), ("pinet_mnist_tiny", "mnist_3_0.png")])
def test_dark_digits_on_light_are_reported(pinet, tmp_path, name, file):
    image, words = np.asarray(Image.open(SAMPLES / file)), "the background is light"
    inverted = tmp_path / "inverted.png"
    Image.fromarray(255 - image).save(inverted)
    code, _, err = pinet("predict", name, SAMPLES / file, inverted)
    (line,) = err.splitlines()
    assert code == 0 and line.startswith(f"{inverted}: {words}") and line.endswith("invert the image")
    (answer,) = json.loads(pinet("predict", name, inverted, "--json")[1])
    assert answer["predictions"] and words in answer["notes"][0]
    _, _, err = pinet("boundary", name, SAMPLES / file, "--toward", inverted, "-o", tmp_path / "b.png")
    assert err.startswith(f"{inverted}: {words}") and err.count(words) == 1


def test_light_colour_images_and_bright_strokes_on_the_border_are_fine(pinet, tmp_path):
    Image.new("RGB", (32, 32), "white").save(tmp_path / "white.png")
    assert pinet("predict", "pinet_cifar10_encrypted", tmp_path / "white.png")[2] == ""
    from zoo.data import inputs

    card, image = zoo.card("pinet_digits"), np.zeros((8, 8), "uint8")
    image[:, :2] = image[0] = 255  # 15 of 28 pixels of the border are light
    for changed, notes in ((image, 1), (np.where(np.arange(8) == 7, 0, image.T).T, 1)):
        Image.fromarray(changed.astype("uint8")).save(tmp_path / "stroke.png")
        assert len(inputs.read("stroke", str(tmp_path / "stroke.png"), card).notes) == notes
    image[0, 4:] = 0
    Image.fromarray(image).save(tmp_path / "stroke.png")
    assert inputs.read("stroke", str(tmp_path / "stroke.png"), card).notes == []


def test_predict_gives_no_answer_where_the_polynomial_overflows(pinet, monkeypatch):
    sure = np.eye(10, dtype="float32")[5]
    rows = np.stack([np.full(10, np.nan), sure])
    monkeypatch.setattr("zoo.inference.predictor.Predictor.probabilities", lambda *_: rows)
    files = (SAMPLES / "digits_1_0.png", DIGIT)
    code, out, _ = pinet("predict", "pinet_digits", *files, "--json")
    without, answered = json.loads(out, parse_constant=pytest.fail)  # NaN is no JSON
    assert (code, without["predictions"], answered["notes"]) == (0, [], [])
    assert "no answer" in without["notes"][0] and answered["predictions"][0]["class"] == "5"
    code, out, err = pinet("predict", "pinet_digits", *files)
    assert code == 0 and "nan" not in out and "digits_1_0.png: no answer" in err


def test_predict_refuses_what_is_not_an_image(pinet, tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("not an image")
    code, out, err = pinet("predict", "pinet_digits", path)
    assert (code, out) == (1, "")
    assert "notes.png" in err and err.count("\n") == 1
    code, _, err = pinet("predict", "pinet_digits", tmp_path / "absent.png")
    assert code == 1
    assert "no such file" in err


def test_predict_answers_for_the_others_where_a_file_is_damaged(pinet, tmp_path):
    damaged, absent = tmp_path / "damaged.png", tmp_path / "absent.png"
    damaged.write_bytes((SAMPLES / "digits_3_0.png").read_bytes()[:-30])
    files = [damaged, DIGIT, absent]
    code, out, err = pinet("predict", "pinet_digits", *files)
    assert code == 1 and "digits_5_0.png" in out and "damaged.png" not in out
    assert [line.split(":")[0] for line in err.splitlines()] == ["Error", "Error"]
    assert "damaged.png" in err and "absent.png" in err
    code, out, err = pinet("predict", "pinet_digits", *files, "--json")
    first, second, third = json.loads(out)
    assert (code, first["predictions"], third["predictions"]) == (1, [], [])
    assert "truncated" in first["error"] and "no such file" in third["error"]
    assert second["predictions"][0]["class"] == "5" and "error" not in second


def test_predict_takes_folders_and_prints_csv(pinet, tmp_path):
    for name in ("b_3_0.png", "a_5_0.PNG"):
        (tmp_path / name).write_bytes((SAMPLES / f"digits{name[1:].lower()}").read_bytes())
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "below").mkdir()
    code, out, err = pinet("predict", "pinet_digits", tmp_path, tmp_path / "none.png", "--csv", "--top", 2)
    header, *rows = csv.reader(out.splitlines())
    assert code == 1 and header == ["image", "rank", "class", "probability", "note"]
    files = [str(tmp_path / name) for name in ("a_5_0.PNG", "b_3_0.png", "none.png")]
    assert [row[:2] for row in rows] == [[file, rank] for file in files[:2] for rank in "12"] + [[files[2], ""]]
    assert (rows[0][2], rows[2][2]) == ("5", "3") and 0.5 < float(rows[0][3]) <= 1
    assert "no such file" in rows[4][4] and "no such file" in err
    code, out, err = pinet("predict", "pinet_digits", tmp_path / "below")
    assert (code, out) == (1, "") and "The folder holds no images" in err
    assert "not both" in pinet("predict", "pinet_digits", DIGIT, "--csv", "--json")[2]


def test_escape_characters_in_names_never_reach_the_terminal(pinet, tmp_path):
    """ESC starts a command, as does C1's CSI; \u202e turns the line around; \udcff is a byte that is no UTF-8."""
    name = "\x1b[31mred\x9b2J\u202e\udcff.png"
    path = tmp_path / name
    path.write_bytes((SAMPLES / "digits_5_0.png").read_bytes())
    absent = str(path).replace("red", "gone")
    seen = "\\x1b[31mred\\x9b2J\\u202e\\udcff.png"
    for options in ([], ["--csv"], ["--json"]):
        code, out, err = pinet("predict", "pinet_digits", path, absent, *options)
        assert code == 1 and seen.replace("red", "gone") in err
        assert not [each for each in out + err if not each.isprintable() and each != "\n"]
        if options == ["--json"]:
            assert json.loads(out)[0]["image"] == str(path)
        else:
            assert seen in out
    for arguments in (["info", "pinet_digits", name], ["train", f"{name}.toml"], [f"--{name}"], [name]):
        code, out, err = pinet(*arguments)
        assert code != 0 and not [each for each in out + err if not each.isprintable() and each != "\n"]


def test_train_prints_mean_and_spread_of_several_seeds(pinet, tmp_path, monkeypatch):
    from zoo.training import classifiers as training

    card = {**zoo.card("pinet_digits"), "seeds": {"accuracy": {"0": 0.98, "1": 0.96}, "mean": 0.97, "std": 0.0141}}
    monkeypatch.setattr(training, "train_seeds", lambda *args, **kwargs: card)
    code, out, _ = pinet("train", "pinet_digits", "--seeds", 2, "--run-dir", tmp_path)
    assert code == 0 and "over 2 seeds 97.00% ± 1.41%" in out


def test_evaluate_reproduces_the_card(pinet):
    code, out, _ = pinet("evaluate", "pinet_digits", "--json")
    result = json.loads(out)
    assert code == 0
    assert result["reproduces_card"] is True
    assert result["accuracy"] == zoo.card("pinet_digits")["accuracy"]["test"]


def test_evaluate_fails_where_the_card_claims_another_accuracy(pinet, cards):
    accuracy = zoo.card("pinet_digits")["accuracy"]
    cards("pinet_digits", accuracy={**accuracy, "test": accuracy["test"] - 0.01})
    code, out, _ = pinet("evaluate", "pinet_digits")
    assert code == 1
    assert "not the card's" in out


def test_evaluate_on_other_data_says_so(pinet, tmp_path):
    images = np.zeros((20, 8, 8, 1), "uint8")
    labels = np.arange(20) % 10
    np.savez(tmp_path / "other.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    code, out, _ = pinet("evaluate", "pinet_digits", "--data", tmp_path / "other.npz")
    assert code == 0
    assert "not the card's data" in out


def test_evaluate_draws_the_reliability_diagram_of_what_it_measured(pinet, tmp_path, monkeypatch):
    drawn = []
    draw = reliability_plot.draw_reliability
    monkeypatch.setattr(reliability_plot, "draw_reliability", lambda *given: drawn.append(draw(*given)) or drawn[-1])
    code, out, _ = pinet("evaluate", "pinet_digits", "--reliability", tmp_path / "r.png")
    assert code == 0 and "reliability diagram: " in out
    with Image.open(tmp_path / "r.png") as image:
        assert image.format == "PNG" and min(image.size) > 400
    result = evaluate("pinet_digits")
    for axis, key in zip(drawn[0].axes[:2], ("reliability", "reliability_calibrated"), strict=True):
        bars = {round(bar.get_x() * 15 + 0.001): bar.get_height() for bar in axis.patches}
        bins = result[key]
        full = [index for index in range(15) if bins["examples"][index]]
        assert sorted(bars) == full
        assert [bars[index] for index in full] == pytest.approx([bins["accuracy"][index] for index in full])
        points = [line.get_xydata()[0] for line in axis.lines[1:]]
        assert [x for x, _ in points] == pytest.approx([bins["confidence"][index] for index in full])
    assert f"{result['ece']:.1%}" in drawn[0].axes[0].get_title()
    counts = [bar.get_height() for bar in drawn[0].axes[2].patches]
    assert counts == pytest.approx(np.array(result["reliability"]["examples"]) / 360)


def test_what_cannot_be_drawn_is_refused_before_anything_is_measured(pinet, tmp_path, monkeypatch):
    monkeypatch.setattr("zoo.measuring.evaluate", None)
    code, _, err = pinet("evaluate", "pinet_digits_generator", "--reliability", tmp_path / "r.png")
    assert code == 1 and "--reliability" in err and err.count("\n") == 1
    code, _, err = pinet("evaluate", "pinet_digits", "--reliability", tmp_path / "missing" / "r.png")
    assert code == 1 and "missing" in err and err.count("\n") == 1


def test_train_writes_card_and_weights(pinet, tmp_path):
    recipe = (zoo.paths.RECIPES / "pinet_digits.toml").read_text().replace("validation = 300", "validation = 50")
    (tmp_path / "mine.toml").write_text(recipe)
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (200, 8, 8, 1), dtype="uint8"), rng.integers(0, 10, 200)
    np.savez(tmp_path / "mine.npz", x_train=images, y_train=labels, x_test=images[:50], y_test=labels[:50])
    places = ["--data", tmp_path / "mine.npz", "--run-dir", tmp_path / "run", "--out", tmp_path / "out"]
    changes = ["--set", "learning_rate=3e-3", "--set", "architecture_arguments.width=4", "--epochs", 2]
    code, out, err = pinet("train", tmp_path / "mine.toml", *changes, *places)
    assert code == 0, err
    assert "test accuracy" in out
    card = json.loads((tmp_path / "out" / "cards" / "pinet_digits.json").read_text())
    assert (card["training"]["epochs"], card["training"]["recipe"]["learning_rate"]) == (2, 0.003)
    assert card["architecture_arguments"]["width"] == card["training"]["recipe"]["architecture_arguments"]["width"] == 4
    code, _, err = pinet("train", tmp_path / "mine.toml", *changes, "--set", "seed=1", *places)
    assert code == 1 and "holds a run that differs in seed" in err
    code, _, err = pinet("train", tmp_path / "mine.toml", *changes, "--set", "epochs=3", *places)
    assert code == 1 and "'epochs' is changed twice" in err
    assert (tmp_path / "out" / "weights" / card["weights"]["file"]).stat().st_size == card["weights"]["bytes"]


def test_train_refuses_an_unknown_recipe_key(pinet, tmp_path):
    recipe = (zoo.paths.RECIPES / "pinet_digits.toml").read_text()
    (tmp_path / "mine.toml").write_text(recipe.replace("epochs", "epoch"))
    code, _, err = pinet("train", tmp_path / "mine.toml")
    assert code == 1
    assert "'epoch'" in err


def test_certify_holds_for_a_shipped_model_and_is_measured(pinet):
    code, out, _ = pinet("certify", "pinet_digits", "--verify", "--json")
    report, card = json.loads(out), zoo.card("pinet_digits")
    assert code == 0
    assert report["claim"] == {"tier": card["tier"], "degree": card["degree"], "holds": True}
    assert report["degree"] == card["degree"]
    assert report["verification"]["verdict"] == "holds"


def test_certify_fails_where_the_card_claims_too_much(pinet, cards):
    cards("pinet_digits", degree=zoo.card("pinet_digits")["degree"] + 1)
    code, out, _ = pinet("certify", "pinet_digits")
    assert code == 1
    assert "does not hold" in out


def test_certify_names_the_reason_in_a_third_party_model(pinet, tmp_path):
    import keras

    path = tmp_path / "third_party.keras"
    layers = [keras.layers.Dense(4, name="wide"), keras.layers.ReLU(name="bend"), keras.layers.Dense(2)]
    keras.Sequential([keras.Input((3,)), *layers]).save(path)
    code, out, _ = pinet("certify", path)
    assert code == 0  # nothing was claimed
    assert "not polynomial" in out
    assert "bend" in out


def test_certify_loads_a_third_party_model_in_safe_mode(pinet, tmp_path):
    import keras

    path = tmp_path / "lambda.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x + 1)]).save(path)
    code, _, err = pinet("certify", path)
    assert code == 1
    assert "Lambda" in err
    assert err.count("\n") == 1


def test_boundary_draws_and_lists_the_crossings(pinet, tmp_path):
    from zoo.data.images import read_image

    files, drawing = [SAMPLES / "digits_5_0.png", SAMPLES / "digits_3_0.png"], tmp_path / "boundary.png"
    code, out, _ = pinet("boundary", "pinet_digits", files[0], "--toward", files[1], "-o", drawing, "--json")
    assert code == 0
    changes = json.loads(out)["crossings"]
    assert drawing.read_bytes().startswith(b"\x89PNG")
    model = zoo.load("pinet_digits")
    start, end = (read_image(file, (8, 8, 1)).astype("float64") for file in files)
    for change in changes:  # a hair before and behind, the decision is what the table says
        ts = np.array([change["t"] - 1e-3, change["t"] + 1e-3]).reshape(-1, 1, 1, 1)
        classes = model.predict(start + ts * (end - start), verbose=0).argmax(axis=1)
        assert [str(index) for index in classes] == [change["before"], change["after"]]
    assert (changes[0]["before"], changes[-1]["after"]) == ("5", "3")


def test_boundary_draws_a_line_between_two_images_and_a_triangle_between_three(pinet, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    saved, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, *args, **options: saved.append(self) or save(self, *args, **options)
    )
    files, card = [SAMPLES / f"digits_{digit}_0.png" for digit in (5, 3, 8)], zoo.card("pinet_digits")
    arguments = ["boundary", "pinet_digits", files[0], "--toward", files[1], "-o", tmp_path / "b.png", "--json"]
    changes = json.loads(pinet(*arguments)[1])["crossings"]
    (line,) = saved
    axes, *frames = line.axes
    assert f"pinet_digits, degree {card['degree']}" in line.get_suptitle()
    assert "digits_5_0" in axes.get_xlabel() and "digits_3_0" in axes.get_xlabel()
    curves = {curve.get_label(): curve.get_ydata() for curve in axes.lines if len(curve.get_xdata()) > 2}
    logits = np.array(card["golden"]["logits"])[[5, 3]] / card["calibration"]["temperature"]
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    for digit in ("5", "3"):
        assert curves[digit][[0, -1]] == pytest.approx(expected[:, int(digit)], abs=2e-3)
    marks = [float(curve.get_xdata()[0]) for curve in axes.lines if len(curve.get_xdata()) == 2]
    assert marks == [change["t"] for change in changes]
    first, last = (np.asarray(frames[index].images[0].get_array()) for index in (0, -1))
    for shown, file in ((first, files[0]), (last, files[1])):
        np.testing.assert_array_equal(shown, np.asarray(Image.open(file)))
    assert pinet(*arguments, "--third", files[2])[0] == 0
    triangle = saved[1].axes[0]
    assert [text.get_text() for text in triangle.texts] == ["digits_5_0", "digits_3_0", "digits_8_0"]
    assert len(triangle.child_axes) == 3 and f"degree {card['degree']}" in triangle.get_title()


def test_boundary_shows_how_far_its_drawing_is(pinet, tmp_path, monkeypatch):
    from contextlib import contextmanager

    shown = []

    @contextmanager
    def recorded(words):
        yield lambda done, count: shown.append((words, done, count))

    monkeypatch.setattr("zoo.cli.boundary.progress", recorded)
    monkeypatch.setattr("zoo.cli.boundary.BATCH", 10)
    first, second, third = (SAMPLES / f"digits_{digit}_0.png" for digit in (5, 3, 8))
    arguments = ["boundary", "pinet_digits", first, "--toward", second, "-o", tmp_path / "b.png"]
    assert pinet(*arguments, "--third", third)[0] == 0
    points = (zoo.card("pinet_digits")["degree"] + 1) ** 2
    drawn = [each for each in shown if each[2] == points]  # not the points at which rounding is measured
    assert drawn[-3:] == [("drawing", done, points) for done in (10, 20, 25)]
    assert shown[0][0] == "where the decision changes"


def test_boundary_refuses_what_is_not_an_image(pinet, tmp_path):
    (tmp_path / "text.png").write_text("not an image")
    code, _, err = pinet("boundary", "pinet_digits", DIGIT, "--toward", tmp_path / "text.png")
    assert code == 1
    assert "text.png" in err


def test_interruption_is_exit_code_130(pinet, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "list_models", interrupt)
    assert pinet("list")[0] == 130


def test_a_closed_pipe_is_no_traceback():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "zoo.cli.commands", "info", "pinet_digits", "--json"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60)
    os.close(writing)
    assert done.returncode != 0
    assert done.stderr == b""


def test_a_command_with_many_models_says_nothing_of_retracing(caplog, monkeypatch):
    with console.waiting("starting"):
        pass
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "propagate", True)  # to where the test listens
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        logger.warning(
            "5 out of the last 5 calls to <function f> triggered tf.function retracing. Tracing is expensive"
        )
        logger.warning("something else")
    assert [record.getMessage() for record in caplog.records if record.name == "tensorflow"] == ["something else"]


def test_the_quiet_start_lets_through_what_is_no_chatter(capfd):
    with console.quiet_start():
        os.write(2, b"I0000 00:00:17 1 cudart_stub.cc:31] Could not find cuda drivers\nsomething that matters\n")
    assert capfd.readouterr().err == "something that matters\n"


def test_names_complete_in_the_shell():
    words = {"_PINET_COMPLETE": "complete_bash", "COMP_WORDS": "pinet info pinet_d", "COMP_CWORD": "2"}
    script = "import sys; sys.argv = ['pinet']; from zoo.cli.commands import app; app(prog_name='pinet')"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env={**os.environ, **words}, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == zoo.list_models("pinet_d*") != [], done.stderr


@pytest.mark.parametrize(
    "words, expected",
    [
        (formatting.human_count(950), "950"),
        (formatting.human_count(13_834), "13.8 k"),
        (formatting.human_count(138_340), "138 k"),
        (formatting.human_count(1_220_362), "1.22 M"),
        (formatting.human_count(999_999), "1.00 M"),
        (formatting.human_bytes(950), "950 B"),
        (formatting.human_bytes(9_850_976), "9.85 MB"),
        (formatting.human_seconds(0.84), "0.8 s"),
        (formatting.human_seconds(42), "42 s"),
        (formatting.human_seconds(840), "14 min"),
        (formatting.human_seconds(7500), "2 h 5 min"),
        (formatting.human_interval(0.9893, 0.9942), "98.9 – 99.4 %"),
    ],
)
def test_human_units(words, expected):
    assert words == expected


def test_an_audio_model_is_listed_asked_and_certified(pinet):
    name, file = "pinet_spoken_digit", SAMPLES / "spoken_digit_7_0.wav"
    (result,) = json.loads(pinet("predict", name, file, "--json")[1])
    assert result["audio"] == str(file) and result["predictions"][0]["class"] == "7"
    assert "samples of 16 bits" in pinet("info", name)[1]
    assert "from the spectrogram on" in pinet("certify", name)[1]
    code, out, _ = pinet("certify", name, "--verify", "--json")
    report = json.loads(out)
    assert code == 0 and report["claim"]["holds"] and report["verification"]["verdict"] == "holds"
    code, _, err = pinet("predict", name, DIGIT)
    assert code == 1 and "no WAV file" in err
    code, _, err = pinet("boundary", name, DIGIT, "--toward", DIGIT)
    assert code == 1 and f"{name} is a model for audio classification" in err
    code, _, err = pinet("export", name, "models")
    assert code == 1 and "Models for audio classification cannot be exported yet" in err


def test_devices_that_are_not_there_are_reported(pinet, tmp_path):
    code, _, err = pinet("train", "pinet_digits", "--devices", 64, "--run-dir", tmp_path)
    assert code == 1 and "Found only" in err and "Received: devices=64" in err
    code, _, err = pinet("train", "pinet_digits_generator", "--devices", 2)
    assert (
        code == 1
        and "--devices is for image classification and audio classification. Received: pinet_digits_generator" in err
    )


def test_a_third_party_layer_is_not_skipped_for_its_name(pinet, tmp_path):
    import keras

    third_party = keras.Sequential([keras.Input((4,)), keras.layers.ReLU(name="front_end"), keras.layers.Dense(2)])
    third_party.save(tmp_path / "s.keras")
    assert json.loads(pinet("certify", tmp_path / "s.keras", "--json")[1])["tier"] is None
