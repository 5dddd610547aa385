"""Mixtures of training images, with a teacher's answers to them."""

from dataclasses import replace

import numpy as np

from zoo.data.mixing import cutmix, mixup


class Mixtures:
    """Each training image mixed with another one, in several versions that a teacher has answered to.

    Versions 0, 2, ... are made by CutMix, versions 1, 3, ... by mixup with α = 1, from mirrored, shifted, rotated and
    scaled images. A version's images are computed again for each epoch; the answers are kept.

    Args:
        images: uint8 `[n, height, width, channels]`.
        targets: float32 `[n, classes]`.
        recipe: the `Recipe`; `mixed_versions` is the number of versions.
        teacher: the `Teacher`.
        augment: function of images, recipe and generator that returns augmented images.
    """

    def __init__(self, images, targets, recipe, teacher, augment):
        self.images, self.targets, self.augment = images, targets, augment
        self.recipe = replace(recipe, cutout=0)
        self.answered = []
        for version in range(recipe.mixed_versions):
            mixed, labels = self._mix(version)
            self.answered.append(teacher.mix(teacher.answers(mixed, f"mixture_{version}"), labels))

    def of_epoch(self, epoch):
        """The images and targets of the version that an epoch gets, in the order of the training examples."""
        version = epoch % len(self.answered)
        return self._mix(version)[0], self.answered[version]

    def _mix(self, version):
        generator = np.random.default_rng([self.recipe.seed, 1, 0, version])
        images = self.augment(self.images, self.recipe, generator)
        if version % 2:
            return mixup(images, self.targets, 1.0, generator)
        return cutmix(images, self.targets, generator)
