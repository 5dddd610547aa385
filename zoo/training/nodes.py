"""Training of a model for the nodes of a graph by its recipe: weights and card."""

import contextlib
from pathlib import Path

import keras
import numpy as np

from pinet_keras import normalized_adjacency
from zoo.architectures import build_node_classifier
from zoo.card_types import Card
from zoo.data.planetoid import CitationGraph, read_planetoid
from zoo.files import folder_lock
from zoo.publishing.node_card import node_entries
from zoo.publishing.publish import publish
from zoo.recipes import NodeRecipe
from zoo.training import classifiers
from zoo.training.backend import set_up_backend
from zoo.training.callbacks.progress import TrainingProgress
from zoo.training.callbacks.stop_at_divergence import StopAtDivergence
from zoo.training.checkpoint import Checkpoint
from zoo.training.run_folder import open_run, report_earlier_epochs, reporting_interruption


def train(
    recipe: NodeRecipe, *, data=None, data_dir=None, run_dir=None, out_dir=None, fresh=False, console=None
) -> Card:
    """Train a recipe on the labelled nodes of its graph, and write weights and card. A stopped run is resumed.

    Args:
        recipe: every hyperparameter of the run.
        data: folder of Planetoid's files; default `planetoid` in `data_dir`.
        data_dir: where TFDS keeps its data sets.
        run_dir: folder of checkpoint and log; default `runs/NAME`.
        out_dir: folder that gets `cards/NAME.json` and `weights/NAME.weights.h5`; default the run's folder.
        fresh: train from the first epoch even if `run_dir` holds a checkpoint.
        console: `rich.console.Console` for the progress; default standard error.

    Returns:
        The card.

    Raises:
        ValueError: `run_dir` holds another run, the files are damaged, or the loss becomes NaN.
        FileNotFoundError: the graph is not there.
    """
    run_dir = Path(run_dir or Path("runs") / recipe.name)
    graph = read_planetoid(recipe.dataset, data, data_dir)
    with contextlib.ExitStack() as lock:
        lock.enter_context(folder_lock(run_dir, "training"))
        open_run(run_dir, recipe, graph, fresh)
        checkpoint, progress = Checkpoint(run_dir), TrainingProgress(recipe, 1, console)
        model = prepare(recipe, graph)
        done = checkpoint.restore(model)
        progress.show_earlier_epochs(checkpoint.history)
        report_earlier_epochs(checkpoint.history, recipe, run_dir, progress.console)
        with reporting_interruption(checkpoint, progress):
            fit(model, recipe, graph, done, [progress, StopAtDivergence(), checkpoint])
    trained = untrained(recipe, graph)  # without the optimizer, which would go into the file as well
    trained.set_weights(model.get_weights())
    return publish(trained, recipe, graph, checkpoint, Path(out_dir or run_dir), node_entries)


def train_seeds(recipe: NodeRecipe, seeds: int = 1, **options) -> Card:
    """Train a recipe several times; the card of the first seed lists the accuracies of all.

    Args:
        recipe: the first run's; the further ones have seeds one, two and so on higher.
        seeds: number of runs.
        **options: as for `train`.
    """
    card = classifiers.train_seeds(recipe, seeds, train_one=train, **options)
    assert card is not None
    return card


def untrained(recipe: NodeRecipe, graph: CitationGraph, nodes=None) -> keras.Model:
    """The recipe's model on its graph, with new weights.

    Args:
        recipe: the recipe.
        graph: its graph.
        nodes: the nodes whose logits are asked for; `None` stands for all.
    """
    adjacency = normalized_adjacency(graph.edges, len(graph.labels))
    features, classes = graph.features.shape[1], len(graph.class_names)
    arguments = (recipe.architecture, recipe.architecture_arguments, features, adjacency, classes)
    return build_node_classifier(*arguments, name=recipe.name, nodes=nodes)


def prepare(recipe: NodeRecipe, graph: CitationGraph) -> keras.Model:
    """The same, compiled: cross-entropy on the training nodes."""
    set_up_backend(recipe.seed)
    model = untrained(recipe, graph, graph.train)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(recipe.learning_rate), loss)
    return model


def fit(model: keras.Model, recipe: NodeRecipe, graph: CitationGraph, done: int = 0, callbacks=()) -> None:
    """Train a compiled model for the epochs that are left. The labels of other nodes have the weight 0.

    Args:
        model: what `prepare` gives.
        recipe: its recipe.
        graph: its graph.
        done: epochs that are done.
        callbacks: of Keras.
    """
    weights = np.zeros(len(graph.labels), "float32")
    weights[graph.train] = len(graph.labels) / len(graph.train)  # the loss is the mean over all nodes
    model.fit(
        graph.features[None],
        graph.labels[None],
        sample_weight=weights[None],
        batch_size=1,
        initial_epoch=done,
        epochs=recipe.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[*callbacks],
    )
