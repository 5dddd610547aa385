"""One training run: from a recipe to weights and card."""

import contextlib
import statistics
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from zoo.architectures import build
from zoo.batches import Batches
from zoo.checkpoint import Checkpoint
from zoo.data import SETS, load_set
from zoo.devices import data_parallel, join_processes, process, spread_norms_and_clipping, wait_and_agree
from zoo.event_log import EventLog
from zoo.files import only_one
from zoo.kernel_muon import KernelMuon
from zoo.progress import TrainingProgress
from zoo.publishing import publish, write_card
from zoo.recipes import Recipe
from zoo.runs import open_run, say_what_is_done, saying_what_is_kept, set_up_backend
from zoo.statistics import renew_statistics
from zoo.stop_at_nan import StopAtNaN
from zoo.teacher import Teacher
from zoo.whitening import whiten


def train(
    recipe: Recipe,
    *,
    data=None,
    data_dir=None,
    run_dir=None,
    out_dir=None,
    fresh=False,
    console=None,
    devices=1,
) -> dict | None:
    """Train a recipe, go on where a killed run was, and write weights and card.

    Args:
        recipe: every hyperparameter of the run.
        data: path of a uint8 `.npz`; `None` reads TFDS (scikit-learn for digits).
        data_dir: where TFDS keeps its data sets.
        run_dir: folder of checkpoint, log and TensorBoard events; default `runs/NAME`.
        out_dir: folder that gets `cards/NAME.json` and `weights/NAME.weights.h5`; default the run's folder.
        fresh: start over, whatever `run_dir` holds.
        console: `rich.console.Console` for the progress; default standard error.
        devices: how many share each batch, those of all processes counted.

    Returns:
        The card; `None` in processes other than the first.

    Raises:
        ValueError: `run_dir` holds a run of another recipe, data set or backend, a damaged one, or one that is being
            trained; there is less than a batch to train on; the loss is no number any more; there
            are fewer devices, or the batch does not divide among them; there are several, and the recipe has a
            teacher.
        FileNotFoundError: the data set is not there.
    """
    if recipe.teacher and devices > 1:
        raise ValueError(f"A recipe with a teacher trains on one device. Received: devices={devices}")
    join_processes()
    first = process()[0] == 0
    run_dir = Path(run_dir or Path("runs") / recipe.name)
    with contextlib.ExitStack() as lock:
        with data_parallel(devices, recipe.batch_size):
            data_set = load_set(recipe.dataset, data, data_dir)
            _refuse_less_than_a_batch(recipe, data_set)
            if first:
                lock.enter_context(only_one(run_dir, "training"))
                open_run(run_dir, recipe, data_set, fresh)
            wait_and_agree(0, "run folder")
            checkpoint = Checkpoint(run_dir)
            progress = TrainingProgress(recipe, steps_per_epoch(recipe, data_set), console)
            model = prepare(recipe, data_set)
            done = checkpoint.restore(model)
            wait_and_agree(done, f"epochs done in {run_dir}: a folder that all of them see")
            if first:
                say_what_is_done(done, recipe, run_dir, progress.console)
            callbacks = [progress, checkpoint, EventLog(run_dir)] if first else []
            with saying_what_is_kept(checkpoint, progress) if first else contextlib.nullcontext():
                run_epochs(model, recipe, data_set, initial_epoch=done, callbacks=callbacks, cache=run_dir)
        if not first:
            return None
        trained = untrained(recipe)  # without the optimizer, which would go into the file as well
        trained.set_weights(model.get_weights())
        settle(trained, recipe, data_set)
        return publish(trained, recipe, data_set, checkpoint, Path(out_dir or run_dir))


def train_seeds(recipe: Recipe, count, *, run_dir=None, out_dir=None, **options) -> dict | None:
    """Train a recipe several times; the card of its own seed also tells the accuracy of the others.

    Args:
        recipe: the first run's; the further ones have seeds one, two and so on higher.
        count: number of runs.
        run_dir: folder of the first run, default `runs/NAME`; the further ones are in `seed_N` within it.
        out_dir: folder that gets card and weights of the first run; default that run's folder.
        **options: as for `train`.

    Returns:
        The card, with `seeds`: the test accuracy of each, their mean and standard deviation (n − 1 in the divisor); the
        card alone for one seed, `None` in processes other than the first.
    """
    run_dir = Path(run_dir or Path("runs") / recipe.name)
    card = train(recipe, run_dir=run_dir, out_dir=out_dir, **options)
    others = [
        train(replace(recipe, seed=seed), run_dir=run_dir / f"seed_{seed}", **options)
        for seed in range(recipe.seed + 1, recipe.seed + count)
    ]
    if card is None or not others:
        return card
    accuracies = {each["training"]["seed"]: each["accuracy"]["test"] for each in [card, *others] if each}
    card["seeds"] = {
        "accuracy": {str(seed): accuracy for seed, accuracy in accuracies.items()},
        "mean": statistics.mean(accuracies.values()),
        "std": statistics.stdev(accuracies.values()),
    }
    write_card(card, Path(out_dir or run_dir))
    return card


