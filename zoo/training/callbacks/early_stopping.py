"""The end of a training that no longer improves."""

from dataclasses import asdict

import keras
import numpy as np

from zoo.epochs import best_epoch, has_ended
from zoo.recipes import Recipe
from zoo.training.checkpoint import Checkpoint


class EarlyStopping(keras.callbacks.Callback):
    """Keeps the weights of the best epoch, and ends a training that has not improved on it. It precedes the checkpoint.

    `keras.callbacks.EarlyStopping` forgets at each start what was the best epoch; this one takes it from the
    checkpoint, so that a run that was killed ends as one that was not.

    Args:
        recipe: the `Recipe`; its `early_stopping` is the number of epochs to wait.
        checkpoint: the run's `Checkpoint`, if it has one.
    """

    def __init__(self, recipe: Recipe, checkpoint: Checkpoint | None = None):
        super().__init__()
        self.recipe, self.checkpoint = asdict(recipe), checkpoint
        self.rows: list[dict] = list(checkpoint.history) if checkpoint else []
        self.best: list[np.ndarray] = checkpoint.best if checkpoint else []

    @property
    def ended(self) -> bool:
        """Whether no further epoch is to be trained."""
        return has_ended(self.rows, self.recipe)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.rows.append(dict(logs or {}))
        if best_epoch(self.rows) == len(self.rows):
            self.best = [np.array(keras.ops.convert_to_numpy(each)) for each in self.model.variables]
            if self.checkpoint:
                self.checkpoint.best = self.best
        if self.ended:
            self.model.stop_training = True

    def give_best(self, model: keras.Model) -> None:
        """Give a model the weights of the best epoch."""
        for variable, values in zip(model.variables, self.best, strict=True):
            variable.assign(values)
