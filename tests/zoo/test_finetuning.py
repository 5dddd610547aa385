"""Fine-tuning: what stays of the source, what is new, how it ends, and how it is resumed."""

import json
from dataclasses import replace
from io import StringIO

import keras
import numpy as np
import pytest
from rich.console import Console

import zoo
from zoo.data.opening import open_data
from zoo.epochs import best_epoch, has_ended
from zoo.recipes import Recipe
from zoo.runs import read_run
from zoo.training import fitting
from zoo.training.batch_norm import recompute_statistics
from zoo.training.callbacks import stop_at_divergence
from zoo.training.callbacks.early_stopping import EarlyStopping
from zoo.training.checkpoint import Checkpoint
from zoo.training.classifiers import train
from zoo.training.finetuning import finetuning_recipe, open_for_finetuning

SOURCE = "pinet_digits"
QUICK = {"epochs": 4, "frozen_epochs": 2, "batch_size": 40, "early_stopping": 0}


@pytest.fixture
def arrays():
    """Three classes of stripes with noise, in colour and of another size than the source's 8×8 in grey."""
    generator = np.random.default_rng(0)
    labels = np.arange(240) % 3
    stripes = np.stack([np.arange(12) // (1 + label) % 2 * 100 for label in labels])
    images = stripes[:, :, None, None] + generator.integers(0, 150, (240, 12, 12, 3))
    return images.astype("uint8"), np.array(["one", "two", "three"])[labels]


@pytest.fixture
def data_set(arrays):
    return open_for_finetuning(SOURCE, arrays)


def recipe_for(data_set, **values):
    return replace(finetuning_recipe(SOURCE, data_set), **{**QUICK, **values})


def prepared(data_set, **values):
    recipe = recipe_for(data_set, **values)
    model = fitting.prepare(recipe, data_set)
    model.run_eagerly = True  # tracing takes longer than a few steps
    return model, recipe


def norms(model):
    return [part for part in model._flatten_layers() if isinstance(part, keras.layers.BatchNormalization)]


def body(model):
    """Weights of all layers but the head, moving statistics included."""
    return [weights for layer in model.layers if layer.name != "logits" for weights in layer.get_weights()]


def same(one, other):
    return [np.array_equal(a, b) for a, b in zip(one, other, strict=True)]


# What the network gets.


def test_layers_and_scaling_are_the_sources_and_the_head_is_new(data_set):
    source, (model, _) = zoo.load(SOURCE), prepared(data_set)
    assert model.get_layer("logits").kernel.shape[-1] == 3
    assert model.get_layer("pixels").mean == source.get_layer("pixels").mean != data_set.pixel_statistics[0]
    assert model.get_layer("pixels").std == source.get_layer("pixels").std
    theirs, own = ([w for w in each.weights if "moving" not in w.path] for each in (source, model))
    kept = [np.array_equal(a, b) for a, b in zip(theirs, own, strict=True) if "logits" not in a.path]
    assert kept and all(kept)


def test_the_same_classes_of_another_data_set_get_a_new_head_too(data_set):
    names = tuple(zoo.card(SOURCE)["class_names"])
    other = replace(data_set, class_names=names)
    model, _ = prepared(other)
    assert not np.array_equal(model.get_layer("logits").kernel, zoo.load(SOURCE).get_layer("logits").kernel)
    model, _ = prepared(replace(other, name="digits"), dataset="digits")
    assert np.array_equal(model.get_layer("logits").kernel, zoo.load(SOURCE).get_layer("logits").kernel)


def test_statistics_of_the_new_images_keep_the_scale_of_the_products():
    """Images of half the contrast: behind two products the features would vary less than half as much."""
    digits = open_data("digits").x_train[:100]
    model, _ = prepared(open_for_finetuning(SOURCE, (digits // 2, np.arange(100) % 2)), batch_size=16)
    theirs = zoo.load(SOURCE, include_top=False)
    own = keras.Model(model.input, model.get_layer("features").output)
    usual, without, found = (
        body.predict(images, verbose=0).std(axis=0).mean()
        for body, images in ((theirs, digits), (theirs, digits // 2), (own, digits // 2))
    )
    assert without < 0.5 * usual and found == pytest.approx(usual, rel=0.2)


def test_the_statistics_are_of_training_images_alone(data_set):
    model, recipe = prepared(data_set)
    expected = zoo.load(SOURCE, num_classes=3)
    recompute_statistics(expected, data_set.x_train[: -recipe.validation])
    for one, other in zip(norms(model), norms(expected), strict=True):
        np.testing.assert_allclose(one.moving_variance, other.moving_variance, rtol=1e-5)


# The two phases.


def test_with_a_frozen_body_neither_its_weights_nor_its_statistics_move(data_set):
    model, recipe = prepared(data_set)
    before, head = body(model), model.get_layer("logits").get_weights()
    images = data_set.x_train[:40]
    one, other = (keras.ops.convert_to_numpy(model(images, training=training)) for training in (True, False))
    np.testing.assert_array_equal(one, other)  # inference mode
    fitting.run_epochs(model, recipe, data_set, epochs=2)
    assert all(same(before, body(model))) and not any(same(head, model.get_layer("logits").get_weights()))


def test_a_high_loss_ends_a_run_only_when_the_body_is_trained(data_set, monkeypatch):
    monkeypatch.setattr(stop_at_divergence, "FACTOR", 0.0)  # every loss is high
    model, recipe = prepared(data_set, epochs=5, frozen_epochs=2)
    with pytest.raises(ValueError, match="loss of epoch 4 is "):
        fitting.run_epochs(model, recipe, data_set)


def test_afterwards_everything_moves_that_moved_in_the_training_of_the_source(data_set):
    source = "pinet_cifar10_encrypted"  # with a whitening layer, which is never trained
    data_set = open_for_finetuning(source, (np.asarray(data_set.x_train), data_set.y_train))
    recipe = replace(finetuning_recipe(source, data_set), **QUICK | {"epochs": 2, "frozen_epochs": 1}, cutout=0)
    model = fitting.prepare(recipe, data_set)
    assert len(model.trainable_variables) == 2
    before = body(model)
    model.run_eagerly = True
    fitting._compile(model, recipe, data_set, epoch=1)
    model.run_eagerly = True
    batch = np.asarray(data_set.x_train[:4]), np.eye(data_set.y_train.max() + 1)[data_set.y_train[:4]]
    model.train_on_batch(*batch)
    moved = [not each for each in same(before, body(model))]
    paths = [each.path for layer in model.layers if layer.name != "logits" for each in layer.weights]
    assert [path for path, each in zip(paths, moved, strict=True) if not each] == ["whitening/kernel"]


def test_the_recipe_has_a_lower_rate_for_the_whole_network_and_the_sources_augmentation(arrays):
    recipe = finetuning_recipe("pinet_mnist", open_for_finetuning("pinet_mnist", arrays))
    assert 0 < recipe.learning_rate <= recipe.frozen_learning_rate / 5
    assert 0 < recipe.frozen_epochs < recipe.epochs and recipe.early_stopping and not recipe.ema_momentum
    assert (recipe.shift, recipe.rotate, recipe.zoom, recipe.label_smoothing) == (2, 10.0, 0.1, 0.1)
    assert recipe.batch_size <= (240 - recipe.validation) / 5 and recipe.initial == "pinet_mnist"


@pytest.mark.parametrize("count", [6, 60, 20_000])
def test_batches_and_epochs_follow_from_the_number_of_examples(count):
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 1), dtype="uint8")
    recipe = finetuning_recipe(SOURCE, open_for_finetuning(SOURCE, (images, np.arange(count) % 2)))
    steps = (0.7 * count) // recipe.batch_size
    assert steps >= 1 and recipe.frozen_epochs + 10 <= recipe.epochs <= 120
    assert recipe.batch_size == {6: 1, 60: 8, 20_000: 128}[count]


# Sizes and channels.


@pytest.mark.parametrize("source, channels", [("pinet_digits", 1), ("pinet_cifar10_encrypted", 3)])
def test_images_get_the_sources_size_and_channels(arrays, source, channels):
    images, labels = arrays
    for given in (images, images[..., :1]):
        data_set = open_for_finetuning(source, (given, labels))
        assert data_set.shape == tuple(zoo.card(source)["input_shape"]) and data_set.shape[-1] == channels
    grey = np.asarray(data_set.x_train)
    assert (grey == grey[..., :1]).all() and grey.std() > 10


def test_audio_clips_are_refused_by_a_model_of_images():
    clips = np.random.default_rng(0).integers(-3000, 3000, (40, 4000), dtype="int16")
    with pytest.raises(ValueError, match="holds audio clips, and a size of images is asked for|takes examples of the"):
        open_for_finetuning(SOURCE, (clips, np.arange(40) % 2))
    with pytest.raises(ValueError, match="pinet_digits_generator is a model for image generation"):
        open_for_finetuning("pinet_digits_generator", (clips, np.arange(40) % 2))


# The end.


def rows(*pairs):
    return [{"val_accuracy": accuracy, "val_loss": loss} for accuracy, loss in pairs]


def test_the_best_epoch_has_the_highest_accuracy_then_the_lowest_loss_then_comes_first():
    assert best_epoch([]) == 0
    assert best_epoch(rows((0.5, 1.0), (0.7, 2.0), (0.6, 0.1))) == 2
    assert best_epoch(rows((0.5, 1.0), (0.5, 0.9), (0.5, 0.9))) == 2
    assert best_epoch(rows((0.5, None), (0.5, 3.0), (None, 0.1))) == 2
    assert best_epoch(rows(("0.5", "1.0"), ("0.6", ""), ("0.6", "2.0"))) == 3  # as in log.csv
    assert best_epoch(rows((0.5, float("nan")), (0.5, 9.0))) == 2


def test_a_run_ends_so_many_epochs_after_its_best_and_frozen_ones_do_not_count():
    falling = rows((0.9, 1.0), (0.8, 1.0), (0.7, 1.0), (0.6, 1.0))
    recipe = {"epochs": 10, "early_stopping": 2, "frozen_epochs": 0}
    assert [has_ended(falling[:done], recipe) for done in range(5)] == [False, False, False, True, True]
    assert [has_ended(falling[:done], recipe | {"frozen_epochs": 2}) for done in range(5)] == [False] * 4 + [True]
    assert not has_ended(falling, {"epochs": 10}) and has_ended(falling, {"epochs": 4})


def test_a_resumed_run_remembers_its_best_epoch(tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    recipe = Recipe("small", "a small one", "digits", "pinet", 9, 60, 0.1, 60, early_stopping=3)
    accuracies = (0.5, 0.9, 0.8, 0.7, 0.6)
    for epoch, accuracy in enumerate(accuracies):  # a start of the run for each epoch
        checkpoint = Checkpoint(tmp_path)
        assert checkpoint.restore(model) == epoch
        stopping = EarlyStopping(recipe, checkpoint)
        assert not stopping.ended
        for callback in (stopping, checkpoint):
            callback.set_model(model)
            callback.on_train_begin()
        model.set_weights([np.full((1, 1), epoch + 1)])
        for callback in (stopping, checkpoint):
            callback.on_epoch_end(epoch, {"val_accuracy": accuracy, "val_loss": 1.0})
    assert stopping.ended and model.stop_training
    stopping.give_best(model)
    assert np.asarray(model.get_weights()[0]).item() == 2


# Whole runs.


def quiet():
    return Console(file=StringIO())


class Interrupted(BaseException):
    """In the place of a kill: what is not on disk by then is lost."""


def test_a_run_that_is_stopped_in_each_phase_and_between_them_ends_as_an_unbroken_one(data_set, tmp_path, monkeypatch):
    recipe = recipe_for(data_set, shift=1, epochs=3, frozen_epochs=1, early_stopping=9)
    whole = train(recipe, data=data_set, run_dir=tmp_path / "whole", console=quiet())
    save = Checkpoint.on_epoch_end

    def save_and_stop(self, epoch, logs=None):
        save(self, epoch, logs)
        raise Interrupted

    monkeypatch.setattr(Checkpoint, "on_epoch_end", save_and_stop)
    for _ in range(recipe.epochs):
        with pytest.raises(Interrupted):
            train(recipe, data=data_set, run_dir=tmp_path / "broken", console=quiet())
    monkeypatch.setattr(Checkpoint, "on_epoch_end", save)
    broken = train(recipe, data=data_set, run_dir=tmp_path / "broken", console=quiet())
    for card in (whole, broken):
        card["training"].pop("seconds")
    assert broken == whole  # checksum of the weights included


def test_the_folder_of_a_run_that_stopped_early_is_a_finished_one(data_set, tmp_path, monkeypatch, pinet):
    monkeypatch.chdir(tmp_path)
    recipe = recipe_for(data_set, epochs=60, frozen_epochs=1, early_stopping=2, learning_rate=1e-7)
    card = train(recipe, data=data_set, run_dir="runs/mine", console=quiet())
    assert card["training"]["epochs"] < 60 and card["training"]["best_epoch"] <= card["training"]["epochs"] - 2
    run = read_run(tmp_path / "runs/mine")
    assert (run.state, run.epochs_done, run.epochs) == ("finished", card["training"]["epochs"], 60)
    (tmp_path / "runs/mine/starts.json").unlink()  # which older runs have not
    assert read_run(tmp_path / "runs/mine").state == "finished"
    assert run.best == pytest.approx(card["accuracy"]["validation"], abs=0.03)  # rounded to float16
    assert zoo.card("runs/mine") == card and zoo.load("runs/mine").output_shape == (None, 3)
    assert card["training"]["initial_sha256"] == zoo.card(SOURCE)["weights"]["sha256"]
    assert card["tier"] >= 2 and card["degree"] == zoo.card(SOURCE)["degree"]
    console = quiet()
    again = train(recipe, data=data_set, run_dir="runs/mine", console=console)
    assert again == card and "stopped early after" in console.file.getvalue()
    code, out, _ = pinet("predict", "runs/mine", zoo.paths.SAMPLES / "digits_5_0.png")
    assert code == 0 and any(name in out for name in ("one", "two", "three"))


def test_pinet_finetune_trains_writes_and_resumes(arrays, tmp_path, monkeypatch, pinet):
    monkeypatch.chdir(tmp_path)
    np.savez("mine.npz", x=arrays[0], y=arrays[1])
    quick = [f"--set={key}={value}" for key, value in (QUICK | {"epochs": 2, "frozen_epochs": 1}).items()]
    command = ["finetune", SOURCE, "--data", "mine.npz", "--set", "name=stripes", *quick]
    code, out, err = pinet(*command)
    assert code == 0 and "stripes" in out and "pinet evaluate runs/stripes --data mine.npz" in out, err
    card = json.loads((tmp_path / "runs/stripes/cards/stripes.json").read_text(encoding="utf-8"))
    assert card["class_names"] == ["one", "three", "two"] and card["description"] == f"{SOURCE}, fine-tuned on mine.npz"
    log = tmp_path / "runs/stripes/log.csv"
    log.write_text("".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[:2]), encoding="utf-8")
    code, out, err = pinet("info", "runs/stripes")
    assert code == 1 and "1 of 2 epochs are done" in err and "`pinet finetune pinet_digits --data mine.npz" in err
    code, out, err = pinet(*command)
    assert code == 0 and "finished run" in err
    code, out, err = pinet("finetune", "pinet_digits_generator", "--data", "mine.npz")
    assert code == 1 and "is a model for image generation" in err


def test_zoo_finetune_gives_the_card(arrays, tmp_path):
    changes = [f"{key}={value}" for key, value in (QUICK | {"epochs": 1, "frozen_epochs": 1}).items()]
    card = zoo.finetune(SOURCE, arrays, changes=[*changes, "name=mine"], run_dir=tmp_path, console=quiet())
    assert card == zoo.card(tmp_path) and card["name"] == "mine" and card["dataset"]["name"] == "arrays"
    starts = json.loads((tmp_path / "starts.json").read_text(encoding="utf-8"))
    assert starts[0]["options"]["data"] == "DataSet" and starts[0]["data_set"]["name"] == "arrays"
