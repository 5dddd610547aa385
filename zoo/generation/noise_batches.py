"""Real images, labels and noise; everything random depends on seed, epoch and step only."""

import numpy as np

from zoo.data.shuffled_batches import ShuffledBatches
from zoo.generation.augmentation import NUMBERS


class NoiseBatches(ShuffledBatches):
    """Shuffled batches of what a `GAN` takes, reproducible as `Batches` are.

    Args:
        images: uint8 `[n, height, width, channels]`.
        targets: labels, int `[n]`, or `None` for an unconditional generator.
        recipe: the `GeneratorRecipe`; its `batch_size`, `seed`, `flip`, `augment` and `latent_size` are used.
    """

    def __getitem__(self, step):
        chosen, generator = self.draw(step)
        images = self.images[chosen]
        if self.recipe.flip:
            mirrored = generator.random(len(chosen)) < 0.5
            images = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
        latents = generator.uniform(-1, 1, (len(chosen), self.recipe.latent_size)).astype("float32")
        batch = {"images": images, "latents": latents}
        if self.recipe.augment:
            batch["augmentation"] = generator.random((len(chosen), 2, NUMBERS), dtype="float32")
        return (batch if self.targets is None else {**batch, "labels": self.targets[chosen].astype("int32")},)

    def noise(self, count):
        """Noise, and labels as frequent as in the data set, as the generator takes them; the same for one seed."""
        generator = np.random.default_rng(self.recipe.seed)
        latents = generator.uniform(-1, 1, (count, self.recipe.latent_size)).astype("float32")
        return latents if self.targets is None else [latents, np.resize(self.targets, count).astype("int32")]
