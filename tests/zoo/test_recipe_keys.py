"""What each key of a recipe does to a training, seen on small arrays."""

from dataclasses import fields, replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy.special import log_softmax

import zoo
from zoo.architectures.parts.pixel_scaling import PixelScaling
from zoo.data.batches import Batches
from zoo.data.catalog import SETS
from zoo.data.data_set import DataSet
from zoo.publishing.classifier_card import classifier_entries
from zoo.publishing.publish import publish
from zoo.recipes import Recipe
from zoo.training import fitting
from zoo.training.checkpoint import Checkpoint
from zoo.training.recipe_data import recipe_data
from zoo.training.teacher import Teacher

RECIPE = Recipe(
    name="small",
    description="a small one",
    dataset="digits",
    architecture="pinet",
    architecture_arguments={"width": 2, "stages": 1},
    epochs=2,
    batch_size=60,
    learning_rate=0.1,
    validation=60,
)
STEPS = 4  # an epoch: 300 images without the 60 for validation
OPTIMIZERS = ("adamw", "muon", "sgd")
PINNED: set[str] = set()


def pins(*keys):
    PINNED.update(keys)
    return lambda test: test


def test_every_key_is_pinned():
    assert {item.name for item in fields(Recipe)} == PINNED


@pytest.fixture
def data_set(small_arrays):
    return DataSet("digits", **small_arrays)


@pytest.fixture
def drawn(monkeypatch):
    """What the batches of every training in this test were made of: images, teacher, and examples by epoch and step."""
    seen = SimpleNamespace(images=[], teachers=[], chosen={})

    class Spy(Batches):
        def __init__(self, images, *arguments, teacher=None, **options):
            seen.images.append(images)
            seen.teachers.append(teacher)
            super().__init__(images, *arguments, teacher=teacher, **options)

        def draw(self, step):
            chosen, generator = super().draw(step)
            seen.chosen[self.epoch, step] = tuple(chosen)
            return chosen, generator

    monkeypatch.setattr(fitting, "Batches", Spy)
    return seen


def prepared(data_set, **values):
    recipe = replace(RECIPE, **values)
    model = fitting.prepare(recipe, data_set)
    model.run_eagerly = True  # tracing takes longer than a few steps
    return model, recipe


def weights(model):
    return [keras.ops.convert_to_numpy(each).copy() for each in model.trainable_variables]


def step(model, gradient):
    """How far one step moves each variable, all of whose gradients are this number."""
    before, variables = weights(model), model.trainable_variables
    model.optimizer.apply([keras.ops.full(each.shape, gradient) for each in variables], variables)
    return [old - new for old, new in zip(before, weights(model), strict=True)]


# The network.


@pins("name", "dataset", "architecture", "architecture_arguments")
def test_the_network_is_the_one_that_is_named():
    for name in ("digits", "cifar10"):
        model = fitting.untrained(replace(RECIPE, dataset=name))
        scaling = next(layer for layer in model.layers if isinstance(layer, PixelScaling))
        assert model.name == "small" and model.input_shape[1:] == SETS[name]["shape"]
        assert (scaling.mean, scaling.std) == (SETS[name]["mean"], SETS[name]["std"])
    assert model.get_layer("stage_0_block_0").output.shape[-1] == 2
    wider = fitting.untrained(replace(RECIPE, architecture_arguments={"width": 3, "stages": 1}))
    assert wider.get_layer("stage_0_block_0").output.shape[-1] == 3
    other = replace(RECIPE, architecture="pinet_vgg", architecture_arguments={"widths": [2], "depth": 1})
    assert "whitening" in [layer.name for layer in fitting.untrained(other).layers]


