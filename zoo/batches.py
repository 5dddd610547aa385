"""Augmented batches whose order and content depend on seed, epoch and step alone."""

import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented batches of uint8 images and one-hot labels.

    All chance is drawn from (seed, epoch, step), so that a resumed run sees the pictures that an unbroken one would
    have seen; the state of Keras' augmentation layers would depend on how far the killed run had prefetched.

    Args:
        images: uint8 `[n, height, width, channels]`.
        targets: float32 `[n, classes]`.
        recipe: the `Recipe`; its `batch_size`, `seed`, `flip` and `shift` are used.
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

    def __getitem__(self, step):
        size = self.recipe.batch_size
        chosen = self.order[step * size : (step + 1) * size]
        generator = np.random.default_rng([self.recipe.seed, self.epoch, step])
        return augment(self.images[chosen], self.recipe, generator), self.targets[chosen]


def augment(images, recipe, generator):
    """Mirror and shift each image by chance; pixels stay uint8.

    Args:
        images: uint8 `[n, height, width, channels]`.
        recipe: its `flip` mirrors half of them, its `shift` moves each by up to so many pixels, edges repeated.
        generator: `numpy.random.Generator`.

    Returns:
        uint8 `[n, height, width, channels]`.
    """
    count, height, width = images.shape[:3]
    rows, columns = np.arange(height)[None, :], np.arange(width)[None, :]
    if recipe.flip:
        mirrored = generator.random((count, 1)) < 0.5
        columns = np.where(mirrored, width - 1 - columns, columns)
    if recipe.shift:
        moves = generator.integers(-recipe.shift, recipe.shift + 1, (2, count, 1))
        rows = np.clip(rows + moves[0], 0, height - 1)
        columns = np.clip(columns + moves[1], 0, width - 1)
    rows, columns = (np.broadcast_to(index, (count, index.shape[1])) for index in (rows, columns))
    return images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
