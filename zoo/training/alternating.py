"""Training of one body for two heads in turn: the linear one, and a weighted nonlocal Laplacian."""

import contextlib
import itertools
from dataclasses import replace

import keras
import numpy as np
from keras import ops
from sklearn.base import clone

from pinet_keras.arguments import positive_integer
from zoo.data.batches import Batches
from zoo.data.data_set import DataSet
from zoo.recipes import Recipe
from zoo.training.callbacks.stop_at_divergence import StopAtDivergence
from zoo.training.fitting import split
from zoo.wnll import WNLLHead

NOT_FOR_TWO_HEADS = ("ema_momentum", "teacher", "frozen_epochs", "early_stopping")


def fit_alternately(
    model: keras.Model,
    recipe: Recipe,
    data_set: DataSet,
    *,
    rounds: int = 2,
    wnll_epochs: int = 2,
    templates: int = 20,
    learning_rate: float = 1e-4,
    head: WNLLHead | None = None,
) -> list[dict]:
    """Train a prepared model as its recipe says, with its linear head and a `WNLLHead` in turn.

    The recipe's epochs, with the linear head, are divided into `rounds` parts on one schedule. Each part is followed by
    epochs for the `WNLLHead`, in which the linear head is frozen: of each class some examples, drawn for the epoch, are
    templates, and the head gives those of a batch of the others probabilities p. Their gradient is that of a large
    linear system; the linear head stands in for it, with kernel K, features h and one-hot targets t:

        ∂loss / ∂h = (p − t) Kᵀ

    which is the gradient of the cross-entropy of the linear head, with p in the place of its own probabilities.

    Args:
        model: from `zoo.training.fitting.prepare(recipe, data_set)`.
        recipe: the `Recipe`; without `ema_momentum`, `teacher`, `frozen_epochs` and `early_stopping`.
        data_set: the `DataSet`; the last `recipe.validation` examples of its training split are not used.
        rounds: how many times each head has its turn, at most the recipe's epochs.
        wnll_epochs: epochs for the `WNLLHead` in a round; 0 trains the linear head alone.
        templates: of each class; a class with few examples gives half of them.
        learning_rate: of Adam in the epochs for the `WNLLHead`.
        head: a `WNLLHead` with other parameters than its defaults.

    Returns:
        A dict for each epoch, with `"head"`, `"linear"` or `"wnll"`, and its `"accuracy"` on augmented training
        examples; that of the `WNLLHead` on those that are no templates.

    Raises:
        ValueError: numbers that are not positive integers, more rounds than epochs, one of the recipe keys above, a
            class with fewer than two examples, or what `WNLLHead` refuses, such as fewer templates than neighbours.

    Reference:
        Wang et al., Deep Neural Nets with Interpolating Function as Output Activation, arXiv 1802.00168; there, a
        further layer precedes the two heads.
    """
    for name, value in (("rounds", rounds), ("templates", templates)):
        positive_integer(name, value)
    if wnll_epochs != 0:
        positive_integer("wnll_epochs", wnll_epochs)
    if rounds > recipe.epochs:
        raise ValueError(f"`rounds` is at most the recipe's epochs, {recipe.epochs}. Received: rounds={rounds!r}")
    for key in NOT_FOR_TWO_HEADS:
        if getattr(recipe, key):
            raise ValueError(f"Recipe key {key!r} is for one head. Received: {key}={getattr(recipe, key)!r}")
    images, targets, _, _ = split(recipe, data_set)
    second = _SecondHead(model, WNLLHead() if head is None else clone(head), learning_rate)
    ends, history = np.linspace(0, recipe.epochs, rounds + 1).round().astype(int), []
    for turn, (start, end) in enumerate(itertools.pairwise(ends)):
        history += _linear_epochs(model, recipe, images, targets, start, end)
        for epoch in range(recipe.epochs + turn * wnll_epochs, recipe.epochs + (turn + 1) * wnll_epochs):
            history.append(second.epoch(recipe, images, targets, epoch, templates))
    return history


def _linear_epochs(model, recipe, images, targets, start, end):
    batches = Batches(images, targets, recipe)
    history = model.fit(
        batches,
        initial_epoch=start,
        epochs=end,
        shuffle=False,
        verbose=0,
        callbacks=[
            keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: batches.start_epoch(epoch)),
            StopAtDivergence(targets.shape[1]),
        ],
    )
    return [{"head": "linear", "accuracy": float(value)} for value in history.history["accuracy"]]


class _SecondHead:
    """Trains the body of a network for a `WNLLHead`, with the gradient of the linear head."""

    def __init__(self, model, head, learning_rate):
        self.head, self.linear = head, model.get_layer("logits")
        self.body = keras.Model(model.input, self.linear.input)
        # The loss Σ (p − t) · logits has the gradient p − t at the logits.
        self.stand_in = keras.Model(model.input, model.output)
        self.stand_in.compile(
            keras.optimizers.Adam(learning_rate, global_clipnorm=1.0),
            loss=lambda difference, logits: ops.sum(difference * logits, axis=-1),
            jit_compile=keras.backend.backend() == "jax",
        )
        with self._frozen_linear():
            self.stand_in.optimizer.build(self.stand_in.trainable_variables)

    def epoch(self, recipe, images, targets, epoch, templates):
        """Train on the examples that are not drawn as templates of this epoch."""
        labels = targets.argmax(axis=1)
        chosen = _draw_templates(labels, targets.shape[1], templates, np.random.default_rng([recipe.seed, epoch]))
        others = np.setdiff1d(np.arange(len(labels)), chosen)
        own = replace(recipe, batch_size=min(recipe.batch_size, len(others)), mixup=0.0)
        batches = Batches(images[others], targets[others], own)
        batches.start_epoch(epoch)
        right = []
        with self._frozen_linear():
            for step in range(len(batches)):
                queries, wanted = batches[step]
                features = self.body.predict_on_batch(np.concatenate([images[chosen], queries]))
                self.head.fit(features[: len(chosen)], labels[chosen])
                p = self.head.predict_proba(features[len(chosen) :])
                self.stand_in.train_on_batch(queries, (p - wanted).astype("float32"))
                right.append(p.argmax(axis=1) == wanted.argmax(axis=1))
        return {"head": "wnll", "accuracy": float(np.mean(right))}

    @contextlib.contextmanager
    def _frozen_linear(self):
        self.linear.trainable = False
        yield
        self.linear.trainable = True


def _draw_templates(labels, classes, templates, generator):
    """Indices of as many examples of each class, or of half of its examples where these are fewer."""
    chosen = []
    for label in range(classes):
        members = np.flatnonzero(labels == label)
        if len(members) < 2:
            raise ValueError(
                f"Each class needs two training examples or more: a template, and another. Received: {len(members)} of "
                f"class {label}"
            )
        chosen.append(generator.permutation(members)[: min(templates, len(members) // 2)])
    return np.concatenate(chosen)
