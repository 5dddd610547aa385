"""A classification set as arrays."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zoo.data.catalog import SETS
from zoo.data.pixel_statistics import pixel_statistics
from zoo.data.summary import Summary

ARRAYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class DataSet:
    """A data set, train and test, with labels int64 `[n]`.

    Its examples are images uint8 `[n, height, width, channels]`, or audio clips int16 `[n, samples]`; arrays in memory,
    or memory-mapped files.

    Args:
        name: one of the data sets that the zoo knows by name, or what `zoo.open_data` was given.
        x_train: examples of the training split; the validation split is its end.
        y_train: their labels.
        x_test: examples of the test split.
        y_test: their labels.
        class_names: names of the classes, in the order of the labels; of a known data set they need not be given.
        validation: number of examples at the end of the training split that are its validation split; 0 where the
            recipe decides on it.
        summary: what was found while it was read, if it is not a data set that the zoo knows by name.

    Raises:
        ValueError: no `class_names`, and the name is not known.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...] = ()
    validation: int = 0
    summary: Summary | None = None

    def __post_init__(self):
        if not self.class_names:
            if self.name not in SETS:
                raise ValueError(f"A data set that is not known by name needs `class_names`. Received: {self.name!r}")
            object.__setattr__(self, "class_names", tuple(SETS[self.name]["classes"]))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an example: `(height, width, channels)`, or `(samples,)` of an audio clip."""
        return self.x_train.shape[1:]

    @property
    def is_audio(self) -> bool:
        """Whether the examples are audio clips."""
        return len(self.shape) == 1

    @cached_property
    def pixel_statistics(self) -> tuple[list[float], list[float]]:
        """Mean and standard deviation of each channel of the training images, in grey levels, to two digits."""
        return pixel_statistics(self.x_train)

    @property
    def sha256(self) -> str:
        """Checksum over the examples and labels of both splits: the same from TFDS and from an `.npz`."""
        digest = hashlib.sha256()
        for key in ARRAYS:
            digest.update(np.ascontiguousarray(getattr(self, key)).data)
        return digest.hexdigest()