@pins("image_size", "samples")
def test_examples_have_the_shape_that_the_recipe_asks_for():
    images = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), "uint8")
    recipe, found = recipe_data(replace(RECIPE, image_size=24), (images, np.arange(40) % 2))
    assert found.shape == (24, 24, 3) and fitting.untrained(recipe, found).input_shape[1:] == (24, 24, 3)
    clips = np.random.default_rng(0).integers(-999, 999, (40, 3000), "int16")
    own = replace(RECIPE, dataset="my_clips", samples=2048)
    recipe, found = recipe_data(own, (clips, np.arange(40) % 2))
    assert found.shape == (2048,) and fitting.untrained(recipe, found).input_shape[1:] == (2048,)
    with pytest.raises(ValueError, match="The data set holds audio clips, and a size of images"):
        recipe_data(replace(own, samples=0, image_size=24), (clips, np.arange(40) % 2))


def test_whitened_patches_have_equal_variance_when_the_training_begins(data_set):
    model, _ = prepared(data_set, architecture="pinet_vgg", architecture_arguments={"widths": [2], "depth": 1})
    body = keras.Model(model.input, model.get_layer("whitening").output)
    patches = np.asarray(body(data_set.x_train)).reshape(-1, body.output.shape[-1])
    np.testing.assert_allclose(np.cov(patches, rowvar=False), np.eye(patches.shape[1]), atol=0.1)


def test_whitening_is_of_training_images_alone(data_set):
    def kernel(data_set):
        model, _ = prepared(data_set, architecture="pinet_vgg", architecture_arguments={"widths": [2], "depth": 1})
        return np.asarray(model.get_layer("whitening").kernel)

    found = kernel(data_set)
    assert np.array_equal(kernel(replace(data_set, x_test=data_set.x_test[:, ::2].repeat(2, 1))), found)
    assert not np.array_equal(kernel(replace(data_set, x_train=data_set.x_train[:, ::2].repeat(2, 1))), found)


# Time.


@pins("learning_rate", "warmup_epochs")
@pytest.mark.parametrize("warmup, epochs", [(0.0, 2), (0.5, 2), (1.0, 3)])
def test_the_rate_rises_linearly_to_its_peak_and_sinks_as_a_cosine(data_set, warmup, epochs):
    model, _ = prepared(data_set, warmup_epochs=warmup, epochs=epochs, learning_rate=0.2)
    first, whole = int(warmup * STEPS), STEPS * epochs
    rising = [0.01 + 0.19 * step / first for step in range(first)]
    sinking = [0.1 * (1 + np.cos(np.pi * step / (whole - first))) for step in range(whole - first + 1)]
    rates = []
    for number in range(whole + 1):
        model.optimizer.iterations.assign(number)
        rates.append(float(model.optimizer.learning_rate))
    np.testing.assert_allclose(rates, rising + sinking, atol=1e-7)


@pins("epochs", "batch_size", "validation")
def test_epochs_go_over_the_training_part_in_batches_and_are_scored_on_the_rest(data_set, drawn):
    model, recipe = prepared(data_set, validation=100, batch_size=40, epochs=2)
    history = fitting.fit(model, recipe, data_set)
    assert history.epoch == [0, 1] and int(model.optimizer.iterations) == 2 * 5
    assert np.array_equal(drawn.images[0], data_set.x_train[:200])
    assert {len(chosen) for chosen in drawn.chosen.values()} == {40}
    right = model.predict(data_set.x_train[200:], verbose=0).argmax(-1) == data_set.y_train[200:]
    assert history.history["val_accuracy"][-1] == pytest.approx(right.mean())


@pins("seed")
def test_weights_order_and_augmentation_depend_on_the_seed(data_set):
    first, again, other = (weights(prepared(data_set, seed=seed)[0]) for seed in (0, 0, 1))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))
    targets = np.eye(10, dtype="float32")[data_set.y_train]
    images = np.zeros_like(data_set.x_train) + np.arange(8, dtype="uint8")[:, None]  # the order makes no difference
    orders, batches = [], []
    for seed in (0, 1):
        made = Batches(images, targets, replace(RECIPE, seed=seed, shift=3))
        orders.append(made.order)
        batches.append(made[0][0])
    assert not np.array_equal(*orders) and not np.array_equal(*batches)


