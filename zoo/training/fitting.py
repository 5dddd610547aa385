"""Fitting of a classifier by its recipe."""

import contextlib

import keras
import numpy as np

from zoo.architectures import build
from zoo.data.batches import Batches
from zoo.data.catalog import SETS
from zoo.data.fixed_batches import streamed
from zoo.losses.focal_crossentropy import FLSD_53, FocalCrossentropy
from zoo.recipes.checks import check_kind
from zoo.training.backend import set_up_backend
from zoo.training.batch_norm import recompute_statistics
from zoo.training.callbacks.early_stopping import EarlyStopping
from zoo.training.callbacks.stop_at_divergence import StopAtDivergence
from zoo.training.checkpoint import Checkpoint
from zoo.training.devices import process, synchronise_norms_and_clipping
from zoo.training.fused_norms import fused_norms
from zoo.training.initial_weights import give_initial_weights, initial_scaling
from zoo.training.input_scaling import input_scaling
from zoo.training.matrix_convolutions import matrix_convolutions
from zoo.training.optimizer import recipe_optimizer
from zoo.training.phases import learn_only, phase_at, phases, remaining, schedule
from zoo.training.teacher import Teacher
from zoo.training.whitening import whiten


def prepare(recipe, data_set, epoch=0) -> keras.Model:
    """A built and compiled model, ready for its first step, or for the first step of a later epoch of a resumed run.

    Args:
        recipe: the `Recipe`.
        data_set: the `DataSet` that it will be trained on.
        epoch: number of epochs that are done, whose weights the caller loads.
    """
    check_batch_fits(recipe, data_set)
    # With deterministic operations, Keras does not use XLA on TensorFlow.
    set_up_backend(recipe.seed, deterministic=not recipe.jit)
    check_kind(recipe, data_set.is_audio)
    with _dtype_policy("mixed_bfloat16" if recipe.bfloat16 else keras.config.dtype_policy()):
        model = untrained(recipe, data_set, mirrored=False)  # an image is mirrored at random, for half the cost
    if recipe.initial:
        give_initial_weights(model, recipe, split(recipe, data_set)[0], data_set.class_names)
    else:
        whiten(model, data_set.x_train)
    _compile(model, recipe, data_set, epoch)
    return model


