"""A run that diverges is ended, and its last good epoch is kept."""

import math

import keras
import numpy as np
import pytest

from zoo.training.callbacks.stop_at_divergence import StopAtDivergence
from zoo.training.checkpoint import Checkpoint

HIGH = 3.01 * math.log(10)  # above the limit for ten classes
LOW = 2.99 * math.log(10)


@pytest.fixture
def run(tmp_path):
    """Plays epochs of given losses, each leaving its number as the model's weight, as a start of a run would."""

    def play(*losses, frozen_epochs=0):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
        model.compile("sgd", "mse")
        model.optimizer.build(model.trainable_variables)
        checkpoint = Checkpoint(tmp_path)
        done = checkpoint.restore(model)
        stop = StopAtDivergence(10, checkpoint, frozen_epochs)
        for callback in (stop, checkpoint):
            callback.set_model(model)
            callback.on_train_begin()
        for epoch, loss in enumerate(losses, done):
            model.set_weights([np.full((1, 1), epoch + 1)])
            stop.on_epoch_end(epoch, {"loss": loss})
            checkpoint.on_epoch_end(epoch, {"loss": loss})

    return play


def kept(folder):
    """Epochs of the checkpoint, its weight, and epochs of the log."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    lines = len((folder / "log.csv").read_text().splitlines()) - 1 if (folder / "log.csv").exists() else 0
    return Checkpoint(folder).restore(model), float(np.asarray(model.get_weights()[0]).item()), lines


def test_a_loss_far_above_guessing_for_two_epochs_ends_the_run_and_the_epoch_before_is_kept(run, tmp_path):
    with pytest.raises(ValueError, match="loss of epoch 4 is 6.93, and for 2 .* above 6.91, 3 times .*epoch 2 is kept"):
        run(2.3, LOW, HIGH, HIGH, 1.0)
    assert kept(tmp_path) == (2, 2.0, 2)


def test_one_bad_epoch_is_no_divergence(run, tmp_path):
    run(HIGH, LOW, HIGH, 1.0, HIGH, 1.0)
    assert kept(tmp_path) == (6, 6.0, 6)


def test_a_run_that_diverges_from_its_start_keeps_nothing(run, tmp_path):
    (tmp_path / "checkpoint_before_divergence.npz").write_bytes(b"of an earlier run in this folder")
    with pytest.raises(ValueError, match="epoch 2 .* Nothing is kept"):
        run(HIGH, HIGH)
    assert kept(tmp_path)[0::2] == (0, 0)


def test_a_run_killed_after_a_bad_epoch_counts_it(run, tmp_path):
    run(2.0, HIGH)  # and the process ends
    with pytest.raises(ValueError, match="loss of epoch 3 is .*epoch 1 is kept"):
        run(HIGH, 1.0)
    assert kept(tmp_path) == (1, 1.0, 1)


def test_a_high_loss_with_a_frozen_body_is_no_divergence_and_is_not_counted_afterwards(run, tmp_path):
    run(HIGH, HIGH, HIGH, frozen_epochs=3)  # and the process ends
    run(HIGH, LOW, frozen_epochs=3)
    assert kept(tmp_path) == (5, 5.0, 5)
    with pytest.raises(ValueError, match="loss of epoch 7 is 6.93"):
        run(HIGH, HIGH, frozen_epochs=3)


def test_nan_with_a_frozen_body_ends_the_run(run, tmp_path):
    with pytest.raises(ValueError, match="loss of epoch 2 is nan: the run diverged. The checkpoint of epoch 1 is kept"):
        run(HIGH, math.nan, frozen_epochs=3)
    assert kept(tmp_path) == (1, 1.0, 1)


def test_nan_after_a_bad_epoch_goes_back_to_the_good_one(run, tmp_path):
    with pytest.raises(ValueError, match="loss of epoch 3 is nan: the run diverged. The checkpoint of epoch 1 is kept"):
        run(2.0, HIGH, math.nan)
    assert kept(tmp_path) == (1, 1.0, 1)


def test_a_generator_has_no_loss_of_guessing():
    stop = StopAtDivergence()
    stop.on_train_begin()
    stop.on_epoch_end(0, {"loss": 1e9})
    stop.on_epoch_end(1, {"loss": 1e9})
    with pytest.raises(ValueError, match="loss of epoch 3 is inf.*Nothing is kept"):
        stop.on_epoch_end(2, {"loss": math.inf})
