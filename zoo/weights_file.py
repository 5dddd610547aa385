"""Weights on disk: float16, and refused unless their checksum is the card's."""

import hashlib
import tempfile
from pathlib import Path

import h5py
import numpy as np

from zoo.files import replacing


def save_float16(model, path) -> None:
    """Save a model's weights as a Keras `.weights.h5` file with float16 values.

    Keras casts to the model's own dtype when it loads the file, on every backend.

    Args:
        model: a built `keras.Model`.
        path: file to write; ends in `.weights.h5`.

    Raises:
        ValueError: a weight is beyond the range of float16.
    """
    path = Path(path)
    with replacing(path) as partial, tempfile.TemporaryDirectory(dir=partial.parent, prefix=".wide") as folder:
        wide = Path(folder) / "wide.weights.h5"
        model.save_weights(wide)
        with h5py.File(wide) as source, h5py.File(partial, "w") as target:
            source.visititems(lambda key, item: _copy(key, item, target))


def _copy(key, item, target):
    if isinstance(item, h5py.Group):
        copy = target.require_group(key)
    else:
        narrow = item.dtype == np.float32
        values = item[()].astype("float16") if narrow else item[()]
        if narrow and not np.isfinite(values).all():
            raise ValueError(
                f"Weight {key} does not fit into float16; its largest size is {np.abs(item[()]).max():.3g}"
            )
        copy = target.create_dataset(key, data=values)
    for name, value in item.attrs.items():
        copy.attrs[name] = value


def sha256(path) -> str:
    """Checksum of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def check(path, expected) -> None:
    """Refuse a weights file that is not the one that its card was written with.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: its checksum differs: truncated, tampered with, or another model's.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"The weights file {path.name} is missing from {path.parent}.")
    found = sha256(path)
    if found != expected:
        raise ValueError(
            f"The weights file {path.name} is not the one its card describes: it is damaged or was replaced. "
            f"Expected sha256 {expected}. Received: {found} ({path.stat().st_size} bytes)"
        )


def description(path) -> tuple[str | None, dict[str, int | None]]:
    """Whose weights a Keras `.weights.h5` file holds, as Keras wrote it there.

    Args:
        path: of the file.

    Returns:
        The model's name, `None` where an older Keras wrote none; and for the name of each layer the size of its first
        weight's last axis, `None` for a layer without weights of its own.

    Raises:
        OSError: this is no HDF5 file.
    """
    with h5py.File(path) as file:
        groups = [group["vars"] for group in file.get("layers", {}).values() if "vars" in group]
        layers = {group.attrs["name"]: _last_size(group) for group in groups if "name" in group.attrs}
        return (file["vars"].attrs.get("name") if "vars" in file else None), layers


def _last_size(group):
    return group["0"].shape[-1] if "0" in group and group["0"].shape else None
