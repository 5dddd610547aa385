"""One training of a generator: from a recipe to weights and card."""

import contextlib
from pathlib import Path

import keras
from rich.console import Console

from zoo.architectures import build_generator
from zoo.architectures.discriminator import discriminator, projected_discriminator
from zoo.card_types import Card
from zoo.data.catalog import SETS
from zoo.data.loading import load_set
from zoo.files import folder_lock
from zoo.generation.epoch_sheets import EpochSheets
from zoo.generation.feature_maps import feature_maps
from zoo.generation.gan import GAN
from zoo.generation.generator_card import generator_entries
from zoo.generation.image_metrics import ImageMetrics
from zoo.generation.noise_batches import NoiseBatches
from zoo.publishing.publish import publish
from zoo.recipes import GeneratorRecipe
from zoo.registry import card_for
from zoo.tasks import CLASSIFICATION, GENERATION
from zoo.training.backend import set_up_backend
from zoo.training.batch_norm import recompute_statistics
from zoo.training.callbacks.event_log import EventLog
from zoo.training.callbacks.progress import TrainingProgress
from zoo.training.callbacks.stop_at_divergence import StopAtDivergence
from zoo.training.checkpoint import Checkpoint
from zoo.training.fused_norms import fused_norms
from zoo.training.run_folder import open_run, report_earlier_epochs, reporting_interruption
from zoo.training.starts import recording_start


def train(
    recipe: GeneratorRecipe, *, data=None, data_dir=None, run_dir=None, out_dir=None, fresh=False, console=None
) -> Card:
    """Train a generator's recipe and write weights and card. A run that was stopped is resumed.

    Args:
        recipe: every hyperparameter of the run.
        data: path of a uint8 `.npz`; `None` reads TFDS (scikit-learn for digits).
        data_dir: where TFDS keeps its data sets.
        run_dir: folder of checkpoint, log, TensorBoard events and a sheet of images per epoch; default `runs/NAME`.
        out_dir: folder that gets `cards/NAME.json` and `weights/NAME.weights.h5`; default the run's folder.
        fresh: train from the first epoch even if `run_dir` holds a checkpoint.
        console: `rich.console.Console` for the progress; default standard error.

    Returns:
        The card.

    Raises:
        ValueError: `run_dir` holds a run of another recipe, data set or backend; `classifier` is no classifier of the
            zoo, or one of `baselines` no generator of it; the loss becomes NaN.
        FileNotFoundError: the data set is not there.
    """
    run_dir = Path(run_dir or Path("runs") / recipe.name)
    console = console or Console(stderr=True)
    for name in recipe.baselines:
        card_for(name, GENERATION)
    for name in recipe.classifiers():
        card_for(name, CLASSIFICATION)
    data_set = load_set(recipe.dataset, data, data_dir)
    with contextlib.ExitStack() as lock:
        lock.enter_context(folder_lock(run_dir, "training"))
        open_run(run_dir, recipe, data_set, fresh)
        lock.enter_context(recording_start(run_dir, data_set, data=data, data_dir=data_dir, out_dir=out_dir))
        generator, checkpoint = fit(recipe, data_set, run_dir, console)
        return publish(generator, recipe, data_set, checkpoint, Path(out_dir or run_dir), generator_entries)


