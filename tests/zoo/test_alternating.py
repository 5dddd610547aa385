"""Training with a linear head and a WNLLHead in turn."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from zoo.data.data_set import DataSet
from zoo.data.loading import load_set
from zoo.recipes import Recipe
from zoo.training import alternating
from zoo.training.alternating import fit_alternately
from zoo.training.fitting import prepare
from zoo.wnll import WNLLHead

RECIPE = Recipe(
    name="few_labels",
    description="two heads",
    dataset="few_labels",
    architecture="pinet",
    architecture_arguments={"width": 8, "stages": 1, "degree": 2, "head": "flatten"},
    epochs=6,
    batch_size=25,
    learning_rate=0.01,
    validation=0,
)
CALLS: list[tuple] = []


class Recorded(WNLLHead):
    """Keeps what it, or a clone of it, is fitted to and asked for."""

    def fit(self, X, y):
        CALLS.append(("fit", X, y))
        return super().fit(X, y)

    def predict_proba(self, X):
        found = super().predict_proba(X)
        CALLS.append(("predict", X, found))
        return found


@pytest.fixture(scope="module")
def digits():
    whole = load_set("digits")
    names = tuple("0123456789")
    return DataSet("few_labels", whole.x_train[:200], whole.y_train[:200], whole.x_test, whole.y_test, names)


@pytest.fixture(scope="module")
def run(digits):
    """A training of two rounds: its model, its history, and the weights after each part."""
    model, kept = prepare(RECIPE, digits), []

    def keeping(function):
        def run(*arguments):
            found = function(*arguments)
            kept.append({variable.path: variable.numpy() for variable in model.trainable_variables})
            return found

        return run

    train_on_batch = keras.Model.train_on_batch

    def recorded(self, x, y):
        CALLS.append(("train", x, y))
        return train_on_batch(self, x, y)

    CALLS.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Model, "train_on_batch", recorded)
        patch.setattr(alternating, "_linear_epochs", keeping(alternating._linear_epochs))
        patch.setattr(alternating._SecondHead, "epoch", keeping(alternating._SecondHead.epoch))
        head = Recorded(n_neighbors=10)
        history = fit_alternately(model, RECIPE, digits, wnll_epochs=1, templates=5, learning_rate=1e-3, head=head)
    return model, history, kept


def test_both_heads_learn(run, digits):
    model, history, _ = run
    assert [epoch["head"] for epoch in history] == [*["linear"] * 3, "wnll"] * 2
    assert history[0]["accuracy"] < 0.7 and history[-2]["accuracy"] > 0.95 and history[-1]["accuracy"] > 0.75
    assert (model.predict(digits.x_test, verbose=0).argmax(axis=1) == digits.y_test).mean() > 0.85
    body = keras.Model(model.input, model.get_layer("logits").input)
    train, test = (body.predict(images, verbose=0) for images in (digits.x_train, digits.x_test))
    assert WNLLHead().fit(train, digits.y_train).score(test, digits.y_test) > 0.85


def test_the_linear_head_is_frozen_while_the_body_is_trained_for_the_other(run):
    model, _, (linear, wnll, second, _) = run
    changed = {path for path in linear if not np.array_equal(linear[path], wnll[path])}
    of_head = {variable.path for variable in model.get_layer("logits").variables}
    assert changed == linear.keys() - of_head
    assert all(not np.array_equal(wnll[path], second[path]) for path in of_head)


def test_templates_are_drawn_for_each_epoch_and_are_never_asked_for(run, digits):
    assert [kind for kind, _, _ in CALLS] == ["fit", "predict", "train"] * 12  # 150 others, 25 at a time, two epochs
    for (_, templates, labels), (_, queries, _) in zip(CALLS[::3], CALLS[1::3], strict=True):
        assert np.array_equal(np.bincount(labels), [5] * 10)
        assert len(queries) == 25 and not {row.tobytes() for row in queries} & {row.tobytes() for row in templates}
    everything = {image.tobytes() for image in digits.x_train}
    first, second = (
        everything - {image.tobytes() for _, images, _ in CALLS[part][2::3] for image in images}
        for part in (slice(0, 18), slice(18, 36))
    )
    assert len(first) == len(second) == 50 and first != second


def test_the_body_is_given_the_difference_of_probabilities_and_labels(run, digits):
    labels = {image.tobytes(): label for image, label in zip(digits.x_train, digits.y_train, strict=True)}
    for (_, _, found), (_, images, difference) in zip(CALLS[1::3], CALLS[2::3], strict=True):
        wanted = np.eye(10)[[labels[image.tobytes()] for image in images]]
        np.testing.assert_allclose(difference, found - wanted, atol=1e-6)


def test_with_its_own_probabilities_the_gradient_is_that_of_the_linear_head():
    generator = np.random.default_rng(0)
    x, t = generator.normal(size=(30, 4)).astype("float32"), np.eye(3, dtype="float32")[generator.integers(0, 3, 30)]
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(3, name="logits")(keras.layers.Dense(5, name="body")(inputs)))
    usual = keras.models.clone_model(model)
    usual.set_weights(model.get_weights())
    usual.get_layer("logits").trainable = False
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    usual.compile(keras.optimizers.Adam(0.01, global_clipnorm=1.0), loss)
    stand_in = alternating._SecondHead(model, WNLLHead(), 0.01).stand_in
    model.get_layer("logits").trainable = False
    before = model.get_layer("body").kernel.numpy()
    for _ in range(5):
        usual.train_on_batch(x, t)
        stand_in.train_on_batch(x, ops.convert_to_numpy(ops.softmax(model(x))) - t)
    assert np.abs(model.get_layer("body").kernel.numpy() - before).max() > 0.01
    for weight, wanted in zip(model.get_weights(), usual.get_weights(), strict=True):
        np.testing.assert_allclose(weight, wanted, atol=1e-5)


@pytest.mark.parametrize(
    "options, changes, words",
    [
        ({"rounds": 7}, {}, "at most the recipe's epochs, 6. Received: rounds=7"),
        ({"wnll_epochs": -1}, {}, "`wnll_epochs` must be an integer of at least 1"),
        ({"templates": 2.0}, {}, "`templates` must be an integer"),
        ({}, {"ema_momentum": 0.9}, "'ema_momentum' is for one head. Received: ema_momentum=0.9"),
        ({}, {"early_stopping": 2}, "'early_stopping' is for one head"),
    ],
)
def test_refused_before_anything_is_trained(run, digits, options, changes, words):
    with pytest.raises(ValueError, match=words):
        fit_alternately(run[0], replace(RECIPE, **changes), digits, **options)


def test_a_class_with_few_examples_gives_half_of_them():
    labels = np.array([0] * 5 + [1] * 20)
    drawn = alternating._draw_templates(labels, 2, 8, np.random.default_rng(0))
    assert len(set(drawn)) == 10 and np.array_equal(np.bincount(labels[drawn]), [2, 8])


def test_a_class_needs_an_example_that_is_no_template():
    with pytest.raises(ValueError, match="two training examples or more.*Received: 1 of class 1"):
        alternating._draw_templates(np.array([0, 0, 1]), 2, 5, np.random.default_rng(0))
