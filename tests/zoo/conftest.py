import os
from pathlib import Path

import numpy as np
import pytest

from zoo.data.catalog import SETS


@pytest.fixture
def tfds_dir():
    """Gives the folder with a prepared data set; the test is skipped where that is not there."""

    def of(name):
        folder = Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()
        if not (folder / name).is_dir():
            pytest.skip(f"{name} is not prepared in {folder}; set TFDS_DATA_DIR to the folder that holds it")
        return folder

    return of


@pytest.fixture
def small_arrays():
    """Arrays of the shape of the digits set, random but fixed."""
    generator = np.random.default_rng(0)
    shape = SETS["digits"]["shape"]
    return {
        "x_train": generator.integers(0, 256, (300, *shape), dtype="uint8"),
        "y_train": generator.integers(0, 10, 300),
        "x_test": generator.integers(0, 256, (50, *shape), dtype="uint8"),
        "y_test": generator.integers(0, 10, 50),
    }


@pytest.fixture
def small_npz(tmp_path, small_arrays):
    path = tmp_path / "small.npz"
    np.savez(path, **small_arrays)
    return path
