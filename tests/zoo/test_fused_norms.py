"""Training steps whose batch normalisation is one operation compute what Keras computes."""

import contextlib
from dataclasses import replace

import keras
import numpy as np
import pytest

from pinet_keras import SecondOrder2D
from zoo.recipes import read_recipe
from zoo.training.dry_run import dry_run
from zoo.training.fitting import prepare, run_epochs
from zoo.training.fused_norms import fused_norms
from zoo.training.recipe_data import recipe_data

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="an operation of TensorFlow")
RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.normal(2.0, 3.0, (6, 5, 5, 3)).astype("float32"), np.arange(6) % 3


def network(**norm):
    keras.utils.set_random_seed(0)
    x = keras.Input((5, 5, 3))
    y = keras.layers.BatchNormalization(momentum=0.8, **norm)(keras.layers.Conv2D(4, 3)(x))
    y = keras.layers.GlobalAveragePooling2D()(SecondOrder2D(0.3)(y))
    model = keras.Model(x, keras.layers.Dense(3)(keras.layers.BatchNormalization()(y)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss, jit_compile=False)
    return model


def operations(model):
    """Kinds of operation in the graph of a training step."""
    import tensorflow as tf

    step = tf.function(lambda x: model(x, training=True)).get_concrete_function(tf.constant(IMAGES))
    return [each.type for each in step.graph.get_operations()]


@pytest.mark.parametrize("norm", [{}, {"scale": False}, {"center": False, "epsilon": 0.1}])
def test_steps_are_those_of_keras(norm):
    plain, fused = network(**norm), network(**norm)
    losses = [plain.train_on_batch(IMAGES, LABELS) for _ in range(3)]
    with fused_norms(fused):
        assert [fused.train_on_batch(IMAGES, LABELS) for _ in range(3)] == pytest.approx(losses, rel=1e-5)
        assert operations(fused).count("FusedBatchNormV3") == 2  # not after the pooling
    assert operations(fused) == operations(plain) and "FusedBatchNormV3" not in operations(plain)
    for expected, found in zip(plain.weights, fused.weights, strict=True):
        assert np.allclose(expected, found, rtol=1e-4, atol=1e-5), expected.path
    assert np.allclose(plain.predict_on_batch(IMAGES), fused.predict_on_batch(IMAGES), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", [{}, {"scale": False, "center": False}])
def test_steps_in_mixed_precision_are_those_of_keras_up_to_its_rounding(norm):
    plain, fused = (network(**norm, dtype="mixed_bfloat16") for _ in range(2))
    loss = plain.train_on_batch(IMAGES, LABELS)
    with fused_norms(fused):
        assert fused.train_on_batch(IMAGES, LABELS) == pytest.approx(loss, rel=0.05)
        assert operations(fused).count("FusedBatchNormV3") == 2
    for expected, found in zip(plain.weights, fused.weights, strict=True):
        assert expected.dtype == found.dtype and np.allclose(expected, found, rtol=0.05, atol=0.01), expected.path


def test_predictions_and_frozen_layers_take_the_running_statistics():
    model = network()
    expected = model.predict_on_batch(IMAGES)
    assert np.abs(model(IMAGES, training=True) - expected).max() > 0.1  # it can tell
    model = network()
    with fused_norms(model):
        assert np.allclose(model(IMAGES, training=False), expected, atol=1e-4)
        for layer in model._flatten_layers():
            layer.trainable = False
        assert np.allclose(model(IMAGES, training=True), expected, atol=1e-4)


@pytest.mark.parametrize("why", ["XLA", "channels first", "bfloat16", "several devices"])
def test_what_the_operation_is_not_for_stays_as_it_is(why):
    norm = {"channels first": {"axis": 1}, "bfloat16": {"dtype": "bfloat16"}, "several devices": {"synchronized": True}}
    model = network(**norm.get(why, {}))
    model._jit_compile = why == "XLA"  # where another test wanted deterministic operations, Keras leaves XLA out
    with fused_norms(model):
        assert operations(model).count("FusedBatchNormV3") == (0 if why == "XLA" else 1)  # that of the product


def test_pinet_train_and_its_dry_run_use_it_and_matrix_convolutions(small_npz, monkeypatch):
    import tensorflow as tf

    models = []
    for module in ("fitting", "dry_run"):
        name = f"zoo.training.{module}.matrix_convolutions"
        monkeypatch.setattr(name, lambda model: models.append(model) or contextlib.nullcontext())
    names, operation = [], tf.raw_ops.FusedBatchNormV3
    monkeypatch.setattr(tf.raw_ops, "FusedBatchNormV3", lambda **given: names.append(1) or operation(**given))
    recipe = replace(read_recipe("pinet_digits"), epochs=1, warmup_epochs=0, validation=50)
    recipe, data_set = recipe_data(recipe, small_npz, None)
    model = prepare(recipe, data_set)
    run_epochs(model, recipe, data_set)
    assert names and not any("call" in vars(layer) for layer in model._flatten_layers())
    assert models == [model]
    names.clear()
    dry_run(recipe, data=small_npz)
    assert names and len(models) == 2
