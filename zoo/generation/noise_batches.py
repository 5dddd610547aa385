"""Real images, labels and noise, all chance drawn from seed, epoch and step."""

import keras
import numpy as np


class NoiseBatches(keras.utils.PyDataset):
    """Shuffled batches of what a `GAN` takes; a resumed run sees what an unbroken one would have seen.

    Args:
        images: uint8 `[n, height, width, channels]`.
        labels: int `[n]`, or `None` for an unconditional generator.
        recipe: the `GeneratorRecipe`; its `batch_size`, `seed`, `flip` and `latent_size` are used.
    """

    def __init__(self, images, labels, recipe):
        super().__init__()
        self.images, self.labels, self.recipe = images, labels, recipe
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
        images = self.images[chosen]
        if self.recipe.flip:
            mirrored = generator.random(size) < 0.5
            images = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
        latents = generator.uniform(-1, 1, (size, self.recipe.latent_size)).astype("float32")
        batch = {"images": images, "latents": latents}
        return (batch if self.labels is None else {**batch, "labels": self.labels[chosen].astype("int32")},)

    def noise(self, count):
        """Noise, and labels in the frequency of the set, as the generator takes them; the same for one seed."""
        generator = np.random.default_rng(self.recipe.seed)
        latents = generator.uniform(-1, 1, (count, self.recipe.latent_size)).astype("float32")
        return latents if self.labels is None else [latents, np.resize(self.labels, count).astype("int32")]
