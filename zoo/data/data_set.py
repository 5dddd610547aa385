"""A classification set in memory."""

import hashlib
from dataclasses import dataclass

import numpy as np

from zoo.data.catalog import SETS

ARRAYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class DataSet:
    """A data set in memory, train and test, with labels int64 `[n]`.

    Its examples are images uint8 `[n, height, width, channels]`, or audio clips int16 `[n, samples]`.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the labels."""
        return SETS[self.name]["classes"]

    @property
    def sha256(self) -> str:
        """Checksum over the examples and labels of both splits: the same from TFDS and from an `.npz`."""
        digest = hashlib.sha256()
        for key in ARRAYS:
            digest.update(np.ascontiguousarray(getattr(self, key)).tobytes())
        return digest.hexdigest()