def test_every_epoch_has_an_order_of_its_own_which_a_resumed_run_takes_up(data_set, drawn):
    fitting.run_epochs(*prepared(data_set), data_set)
    whole = dict(drawn.chosen)
    orders = [sum((whole[epoch, step] for step in range(STEPS)), ()) for epoch in range(2)]
    assert all(sorted(order) == list(range(240)) for order in orders) and orders[0] != orders[1]
    drawn.chosen.clear()
    fitting.run_epochs(*prepared(data_set), data_set, initial_epoch=1)
    resumed = {place: chosen for place, chosen in drawn.chosen.items() if place[0]}
    assert resumed == {(1, step): whole[1, step] for step in range(STEPS)}


# Optimizers.


@pins("optimizer")
def test_the_optimizer_is_the_one_that_is_named(data_set):
    kinds = [type(prepared(data_set, optimizer=name)[0].optimizer).__name__ for name in OPTIMIZERS]
    assert kinds == ["AdamW", "KernelMuon", "SGD"]


def test_sgd_steps_with_nesterov_momentum(data_set):
    model, _ = prepared(data_set, optimizer="sgd", clip_norm=1e9)
    first, second = step(model, 0.5), step(model, 0.0)
    for one, two in zip(first, second, strict=True):
        np.testing.assert_allclose(one, 0.1 * 1.9 * 0.5, rtol=1e-3)
        np.testing.assert_allclose(two, 0.1 * 0.81 * 0.5, rtol=1e-2)  # what is left of the momentum, looked ahead


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_adamw_forgets_squares_of_gradients_by_a_hundredth_a_step(data_set, optimizer):
    """β₁ = 0.9, β₂ = 0.99. Muon leaves biases to AdamW."""
    model, _ = prepared(data_set, optimizer=optimizer, clip_norm=1e9)
    step(model, 0.5)
    moved = dict(zip((each.path for each in model.trainable_variables), step(model, 0.0), strict=True))
    rate = 0.1 * (1 + np.cos(np.pi / (2 * STEPS))) / 2
    mean, square = 0.9 * 0.1 / (1 - 0.9**2), 0.99 * 0.01 / (1 - 0.99**2)
    np.testing.assert_allclose(moved["logits/bias"], rate * mean / np.sqrt(square), rtol=3e-4)


def test_muon_moves_kernels_and_leaves_the_head_to_adamw(data_set):
    model, _ = prepared(data_set, optimizer="muon", clip_norm=1e9)
    moved = dict(zip((each.path for each in model.trainable_variables), step(model, 0.5), strict=True))
    head, bias = moved["logits/kernel"], moved["logits/bias"]
    np.testing.assert_allclose(head, 0.1, rtol=1e-3)  # Adam's first step: the rate, whatever the gradient
    np.testing.assert_allclose(bias, 0.1, rtol=1e-3)
    others = [change for path, change in moved.items() if path.endswith("kernel") and not path.startswith("logits")]
    assert others and not any(np.allclose(change, 0.1, rtol=0.01) for change in others)


@pins("weight_decay")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("arguments", [{"decomposition": "ncp"}, {"block": "residual"}], ids=["ncp", "residual"])
def test_kernels_decay_and_nothing_else(data_set, optimizer, arguments):
    arguments = {"width": 2, "stages": 1, **arguments}
    model, _ = prepared(data_set, optimizer=optimizer, weight_decay=0.5, architecture_arguments=arguments)
    kernels = {id(part.kernel) for part in model._flatten_layers() if hasattr(part, "kernel")}
    for variable in model.trainable_variables:
        variable.assign(keras.ops.ones(variable.shape))
    moved = step(model, 0.0)
    expected = [0.05 if id(each) in kernels else 0.0 for each in model.trainable_variables]
    assert 0.0 in expected and len(kernels) >= 2
    for change, decay, variable in zip(moved, expected, model.trainable_variables, strict=True):
        np.testing.assert_allclose(change, decay, atol=1e-6, err_msg=variable.path)


