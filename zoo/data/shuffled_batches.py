"""Batches whose order depends on seed, epoch and step only."""

import keras
import numpy as np


class ShuffledBatches(keras.utils.PyDataset):
    """The order of the training examples; subclasses define what a batch holds.

    Args:
        images: training examples, the first axis counts them.
        targets: labels or targets of the examples, or `None`.
        recipe: a recipe; its `batch_size` and `seed` are used.
    """

    def __init__(self, images, targets, recipe):
        super().__init__()
        self.images, self.targets, self.recipe = images, targets, recipe
        self.start_epoch(0)

    def start_epoch(self, epoch):
        """Draw the order of an epoch."""
        self.epoch = epoch
        self.order = np.random.default_rng([self.recipe.seed, epoch]).permutation(len(self.images))

    def __len__(self):
        return len(self.images) // self.recipe.batch_size

    def draw(self, step):
        """Return the indices of a step's examples, and the random generator of that step."""
        size = self.recipe.batch_size
        chosen = self.order[step * size : (step + 1) * size]
        return chosen, np.random.default_rng([self.recipe.seed, self.epoch, step])