def prepare(recipe, data_set) -> keras.Model:
    """A built and compiled model, ready for its first step.

    Args:
        recipe: the `Recipe`.
        data_set: the `DataSet` that it will be trained on.
    """
    _refuse_less_than_a_batch(recipe, data_set)
    set_up_backend(recipe.seed)
    model = untrained(recipe)
    whiten(model, data_set.x_train)
    model.compile(
        optimizer=_optimizer(recipe, steps_per_epoch(recipe, data_set), model),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        # On a CPU XLA trains convolutions slower than oneDNN does (docs/performance.md); JAX has no other way.
        jit_compile=keras.backend.backend() == "jax",
    )
    model.optimizer.build(model.trainable_variables)
    spread_norms_and_clipping(model)
    return model


def fit(model, recipe, data_set, **options) -> keras.callbacks.History:
    """Train a prepared model as its recipe says, and leave it with the weights that would be shipped.

    Args:
        model: from `prepare(recipe, data_set)`.
        recipe: the `Recipe`.
        data_set: the `DataSet`; only its training split is used.
        **options: as for `run_epochs`.

    Returns:
        Keras' history: the loss and accuracy of each epoch, in training and on the validation part.

    Raises:
        ValueError: the loss is no number any more.
    """
    history = run_epochs(model, recipe, data_set, **options)
    settle(model, recipe, data_set)
    return history


def run_epochs(
    model, recipe, data_set, *, initial_epoch=0, epochs=None, callbacks=(), cache=None
) -> keras.callbacks.History:
    """Train a prepared model, and leave it with its averaged weights, if the recipe averages.

    Args:
        model: from `prepare(recipe, data_set)`.
        recipe: the `Recipe`.
        data_set: the `DataSet`; only its training split is used.
        initial_epoch: epochs that are done already.
        epochs: the epoch to stop after, on the schedule of the whole recipe; default the recipe's last.
        callbacks: more callbacks; they do not see an epoch whose loss is no number.
        cache: folder for a teacher's answers; `None` keeps none.

    Returns:
        Keras' history.

    Raises:
        ValueError: the loss is no number any more.
    """
    images, targets, held_images, held_targets = split(recipe, data_set)
    teacher = Teacher(recipe, cache) if recipe.teacher else None
    batches = Batches(images, targets, recipe, *process(), teacher=teacher)
    start_epoch = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: batches.start_epoch(epoch))
    return model.fit(  # puts the averaged weights in the place of the last ones at its end
        batches,
        initial_epoch=initial_epoch,
        epochs=epochs or recipe.epochs,
        validation_data=(held_images, held_targets),
        validation_batch_size=500,
        shuffle=False,  # Batches shuffles; fit would draw the order of the batches anew in a resumed run
        verbose=0,
        callbacks=[start_epoch, StopAtNaN(), *callbacks],
    )


def settle(model, recipe, data_set) -> None:
    """Give averaged weights the statistics of batch normalisation that belong to them.

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
    renew_statistics(model, np.concatenate([batches[step][0] for step in steps]))


def steps_per_epoch(recipe, data_set) -> int:
    """Whole batches in the training part."""
    return (len(data_set.x_train) - recipe.validation) // recipe.batch_size


def _refuse_less_than_a_batch(recipe, data_set):
    if steps_per_epoch(recipe, data_set) < 1:
        raise ValueError(
            f"{recipe.name} leaves no whole batch to train on: {len(data_set.x_train)} training images, "
            f"{recipe.validation} of them for validation. Received: batch_size={recipe.batch_size}"
        )


def untrained(recipe) -> keras.Model:
    """The recipe's network with fresh weights, not compiled."""
    info = SETS[recipe.dataset]
    return build(
        recipe.architecture,
        recipe.architecture_arguments,
        info["shape"],
        info["mean"],
        info["std"],
        len(info["classes"]),
        name=recipe.name,
    )


def split(recipe, data_set):
    """Training and validation part of the training split: the last `recipe.validation` examples are kept out.

    Returns:
        images, one-hot targets, validation images, validation one-hot targets.
    """
    targets = np.eye(len(data_set.class_names), dtype="float32")[data_set.y_train]
    kept = len(targets) - recipe.validation
    return data_set.x_train[:kept], targets[:kept], data_set.x_train[kept:], targets[kept:]


def _optimizer(recipe, steps, model):
    warmup = int(recipe.warmup_epochs * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=recipe.learning_rate / 20 if warmup else recipe.learning_rate,
        decay_steps=max(1, recipe.epochs * steps - warmup),
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    common = {
        "learning_rate": schedule,
        "weight_decay": recipe.weight_decay,
        "global_clipnorm": recipe.clip_norm,
        "use_ema": recipe.ema_momentum > 0,
        "ema_momentum": recipe.ema_momentum or 0.99,
    }
    if recipe.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(momentum=0.9, nesterov=True, **common)
    elif recipe.optimizer == "muon":
        optimizer = KernelMuon(
            exclude_layers=["logits"], adam_beta_2=0.99, adam_weight_decay=recipe.weight_decay, **common
        )
    else:
        optimizer = keras.optimizers.AdamW(beta_2=0.99, **common)
    optimizer.exclude_from_weight_decay([each for each in model.trainable_variables if each.name != "kernel"])
    return optimizer