@pins("clip_norm")
def test_the_whole_gradient_is_clipped_to_the_norm_and_a_small_one_is_left(data_set):
    for gradient, expected in ((50.0, 2.0), (1e-3, None)):
        model, _ = prepared(data_set, optimizer="sgd", clip_norm=2.0)
        norm = np.sqrt(sum((change**2).sum() for change in step(model, gradient))) / (0.1 * 1.9)
        count = sum(each.size for each in weights(model))
        assert norm == pytest.approx(expected or gradient * np.sqrt(count), rel=1e-3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_gets_the_clipped_gradient(data_set, optimizer):
    """Adam and Muon scale their gradients, so that only one below their ε of 1e-7 shows: it hardly moves anything."""
    sizes = []
    for clip_norm in (1e9, 1e-12):
        model, _ = prepared(data_set, optimizer=optimizer, clip_norm=clip_norm)
        sizes.append(max(np.abs(change).max() for change in step(model, 50.0)))
    assert sizes[1] < 0.05 * sizes[0]


# What is shipped.


@pins("ema_momentum")
@pytest.mark.parametrize("momentum", [0.0, 0.6])
def test_the_average_of_the_weights_is_shipped_if_there_is_one(data_set, momentum):
    model, recipe = prepared(data_set, ema_momentum=momentum, optimizer="sgd")
    path = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: path.append(weights(model)))
    fitting.fit(model, recipe, data_set, callbacks=[note])
    assert len(path) == 2 * STEPS
    average = path[0]
    for later in path[1:]:
        average = [momentum * old + (1 - momentum) * new for old, new in zip(average, later, strict=True)]
    for expected, found in zip(average, weights(model), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("momentum", [0.0, 0.6])
def test_averaged_weights_get_statistics_of_their_own(data_set, momentum):
    model, recipe = prepared(data_set, ema_momentum=momentum, epochs=1)
    norms = [part for part in model._flatten_layers() if isinstance(part, keras.layers.BatchNormalization)]
    spoil = keras.callbacks.LambdaCallback(on_train_end=lambda logs: norms[0].moving_mean.assign([1e6, 1e6]))
    fitting.fit(model, recipe, data_set, callbacks=[spoil])
    assert (np.abs(keras.ops.convert_to_numpy(norms[0].moving_mean)) < 1e3).all() == (momentum > 0)


@pins("description", "note")
def test_the_card_holds_the_words(data_set, tmp_path):
    for note in ("", "a bar was missed"):
        model, recipe = prepared(data_set, note=note)
        run = SimpleNamespace(history=[{"seconds": 1.0}], environment={})
        card = publish(model, recipe, data_set, run, tmp_path, classifier_entries)
        assert (card["description"], card.get("note", "")) == ("a small one", note)


# Targets and images.


@pins("label_smoothing")
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_labels_are_smoothed_over_all_classes(data_set, smoothing):
    model, _ = prepared(data_set, label_smoothing=smoothing)
    logits = np.random.default_rng(0).normal(size=(5, 10)).astype("float32")
    targets = np.eye(10, dtype="float32")[:5]
    loss = model.compute_loss(y=targets, y_pred=keras.ops.convert_to_tensor(logits))
    smooth = (1 - smoothing) * targets + smoothing / 10
    assert float(loss) == pytest.approx(-(smooth * log_softmax(logits, axis=1)).sum(1).mean(), rel=1e-5)


@pins("loss", "focal_gamma")
def test_the_loss_is_the_one_that_is_named(data_set):
    logits = np.random.default_rng(0).normal(0, 2, (40, 10)).astype("float32")
    targets = np.eye(10, dtype="float32")[np.arange(40) % 10]
    p = np.exp(log_softmax(logits, axis=1))[targets == 1]
    for values, gamma in (
        ({}, 0),
        ({"loss": "focal", "focal_gamma": 1.5}, 1.5),
        ({"loss": "flsd53"}, np.where(p < 0.2, 5, 3)),
    ):
        model, _ = prepared(data_set, **values)
        loss = model.compute_loss(y=targets, y_pred=keras.ops.convert_to_tensor(logits))
        assert float(loss) == pytest.approx(np.mean(-((1 - p) ** gamma) * np.log(p)), rel=1e-5)
    smooth, _ = prepared(data_set, loss="flsd53", label_smoothing=0.3)
    assert smooth.loss.label_smoothing == 0.3
    with pytest.raises(ValueError, match="'loss' must be one of 'crossentropy', 'focal', 'flsd53'. Received: 'mse'"):
        replace(RECIPE, loss="mse")
    for values in ({"loss": "focal"}, {"focal_gamma": 2.0}, {"loss": "flsd53", "focal_gamma": 2.0}):
        with pytest.raises(ValueError, match="'focal_gamma' and 'loss = \"focal\"' need each other"):
            replace(RECIPE, **values)


def batch_with(images, targets, **values):
    return Batches(images, targets, replace(RECIPE, **values))


@pins("flip", "shift", "rotate", "zoom", "cutout", "jpeg", "mixup")
@pytest.mark.parametrize(
    "values",
    [{"flip": True}, {"shift": 2}, {"rotate": 20.0}, {"zoom": 0.3}, {"cutout": 3}, {"jpeg": 0.9}, {"mixup": 1.0}, {}],
    ids=str,
)
def test_a_batch_is_augmented_by_what_the_recipe_names_and_nothing_else(data_set, values):
    """How each looks: test_batches.py. Draws depend on step and epoch: the same images change otherwise in others."""
    images = np.tile(data_set.x_train[:60], (4, 1, 1, 1))  # four batches of the same images
    targets = np.tile(np.eye(10, dtype="float32")[data_set.y_train[:60]], (4, 1))
    batches = batch_with(images, targets, **values)
    batches.order = np.arange(240)
    (first, soft), (second, _) = batches[0], batches[1]
    assert first.dtype == np.uint8 and soft.dtype == np.float32
    assert np.array_equal(first, images[:60]) == (not values)
    assert np.array_equal(first, second) == (not values)
    batches.start_epoch(1)
    batches.order = np.arange(240)
    assert np.array_equal(first, batches[0][0]) == (not values)
    assert np.array_equal(soft, targets[:60]) == ("mixup" not in values)


@pins("augmented_versions")
def test_a_teacher_sees_as_many_versions_as_the_recipe_says_and_every_epoch_has_its_own(data_set, tmp_path):
    teaching = {"teacher": "pinet_digits", "teacher_weight": 0.5, "augmented_versions": 3}
    recipe, targets = replace(RECIPE, shift=2, **teaching), np.eye(10, dtype="float32")[data_set.y_train]
    batches, seen = Batches(data_set.x_train, targets, recipe, teacher=Teacher(recipe, tmp_path)), set()
    assert len(list(tmp_path.glob("answers_to_version_*.npy"))) == 3
    for epoch in range(4):
        batches.start_epoch(epoch)
        batches.order = np.arange(300)
        seen.add(batches[0][0].tobytes())
    assert len(seen) == 4
    with pytest.raises(ValueError, match="'augmented_versions' needs a 'teacher'. Received: augmented_versions=3"):
        replace(RECIPE, augmented_versions=3)
    with pytest.raises(ValueError, match="'mixup' and 'augmented_versions' exclude each other"):
        replace(RECIPE, mixup=0.5, **teaching)
    with pytest.raises(ValueError, match="'jpeg' is a fraction"):
        replace(RECIPE, jpeg=1.5)


@pins("mixed_versions")
def test_a_teacher_sees_as_many_mixtures_as_the_recipe_says_and_each_epoch_has_another_one(data_set, tmp_path):
    teaching = {"teacher": "pinet_digits", "teacher_weight": 0.5, "augmented_versions": 1}
    recipe = replace(RECIPE, mixed_versions=3, **teaching)
    batches = Batches(data_set.x_train, np.eye(10)[data_set.y_train], recipe, teacher=Teacher(recipe, tmp_path))
    assert len(list(tmp_path.glob("answers_to_mixture_*.npy"))) == 3
    versions = []
    for epoch in range(4):
        batches.start_epoch(epoch)
        versions.append(batches.mixture[0])
    assert not any(np.array_equal(versions[0], version) for version in versions[1:3])
    np.testing.assert_array_equal(versions[0], versions[3])
    with pytest.raises(ValueError, match="'mixed_versions' needs 'augmented_versions'. Received: mixed_versions=3"):
        replace(RECIPE, mixed_versions=3)


@pins("gain")
def test_audio_clips_become_louder_or_quieter_by_at_most_so_many_decibels():
    clips = np.full((60, 100), 1000, "int16")
    recipe = replace(RECIPE, dataset="spoken_digit", gain=6.0)
    louder = Batches(clips, np.zeros((60, 10), "float32"), recipe)[0][0]
    assert (louder == louder[:, :1]).all()
    decibels = 20 * np.log10(louder[:, 0] / 1000)
    assert -6.01 < decibels.min() < -4 and 4 < decibels.max() < 6.01


@pins("teacher", "teacher_weight")
def test_the_teacher_says_what_is_learned_with_the_weight_that_the_recipe_gives_it(data_set, drawn):
    model, recipe = prepared(data_set, teacher="pinet_digits", teacher_weight=0.25, epochs=1)
    fitting.run_epochs(model, recipe, data_set)
    (teacher,) = drawn.teachers
    examples, targets = data_set.x_train[:5], np.zeros((5, 10), "float32")
    assert [model.name for model in teacher.models] == ["pinet_digits"]
    np.testing.assert_allclose(teacher(examples, targets).sum(1), 0.25, rtol=1e-5)  # of its probabilities, no label
    untaught, plain = prepared(data_set, epochs=1)
    fitting.run_epochs(untaught, plain, data_set)
    assert drawn.teachers[1] is None


@pins("initial")
def test_training_starts_from_the_weights_of_the_initial_model(data_set):
    trained = zoo.load("pinet_digits")
    same = {"architecture_arguments": zoo.card("pinet_digits")["architecture_arguments"]}
    model, _ = prepared(data_set, **same, initial="pinet_digits")
    for found, expected in zip(model.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(
        ValueError, match="layers logits, stage_0_.* or have other shapes. Received: initial='pinet_digits'"
    ):
        prepared(data_set, initial="pinet_digits")
    assert replace(RECIPE, initial="pinet_mnist").shape == (28, 28, 1)
    with pytest.raises(ValueError, match=r"\[28, 28, 1\]: leave out recipe key 'image_size'. Received: image_size=32"):
        replace(RECIPE, initial="pinet_mnist", image_size=32)


@pins("frozen_epochs", "frozen_learning_rate")
def test_the_head_alone_is_trained_first_at_a_rate_of_its_own_and_then_everything(data_set):
    same = {"architecture_arguments": zoo.card("pinet_digits")["architecture_arguments"], "initial": "pinet_digits"}
    model, recipe = prepared(data_set, **same, epochs=3, frozen_epochs=1, frozen_learning_rate=0.2, learning_rate=0.05)
    seen = []

    def note(step, logs):
        seen.append((float(model.optimizer.learning_rate), len(model.trainable_variables)))

    fitting.run_epochs(model, recipe, data_set, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_begin=note)])
    rates, variables = zip(*seen, strict=True)
    first = [0.1 * (1 + np.cos(np.pi * step / STEPS)) for step in range(STEPS)]
    second = [0.025 * (1 + np.cos(np.pi * step / (2 * STEPS))) for step in range(2 * STEPS)]
    np.testing.assert_allclose(rates, first + second, atol=1e-7)
    assert set(variables[:STEPS]) == {2} and set(variables[STEPS:]) == {len(zoo.load("pinet_digits").trainable_weights)}
    for keys in ({"frozen_epochs": 1}, {"frozen_learning_rate": 0.1}, {"frozen_epochs": 1, "frozen_learning_rate": 1}):
        with pytest.raises(ValueError, match="'frozen_learning_rate' need each other and 'initial'"):
            replace(RECIPE, **{key: float(value) if "rate" in key else value for key, value in keys.items()})
    with pytest.raises(ValueError, match="'frozen_epochs' is at most 'epochs'.*frozen_epochs=3.*epochs=2"):
        replace(RECIPE, **same, frozen_epochs=3, frozen_learning_rate=0.1)


