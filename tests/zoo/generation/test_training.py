"""Training a generator on the digits: killed and resumed, diverged, collapsed, published."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import zoo
from zoo.data.loading import load_set
from zoo.generation import epoch_sheets, evaluation
from zoo.generation.gan import GAN
from zoo.generation.training import train
from zoo.recipes import GeneratorRecipe, read_recipe

RECIPE = replace(
    read_recipe("pinet_digits_generator"),
    epochs=4,
    second_classifier="resnet_digits",
    augment=True,
    loss="relativistic",
    range_penalty=1.0,
    architecture_arguments={"width": 8, "stages": 1},
    discriminator_arguments={"width": 8, "stages": 1},
)
CODE = """
import sys
from dataclasses import replace
from zoo.recipes import GeneratorRecipe
from zoo.generation.training import train
train(GeneratorRecipe(**{recipe!r}), run_dir=sys.argv[1])
"""


def start(folder):
    from dataclasses import asdict

    return subprocess.Popen([sys.executable, "-c", CODE.format(recipe=asdict(RECIPE)), str(folder)])


def epochs_logged(folder):
    log = folder / "log.csv"
    return len(list(csv.DictReader(log.open()))) if log.exists() else 0


def read_card(folder):
    (path,) = (folder / "cards").glob("*.json")
    card = json.loads(path.read_text(encoding="utf-8"))
    card["training"].pop("seconds")
    return card


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    assert start(folder).wait(timeout=300) == 0
    return folder


def test_a_killed_and_resumed_run_ends_as_an_uninterrupted_one(unbroken, tmp_path):
    process = start(tmp_path)
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and epochs_logged(tmp_path) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 2 <= epochs_logged(tmp_path) < 4
    assert start(tmp_path).wait(timeout=300) == 0
    assert read_card(tmp_path) == read_card(unbroken)  # sha256 of the weights included


def test_the_card_of_a_generator_holds_its_metrics(unbroken):
    card = read_card(unbroken)
    assert card["task"] == "image generation"
    assert (card["tier"], card["degree"]) == (2, 10)
    assert card["quality"]["classifier"] == "pinet_digits" and card["quality"]["samples"] == 1437
    real = card["baselines"]["training images"]
    assert real["class_accuracy"] > 0.97 and real["recall"] > 0.7
    assert real["frechet_distance"] < card["quality"]["frechet_distance"]


def test_a_trained_card_on_disk_can_be_loaded_and_measured(unbroken):
    from zoo.generation.evaluation import measure
    from zoo.measuring import evaluate

    (path,) = (unbroken / "cards").glob("*.json")
    assert zoo.load(path).count_params() == read_card(unbroken)["parameters"]
    result = evaluate(path)
    assert result["same_data_as_card"] and result["reproduces_card"]
    second = result["second_evaluation"]
    assert second["classifier"] == "resnet_digits" and second["frechet_distance"] != result["frechet_distance"]
    for place in ("quality", "second_evaluation"):
        card = zoo.card(path)
        (card if place == "quality" else card[place])["quality"]["recall"] += 0.002
        assert not measure(path, card, load_set("digits"))["as_on_card"]


def test_info_and_evaluate_show_both_classifiers(unbroken, pinet):
    code, out, _ = pinet("evaluate", unbroken)
    assert code == 0
    for words in (out, pinet("info", unbroken)[1]):
        assert "in the features of pinet_digits" in words and "in the features of resnet_digits" in words


def test_a_second_classifier_that_is_not_installed_is_named(unbroken, pinet, monkeypatch):
    monkeypatch.setattr(evaluation, "has_weights", lambda name: name != "resnet_digits")
    code, out, _ = pinet("evaluate", unbroken)
    assert code == 0 and "Not measured by resnet_digits: its weights are not in this installation." in out
    assert "in the features of pinet_digits" in out and "in the features of resnet_digits" not in out


def test_a_finished_run_started_again_only_writes_its_card_again(unbroken):
    before = read_card(unbroken)
    assert start(unbroken).wait(timeout=300) == 0
    assert read_card(unbroken) == before


def test_a_finished_run_accepts_another_note_and_other_baselines(unbroken, tmp_path):
    recipe = replace(RECIPE, note="an hour was all there was", baselines=["pinet_digits_generator"])
    card = train(recipe, run_dir=unbroken, out_dir=tmp_path, console=Console(file=StringIO()))
    baseline = zoo.card("pinet_digits_generator")["quality"]
    assert card["note"] == "an hour was all there was"
    assert card["baselines"]["pinet_digits_generator"]["recall"] == pytest.approx(baseline["recall"], abs=0.02)
    assert card["weights"]["sha256"] == read_card(unbroken)["weights"]["sha256"]


def test_every_epoch_writes_a_sheet_and_metrics(unbroken):
    rows = list(csv.DictReader((unbroken / "log.csv").open()))
    assert {"discriminator_loss", "generator_loss", "class_accuracy", "frechet_distance", "diversity"} <= set(rows[0])
    sheets = sorted((unbroken / "sheets").glob("*.png"))
    assert [sheet.name for sheet in sheets] == [f"epoch_00{epoch}.png" for epoch in (1, 2, 3, 4)]
    assert Image.open(sheets[0]).size > (10 * 64, 8 * 64)


def test_mode_collapse_is_reported(tmp_path, monkeypatch):
    """The threshold is raised to where a short run is sure to fall below it."""
    monkeypatch.setattr(epoch_sheets, "COLLAPSED", 100.0)
    stream = StringIO()
    train(replace(RECIPE, epochs=1), run_dir=tmp_path, console=Console(file=stream, width=200))
    assert "epoch 1: mode collapse" in stream.getvalue()


def test_divergence_ends_the_run_and_keeps_the_last_good_epoch(tmp_path, monkeypatch):
    from zoo.generation.noise_batches import NoiseBatches

    real = NoiseBatches.__getitem__

    def poisoned(self, step):
        (batch,) = real(self, step)
        latents = batch["latents"] * (np.nan if self.epoch == 1 else 1)
        return ({**batch, "latents": latents},)

    monkeypatch.setattr(NoiseBatches, "__getitem__", poisoned)
    with pytest.raises(ValueError, match="loss of epoch 2 is nan"):
        train(RECIPE, run_dir=tmp_path, console=Console(file=StringIO()))
    assert epochs_logged(tmp_path) == 1
    monkeypatch.undo()
    card = train(replace(RECIPE, epochs=4), run_dir=tmp_path, console=Console(file=StringIO()))
    assert card["training"]["epochs"] == 4


def test_ctrl_c_reports_what_is_kept(tmp_path, monkeypatch):
    def ctrl_c(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(GAN, "fit", ctrl_c)
    console = Console(file=StringIO(), width=400)
    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, run_dir=tmp_path, console=console)
    assert f"stopped before the end of its first epoch: no epoch is kept in {tmp_path}" in console.file.getvalue()


def test_a_classifier_of_that_name_and_a_run_of_another_task_are_refused(tmp_path):
    with pytest.raises(ValueError, match="No model has that name.*nobody"):
        train(replace(RECIPE, classifier="nobody"), run_dir=tmp_path)
    with pytest.raises(ValueError, match="No model has that name.*nobody"):
        train(replace(RECIPE, feature_maps="nobody"), run_dir=tmp_path)
    with pytest.raises(ValueError, match="pinet_digits is a model for image classification"):
        train(replace(RECIPE, baselines=["pinet_digits"]), run_dir=tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"recipe": {}, "dataset_sha256": "", "backend": "tensorflow"}))
    (tmp_path / "checkpoint.npz").touch()  # without one, nothing would be lost
    with pytest.raises(ValueError, match="run of another task, image classification"):
        train(RECIPE, run_dir=tmp_path)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"latent_size": 0}, "'latent_size' must be above 0"),
        ({"label_size": -1}, "'label_size' must be 0 or more"),
        ({"ema_momentum": 1.0}, "'ema_momentum' must be at least 0 and below 1"),
        ({"baselines": "dcgan"}, "'baselines' must be of type list"),
        ({"loss": "hing"}, "'loss' is unknown; did you mean hinge"),
        ({"range_penalty": -1.0}, "'range_penalty' must be 0 or more"),
        ({"feature_maps": "pinet_digits"}, "'classifier' must be a classifier without a part in training the run"),
        ({"validation_classifier": "resnet_digits"}, "'second_classifier' must be a classifier without a part"),
    ],
)
def test_wrong_values_in_a_recipe_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        replace(RECIPE, **change)


def test_the_task_of_a_recipe_chooses_its_keys(tmp_path):
    assert isinstance(read_recipe("pinet_digits_generator"), GeneratorRecipe)
    path = tmp_path / "r.toml"
    path.write_text('task = "image generation"\nname = "x"\nlabel_smoothing = 0.1\n')
    with pytest.raises(ValueError, match="Unknown key in r.toml.*'label_smoothing'"):
        read_recipe(path)
    path.write_text('task = "dreaming"\n')
    with pytest.raises(ValueError, match="'task' must be one of.*Received: 'dreaming'"):
        read_recipe(path)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_training_on_the_other_backends(tmp_path, backend, small_npz):
    import importlib.util
    from dataclasses import asdict

    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"the {backend} backend is not installed")
    recipe = asdict(replace(RECIPE, epochs=1, batch_size=20))
    code = CODE.replace("run_dir=", f"data={str(small_npz)!r}, run_dir=").format(recipe=recipe)
    if backend == "jax":  # as where TensorFlow is not installed
        code = "import sys; sys.modules['tensorflow'] = sys.modules['tensorflow_datasets'] = None\n" + code
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=300, env=environment)
    assert read_card(tmp_path)["training"]["backend"] == backend
