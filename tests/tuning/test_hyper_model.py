"""`PinetHyperModel` in Keras Tuner's own tuners."""

import keras_tuner
import numpy as np
import pytest

from tuning import PinetHyperModel


def test_it_works_in_a_plain_hyperband(space, data, tmp_path):
    hypermodel = PinetHyperModel(space, data=data)
    tuner = keras_tuner.Hyperband(
        hypermodel, objective="val_accuracy", max_epochs=3, seed=1, directory=tmp_path, project_name="plain"
    )
    tuner.search(verbose=0)
    trials = tuner.oracle.trials.values()
    assert [trial.status for trial in trials] == ["COMPLETED"] * 6
    assert any("tuner/trial_id" in trial.hyperparameters.values for trial in trials)
    model = tuner.get_best_models()[0]
    assert model.output_shape == (None, 10)


def test_a_later_round_is_at_its_place_on_the_schedule(space, data):
    hypermodel = PinetHyperModel(space, data=data)
    hp = keras_tuner.HyperParameters()
    model = hypermodel.build(hp)
    history = hypermodel.fit(hp, model, epochs=2, initial_epoch=1)
    steps = (300 - 60) // 60
    assert history.epoch == [1] and int(model.optimizer.iterations) == 2 * steps


def test_data_belong_to_the_hypermodel(space, data, tmp_path):
    tuner = keras_tuner.RandomSearch(
        PinetHyperModel(space, data=data), objective="val_accuracy", max_trials=1, directory=tmp_path
    )
    with pytest.raises(keras_tuner.errors.FatalValueError, match="holds its data"):
        tuner.search([1, 2], [3, 4], verbose=0)


def test_the_test_split_is_left_out_of_what_a_search_holds(space, data):
    held = PinetHyperModel(space, data=data).data_set
    assert (len(held.x_train), len(held.y_train)) == (300, 300)
    assert (len(held.x_test), len(held.y_test)) == (0, 0)


def test_a_search_takes_data_of_ones_own(space):
    images = np.random.default_rng(0).integers(0, 256, (120, 12, 12, 3), "uint8")
    hypermodel = PinetHyperModel(space, data=(images, np.arange(120) % 2))
    recipe = hypermodel.recipe(keras_tuner.HyperParameters())
    assert (recipe.dataset, recipe.validation) == ("arrays", 18) and len(hypermodel.data_set.x_train) == 102
    network = hypermodel.build(keras_tuner.HyperParameters())
    assert network.input_shape == (None, 12, 12, 3) and network.output_shape == (None, 2)
    assert hypermodel.costs(recipe)["parameters"] == network.count_params()


def test_metrics_are_those_of_the_card(space, data):
    from zoo.publishing.publish import structure
    from zoo.training.fitting import untrained

    hypermodel = PinetHyperModel(space, data=data)
    recipe = hypermodel.recipe(keras_tuner.HyperParameters())
    card = structure(untrained(recipe))
    assert hypermodel.costs(recipe) == {"parameters": card["parameters"], "macs": card["macs"]}