LEARNED = {"architecture": "slaf", "architecture_arguments": {"stages": 0, "units": 4, "degree": 2}}


@pytest.fixture
def eager(monkeypatch):
    """Each phase is compiled on its own, and tracing takes longer than its few steps."""
    compiled = keras.Model.compile
    without_tracing = lambda model, **values: compiled(model, **{**values, "run_eagerly": True})  # noqa: E731
    monkeypatch.setattr(keras.Model, "compile", without_tracing)


def moved_by_epoch(model, recipe, data_set, **options):
    """Of each epoch whether it moved weights, and whether coefficients; and the learning rate of each step."""
    moved, rates, before = [], [], {}
    kinds = {each.path: "coefficient" in each.name for each in model.trainable_variables}
    kinds |= {each.path: "coefficient" in each.name for each in fitting.untrained(recipe).trainable_variables}

    def note(epoch, logs=None):
        now = {each.path: np.array(keras.ops.convert_to_numpy(each)) for each in model.weights if each.path in kinds}
        if before:
            changed = {kinds[path] for path in now if not np.array_equal(now[path], before[path])}
            moved.append((False in changed, True in changed))
        before.update(now)

    rate = lambda step, logs: rates.append(float(model.optimizer.learning_rate))  # noqa: E731
    watch = keras.callbacks.LambdaCallback(on_train_batch_begin=rate, on_epoch_end=note)
    note(-1)
    fitting.run_epochs(model, recipe, data_set, callbacks=[watch, *options.pop("callbacks", [])], **options)
    return moved, rates