@contextlib.contextmanager
def _dtype_policy(policy):
    """A context in which layers are made with a policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def prepare_resumed(recipe, data_set, checkpoint) -> tuple[keras.Model, int]:
    """A model ready for the next epoch of a run, as its checkpoint left it, and the number of epochs that are done.

    Args:
        recipe: the `Recipe`.
        data_set: the `DataSet`.
        checkpoint: the run's `Checkpoint`.

    Raises:
        DamagedFile: the checkpoint is damaged.
    """
    done = checkpoint.epochs_done()
    model = prepare(recipe, data_set, done)
    checkpoint.restore(model, optimizer=phase_at(recipe, done).start != done)  # each phase has an optimizer of its own
    return model, done


def _compile(model, recipe, data_set, epoch):
    """Compile a model for the epochs of the phase in which an epoch is."""
    phase = phase_at(recipe, epoch)
    if len(phases(recipe)) > 1:
        learn_only(model, phase, untrained(recipe, data_set, mirrored=False))
    plan, over = schedule(recipe, phase)
    steps = steps_per_epoch(recipe, data_set)
    model.compile(
        optimizer=recipe_optimizer(plan, steps, model),
        loss=_loss(recipe),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        jit_compile={"jax": True, "tensorflow": recipe.jit}.get(keras.backend.backend(), False),
    )
    model.optimizer.build(model.trainable_variables)
    if over:
        model.optimizer.iterations.assign(over * steps)
    synchronise_norms_and_clipping(model)
    model.phase = phase


def _loss(recipe):
    smoothing = recipe.label_smoothing
    if recipe.loss == "crossentropy":
        return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    return FocalCrossentropy(FLSD_53 if recipe.loss == FLSD_53 else recipe.focal_gamma, smoothing)


def fit(model, recipe, data_set, **options) -> keras.callbacks.History:
    """Train a prepared model as its recipe says, and leave it with the final weights.

    Args:
        model: from `prepare(recipe, data_set)`.
        recipe: the `Recipe`.
        data_set: the `DataSet`; only its training split is used.
        **options: as for `run_epochs`.

    Returns:
        Keras' history: the loss and accuracy of each epoch, in training and on the validation part.

    Raises:
        ValueError: the loss becomes NaN, or is far above that of guessing for two epochs.
    """
    history = run_epochs(model, recipe, data_set, **options)
    update_batch_norm(model, recipe, data_set)
    return history


def run_epochs(
    model, recipe, data_set, *, initial_epoch=0, epochs=None, callbacks=(), cache=None
) -> keras.callbacks.History:
    """Train a prepared model, and leave it with the averaged weights or those of the best epoch, as the recipe says.

    Args:
        model: from `prepare(recipe, data_set)`.
        recipe: the `Recipe`.
        data_set: the `DataSet`; only its training split is used.
        initial_epoch: epochs that are done already.
        epochs: the epoch to stop after, on the schedule of the whole recipe; default the recipe's last.
        callbacks: more callbacks; they do not see the epoch at which a run is ended because it diverged.
        cache: folder for a teacher's answers; `None` keeps none.

    Returns:
        Keras' history.

    Raises:
        ValueError: the loss becomes NaN, or is far above that of guessing for two epochs.
    """
    images, targets, held_images, held_targets = split(recipe, data_set)
    teacher = Teacher(recipe, cache) if recipe.teacher else None
    batches = Batches(images, targets, recipe, *process(), teacher=teacher)
    checkpoint = next((each for each in callbacks if isinstance(each, Checkpoint)), None)
    stopping = EarlyStopping(recipe, checkpoint) if recipe.early_stopping else None
    common = [
        keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: batches.start_epoch(epoch)),
        StopAtDivergence(len(data_set.class_names), checkpoint, recipe.frozen_epochs),
        *([stopping] if stopping else []),
        *callbacks,
    ]
    whole = keras.callbacks.History()
    for phase, start, end in remaining(recipe, initial_epoch, epochs or recipe.epochs):
        if stopping and stopping.ended:
            break
        if model.phase != phase:
            _compile(model, recipe, data_set, start)
        with fused_norms(model), matrix_convolutions(model):
            history = model.fit(  # at its end, fit replaces the weights by their averages
                batches,
                initial_epoch=start,
                epochs=end,
                validation_data=streamed(held_images, held_targets, 500),
                validation_batch_size=500,
                shuffle=False,  # Batches shuffles; fit would draw another order of the batches in a resumed run
                verbose=0,
                callbacks=common,
            )
        whole.epoch = [*getattr(whole, "epoch", []), *history.epoch]
        for metric, values in history.history.items():
            whole.history.setdefault(metric, []).extend(values)
    if stopping and stopping.ended:
        stopping.give_best(model)
    return whole


def update_batch_norm(model, recipe, data_set) -> None:
    """Recompute the statistics of batch normalisation for averaged weights.

    Args:
        model: the recipe's network after its last epoch.
        recipe: the `Recipe`.
        data_set: the `DataSet` that it was trained on.
    """
    if not recipe.ema_momentum:
        return
    images, targets, _, _ = split(recipe, data_set)
    batches = Batches(images, targets, recipe)
    batches.start_epoch(recipe.epochs - 1)
    steps = range(min(100, len(batches)))
    recompute_statistics(model, np.concatenate([batches[step][0] for step in steps]))


def steps_per_epoch(recipe, data_set) -> int:
    """Complete batches in the training examples."""
    return (len(data_set.x_train) - recipe.validation) // recipe.batch_size


def check_batch_fits(recipe, data_set) -> None:
    """Raise a ValueError if the training examples are fewer than a batch."""
    if steps_per_epoch(recipe, data_set) < 1:
        raise ValueError(
            f"{recipe.name} leaves no whole batch to train on: {len(data_set.x_train)} training images, "
            f"{recipe.validation} of them for validation. Received: batch_size={recipe.batch_size}"
        )


def untrained(recipe, data_set=None, **changes) -> keras.Model:
    """The recipe's network with initial weights, not compiled.

    Args:
        recipe: the `Recipe`.
        data_set: the `DataSet` that it will be trained on; `None` for one that the zoo knows by name, as it is.
        **changes: other arguments of its architecture.
    """
    if data_set is not None:
        shape, (mean, std), classes = data_set.shape, _scaling(recipe, data_set), data_set.class_names
    elif recipe.dataset in SETS:
        shape, mean, std, classes = (SETS[recipe.dataset][key] for key in ("shape", "mean", "std", "classes"))
    else:
        raise ValueError(f"The network depends on the data set, which is not given. Received: {recipe.dataset!r}")
    arguments = {**recipe.architecture_arguments, **changes}
    return build(recipe.architecture, arguments, shape, mean, std, len(classes), name=recipe.name)


def _scaling(recipe, data_set):
    return initial_scaling(recipe) if recipe.initial else input_scaling(data_set)


def split(recipe, data_set):
    """Training and validation part of the training split: the last `recipe.validation` examples are held out.

    Returns:
        images, one-hot targets, validation images, validation one-hot targets.
    """
    targets = np.eye(len(data_set.class_names), dtype="float32")[data_set.y_train]
    kept = len(targets) - recipe.validation
    return data_set.x_train[:kept], targets[:kept], data_set.x_train[kept:], targets[kept:]