def fit(recipe, data_set, run_dir, console) -> tuple[keras.Model, Checkpoint]:
    """Train what is left of a run.

    Args:
        recipe: the `GeneratorRecipe`.
        data_set: the `DataSet`.
        run_dir: folder of the run, opened by `open_run`.
        console: `rich.console.Console` for the progress.

    Returns:
        The generator with the weights that are shipped, the averaged ones if the recipe averages; and the checkpoint.

    Raises:
        ValueError: there is less than a batch of training images, or the loss becomes NaN.
    """
    kept = len(data_set.x_train) - recipe.validation
    batches = NoiseBatches(data_set.x_train[:kept], data_set.y_train[:kept] if recipe.label_size else None, recipe)
    if not len(batches):
        raise ValueError(
            f"{recipe.name} leaves no whole batch to train on: {len(data_set.x_train)} training images, "
            f"{recipe.validation} of them for validation. Received: batch_size={recipe.batch_size}"
        )
    image_metrics = validation_metrics(recipe, data_set)
    gan = prepare(recipe, len(batches))
    checkpoint, progress = Checkpoint(run_dir), TrainingProgress(recipe, len(batches), console)
    done = checkpoint.restore(gan)
    progress.show_earlier_epochs(checkpoint.history)
    report_earlier_epochs(checkpoint.history, recipe, run_dir, console)
    with reporting_interruption(checkpoint, progress), fused_norms(gan):
        gan.fit(
            batches,
            initial_epoch=done,
            epochs=recipe.epochs,
            shuffle=False,  # NoiseBatches shuffles; fit would draw another order of the batches in a resumed run
            verbose=0,
            callbacks=[
                keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: batches.start_epoch(epoch)),
                StopAtDivergence(),
                EpochSheets(run_dir / "sheets", image_metrics, batches, recipe.ema_momentum > 0, console),
                progress,
                checkpoint,
                EventLog(run_dir),
            ],
        )
    if recipe.ema_momentum:
        gan.optimizer.finalize_variable_values(gan.trainable_variables)
        recompute_statistics(gan.generator, batches.noise(recipe.batch_size * 100))
    return gan.generator, checkpoint


def validation_metrics(recipe, data_set) -> ImageMetrics:
    """The `ImageMetrics` of the validation split, by the classifier that a run is chosen by."""
    kept = len(data_set.x_train) - recipe.validation
    classifier = recipe.validation_classifier or recipe.classifier
    return ImageMetrics(classifier, data_set.x_train[kept:], data_set.y_train[kept:])


def prepare(recipe, steps_per_epoch) -> GAN:
    """Generator and discriminator with initial weights, compiled.

    Args:
        recipe: the `GeneratorRecipe`.
        steps_per_epoch: for the schedule of the learning rate.
    """
    # With deterministic operations, Keras does not use XLA on TensorFlow.
    set_up_backend(recipe.seed, deterministic=not recipe.jit)
    info = SETS[recipe.dataset]
    num_classes = len(info["classes"]) if recipe.label_size else None
    network, maps = _discriminator(recipe, info["shape"], num_classes)
    gan = GAN(untrained(recipe), network, maps, recipe.loss, recipe.range_penalty)
    gan.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(recipe.learning_rate, recipe.epochs * steps_per_epoch),
            beta_1=0.0,  # usual for discriminators with spectral normalisation: momentum makes the training unstable
            beta_2=0.99,
            use_ema=recipe.ema_momentum > 0,
            ema_momentum=recipe.ema_momentum or 0.99,
        ),
        jit_compile={"jax": True, "tensorflow": recipe.jit}.get(keras.backend.backend(), False),  # JAX always does
    )
    gan.optimizer.build(gan.trainable_variables)
    return gan


def _discriminator(recipe, image_shape, num_classes):
    """The recipe's discriminator, and the model of the feature maps that it sees, or `None`."""
    if not recipe.feature_maps:
        return discriminator(image_shape, num_classes, **recipe.discriminator_arguments), None
    maps = feature_maps(recipe.feature_maps)
    shapes = [each.shape[1:] for each in maps.outputs]
    return projected_discriminator(shapes, num_classes, **recipe.discriminator_arguments), maps


def untrained(recipe):
    """The recipe's generator with initial weights."""
    info = SETS[recipe.dataset]
    return build_generator(
        recipe.architecture,
        recipe.architecture_arguments,
        recipe.latent_size,
        info["shape"],
        len(info["classes"]) if recipe.label_size else None,
        recipe.label_size,
        name=recipe.name,
    )