def falling(steps, peak=0.1):
    return [peak / 2 * (1 + np.cos(np.pi * step / steps)) for step in range(steps)]


@pins("coefficient_training", "coefficient_epochs")
@pytest.mark.parametrize(
    "training, length, expected, rates",
    [
        ("together", 0, [(True, True)] * 3, falling(3 * STEPS)),
        ("after", 1, [(True, False)] * 2 + [(False, True)], falling(2 * STEPS) + falling(STEPS)),
        ("alternate", 1, [(True, False), (False, True), (True, False)], falling(3 * STEPS)),
        ("alternate", 2, [(True, False), (True, False), (False, True)], falling(3 * STEPS)),
    ],
)
def test_coefficients_are_learned_when_the_recipe_says(data_set, eager, training, length, expected, rates):
    values = {**LEARNED, "epochs": 3, "coefficient_training": training, "coefficient_epochs": length}
    model, recipe = prepared(data_set, **values)
    moved, seen = moved_by_epoch(model, recipe, data_set)
    assert moved == expected
    np.testing.assert_allclose(seen, rates, atol=1e-7)
    assert len(fitting.untrained(recipe).trainable_variables) > len(model.trainable_variables) or training == "together"


@pytest.mark.parametrize("training, length, stop", [("after", 2, 2), ("alternate", 1, 1)], ids=["within", "between"])
def test_a_resumed_run_takes_up_the_phase_that_it_is_in(data_set, eager, tmp_path, training, length, stop):
    keys = {**LEARNED, "epochs": 3, "coefficient_training": training, "coefficient_epochs": length}
    model, recipe = prepared(data_set, **keys)
    fitting.run_epochs(model, recipe, data_set)
    part, _ = prepared(data_set, **keys)
    fitting.run_epochs(part, recipe, data_set, epochs=stop, callbacks=[Checkpoint(tmp_path)])
    again, done = fitting.prepare_resumed(recipe, data_set, Checkpoint(tmp_path))
    moved, _ = moved_by_epoch(again, recipe, data_set, initial_epoch=done)
    assert done == stop and moved[0] == (False, True)
    for found, expected in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    late, _ = prepared(data_set, **keys)  # as Keras Tuner's Hyperband builds it, for the first epoch
    assert moved_by_epoch(late, recipe, data_set, initial_epoch=stop)[0][0] == (False, True)


