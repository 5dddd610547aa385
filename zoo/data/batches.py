"""Augmented batches whose order and content depend on seed, epoch and step only."""

from dataclasses import replace
from io import BytesIO

import numpy as np
from PIL import Image
from scipy.ndimage import affine_transform

from zoo.data.mixing import mixup
from zoo.data.mixtures import Mixtures
from zoo.data.shuffled_batches import ShuffledBatches

GREY = 128


class Batches(ShuffledBatches):
    """Shuffled, augmented batches of uint8 images, or int16 audio clips, and one-hot labels.

    Random numbers depend on (seed, epoch, step) only, so that a resumed run sees the images that an uninterrupted one
    would have seen. The state of Keras' augmentation layers would depend on how far the stopped run had prefetched.

    A teacher answers before images are recompressed as JPEG, so the answer to an image does not depend on its quality.
    With `augmented_versions` it answers to that many shifted, rotated and scaled versions of each example, once, and
    the mean of its answers belongs to the example however it is augmented. With `mixed_versions` it also answers to as
    many mixtures of each example with another one, and half of the examples of an epoch are such mixtures.

    Args:
        images: uint8 `[n, height, width, channels]`, or audio clips int16 `[n, samples]`.
        targets: float32 `[n, classes]`.
        recipe: the `Recipe`; its `batch_size`, `seed` and keys of augmentation are used.
        part: index of this process, which gets one of `parts` equal parts of every batch.
        parts: how many processes share a batch.
        teacher: a `Teacher`, which computes targets for the augmented examples; `None` uses the labels.
    """

    def __init__(self, images, targets, recipe, part=0, parts=1, teacher=None):
        self.teacher = teacher
        size = recipe.batch_size // parts
        self.part = slice(part * size, (part + 1) * size)
        mixed = teacher and recipe.mixed_versions
        self.mixtures = Mixtures(images, targets, recipe, teacher, augment) if mixed else None
        super().__init__(images, targets, recipe)
        self.answers = self._answers() if teacher and recipe.augmented_versions else None

    def start_epoch(self, epoch):
        """Draw the order of an epoch, and mix its images."""
        super().start_epoch(epoch)
        self.mixture = self.mixtures.of_epoch(epoch) if self.mixtures else None

    def __getitem__(self, step):
        chosen, generator = self.draw(step)
        images, targets = self._augment(self.images[chosen], self.recipe, generator), self.targets[chosen]
        if self.recipe.mixup:
            images, targets = mixup(images, targets, self.recipe.mixup, generator)
        images, targets = images[self.part], targets[self.part]
        if self.answers is not None:
            targets = self.teacher.mix(self.answers[chosen[self.part]], targets)
        elif self.teacher:
            targets = self.teacher(images, targets)
        if self.mixture:
            mixed = generator.random(len(images)) < 0.5
            images[mixed], targets[mixed] = (each[chosen[self.part]][mixed] for each in self.mixture)
        return recompress(images, self.recipe.jpeg, generator), targets

    def _answers(self):
        """The mean of the teacher's answers to the versions of each example."""
        whole, total = replace(self.recipe, flip=False, cutout=0), 0
        for version in range(self.recipe.augmented_versions):
            generator = np.random.default_rng([self.recipe.seed, 0, 0, version])
            total = total + self.teacher.answers(self._augment(self.images, whole, generator), f"version_{version}")
        return total / self.recipe.augmented_versions

    def _augment(self, examples, recipe, generator):
        function = augment if self.images.ndim == 4 else augment_audio
        return function(examples, recipe, generator)


def augment(images, recipe, generator):
    """Augment each image at random; pixels stay uint8.

    Args:
        images: uint8 `[n, height, width, channels]`.
        recipe: `flip` mirrors half of the images, `shift` is the largest translation in pixels (edges are repeated),
            `rotate` and `zoom` rotate and scale each around its centre, `cutout` is the width of a grey square in each.
        generator: `numpy.random.Generator`.

    Returns:
        uint8 `[n, height, width, channels]`.
    """
    images = _flip_and_shift(images, recipe, generator)
    if recipe.rotate or recipe.zoom:
        images = _rotate_and_zoom(images, recipe, generator)
    return _cut_out(images, recipe.cutout, generator) if recipe.cutout else images


def recompress(images, fraction, generator):
    """Compress a fraction of the images as JPEG, at a quality from 30 to 95, and read them again.

    Args:
        images: uint8 `[n, height, width, channels]`, 1 or 3 channels.
        fraction: probability of each image, 0 to 1.
        generator: `numpy.random.Generator`.

    Returns:
        uint8 `[n, height, width, channels]`; the images themselves for a fraction of 0.
    """
    if not fraction:
        return images
    changed = images.copy()
    chosen = np.flatnonzero(generator.random(len(images)) < fraction)
    for index, quality in zip(chosen, generator.integers(30, 96, len(chosen)), strict=True):
        file = BytesIO()
        Image.fromarray(images[index].squeeze()).save(file, "JPEG", quality=int(quality))
        changed[index] = np.asarray(Image.open(file)).reshape(images[index].shape)
    return changed


def augment_audio(clips, recipe, generator):
    """Augment each audio clip at random; samples stay int16.

    Args:
        clips: int16 `[n, samples]`.
        recipe: `zoom` is the largest relative change of speed and pitch, `shift` the largest shift in samples, `gain`
            the largest change of loudness in decibels, louder or quieter.
        generator: `numpy.random.Generator`.

    Returns:
        int16 `[n, samples]`; samples from beyond an end are 0.
    """
    count, length = clips.shape
    speeds = generator.uniform(1 - recipe.zoom, 1 + recipe.zoom, count)
    moves = generator.integers(-recipe.shift, recipe.shift + 1, count)
    gains = 10 ** (generator.uniform(-recipe.gain, recipe.gain, count) / 20)
    times = np.arange(length) - length / 2
    changed = [
        gain * np.interp(times * speed + length / 2 - move, np.arange(length), clip, left=0, right=0)
        for clip, speed, move, gain in zip(clips, speeds, moves, gains, strict=True)
    ]
    return np.clip(np.round(changed), -32768, 32767).astype("int16")


def _flip_and_shift(images, recipe, generator):
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


def _rotate_and_zoom(images, recipe, generator):
    count, middle = len(images), (np.array(images.shape[1:3]) - 1) / 2
    angles = np.deg2rad(generator.uniform(-recipe.rotate, recipe.rotate, count))
    scales = generator.uniform(1 - recipe.zoom, 1 + recipe.zoom, (count, 2))
    changed = np.empty_like(images)
    for index, (angle, scale) in enumerate(zip(angles, scales, strict=True)):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
        for channel in range(images.shape[3]):
            image = images[index, :, :, channel]
            affine_transform(
                image, turn, middle - turn @ middle, output=changed[index, :, :, channel], order=1, mode="nearest"
            )
    return changed


def _cut_out(images, side, generator):
    """The square's centre may lie anywhere, so its edges may lie outside."""
    count, height, width = images.shape[:3]
    top = generator.integers(0, height, (count, 1)) - side // 2
    left = generator.integers(0, width, (count, 1)) - side // 2
    rows, columns = np.arange(height), np.arange(width)
    in_rows, in_columns = (rows >= top) & (rows < top + side), (columns >= left) & (columns < left + side)
    hidden = in_rows[:, :, None, None] & in_columns[:, None, :, None]
    return np.where(hidden, np.uint8(GREY), images)