@pytest.mark.parametrize(
    "values, words",
    [
        ({"coefficient_training": "later"}, "must be one of 'together', 'after', 'alternate'. Received: .*'later'"),
        ({"coefficient_training": "after"}, "need it: at least 1, and fewer than 'epochs'. Received: .*epochs=0"),
        ({"coefficient_training": "after", "coefficient_epochs": 2}, "fewer than 'epochs'. Received: .*epochs=2"),
        ({"coefficient_epochs": 1}, "is for coefficient_training = "),
        (
            {"coefficient_training": "alternate", "coefficient_epochs": 1, "ema_momentum": 0.9},
            "'coefficient_epochs' and 'ema_momentum' exclude each other",
        ),
        (
            {"coefficient_training": "after", "coefficient_epochs": 1, "early_stopping": 2},
            "'coefficient_epochs' and 'early_stopping' exclude each other",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)
def test_bad_trainings_of_coefficients_are_refused(values, words):
    with pytest.raises(ValueError, match=words):
        replace(RECIPE, **LEARNED, **values)


def test_coefficients_are_those_of_learned_activations(data_set):
    with pytest.raises(ValueError, match="the architecture 'slaf'. Received: small, without a PolynomialActivation"):
        prepared(data_set, coefficient_training="after", coefficient_epochs=1)


@pins("early_stopping")
def test_training_ends_so_many_epochs_after_its_best_and_keeps_that_one(data_set, monkeypatch):
    model, recipe = prepared(data_set, epochs=9, early_stopping=2)
    path = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: path.append(model.get_weights()))
    metrics = lambda *args, **options: {"accuracy": (0.5, 0.7, 0.6, 0.6, 0.9)[len(path)], "loss": 1.0}  # noqa: E731
    monkeypatch.setattr(model, "evaluate", metrics)
    history = fitting.fit(model, recipe, data_set, callbacks=[note])
    assert history.epoch == [0, 1, 2, 3]
    for found, expected in zip(model.get_weights(), path[1], strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match="'early_stopping' and 'ema_momentum' exclude each other"):
        replace(recipe, ema_momentum=0.9)


@pins("jit")
def test_the_step_is_compiled_with_xla_where_the_recipe_says_so(data_set, monkeypatch):
    """By what Keras is told: in a process in which operations must be deterministic, it leaves XLA out and warns."""
    told = []

    def compile(model, optimizer, jit_compile, **options):
        model.optimizer = optimizer
        told.append(jit_compile)

    monkeypatch.setattr(fitting, "set_up_backend", lambda seed, deterministic: told.append(deterministic))
    monkeypatch.setattr(keras.Model, "compile", compile)
    monkeypatch.setattr(fitting, "synchronise_norms_and_clipping", lambda model: None)
    for jit in (False, True):
        fitting.prepare(replace(RECIPE, jit=jit), data_set)
    xla = {"tensorflow": (False, True), "jax": (True, True), "torch": (False, False)}[keras.backend.backend()]
    assert told == [True, xla[0], False, xla[1]]


@pins("bfloat16")
def test_layers_compute_in_bfloat16_in_training_alone(data_set):
    architecture = {"architecture": "pinet_vgg", "architecture_arguments": {"widths": [2], "depth": 1}}
    plain, _ = prepared(data_set, **architecture)
    model, recipe = prepared(data_set, **architecture, bfloat16=True)
    kinds = {layer.name: (layer.compute_dtype, layer.variable_dtype) for layer in model.layers}
    assert kinds["whitening"] == ("bfloat16", "float32") and kinds["logits"] == ("float32", "float32")
    model.set_weights(plain.get_weights())
    expected, found = (keras.ops.convert_to_numpy(each(data_set.x_test)) for each in (plain, model))
    assert found.dtype == "float32" and 0 < np.abs(found - expected).max() < 0.1 * np.abs(expected).max()
    fitting.fit(model, recipe, data_set, epochs=1)
    shipped = fitting.untrained(recipe, data_set)
    assert all(layer.compute_dtype == "float32" for layer in shipped.layers)
    with pytest.raises(ValueError, match="'bfloat16' has no meaning for spoken_digit, which holds audio clips"):
        replace(RECIPE, dataset="spoken_digit", bfloat16=True)
