"""Weights on disk: written as float16, and what such a file holds."""

import io
import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np

from zoo.files import replacing
from zoo.former_names import LAYERS


def save_float16(model, path) -> None:
    """Save a model's weights as a Keras `.weights.h5` file with float16 values.

    Keras casts to the model's own dtype when it loads the file, on every backend.

    Args:
        model: a built `keras.Model`.
        path: file to write; ends in `.weights.h5`.

    Raises:
        ValueError: a weight is beyond the range of float16.
    """
    with replacing(path) as partial:
        in_memory = h5py.File(partial, "w", driver="core", backing_store=False)
        with _wide(model, partial.parent) as source, in_memory as target:
            source.visititems(lambda key, item: _copy(key, item, target))
            target.flush()
            contents = target.id.get_file_image()
        partial.write_bytes(contents)


def _wide(model, folder):
    """The weights as Keras writes them, in memory: on a full disk the HDF5 library would end the process.

    Within a `.keras` file, Keras writes them through memory; the file itself is written by Python.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix=".wide") as place:
        whole = Path(place) / "wide.keras"
        model.save(whole)
        with zipfile.ZipFile(whole) as archive:
            return h5py.File(io.BytesIO(archive.read("model.weights.h5")))


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


def check_contents(path) -> None:
    """Refuse an HDF5 file that leads elsewhere, or grows in memory: plain arrays of numbers are all that weights need.

    Args:
        path: of the file.

    Raises:
        OSError: this is no HDF5 file.
        ValueError: it holds a link to another place or file, data that are kept in another file, objects, or more
            numbers than it has bytes for.
    """
    size = Path(path).stat().st_size

    def check_array(key, item):
        nonlocal size
        if not isinstance(item, h5py.Dataset):
            return
        if item.external or item.is_virtual:
            raise ValueError(f"{key} is kept in another file")
        if item.dtype.hasobject:
            raise ValueError(f"{key} holds objects and no numbers")
        size -= item.size * item.dtype.itemsize
        if size < 0:
            raise ValueError(f"{key} is larger than the file: it is compressed, or was never written")

    with h5py.File(path) as file:
        link = file.visititems_links(lambda key, link: None if isinstance(link, h5py.HardLink) else key)
        if link is not None:
            raise ValueError(f"{link} is a link to another place")
        file.visititems(check_array)


def description(path) -> tuple[str | None, dict[str, int | None]]:
    """Whose weights a Keras `.weights.h5` file holds, as Keras wrote it there.

    Args:
        path: of the file.

    Returns:
        The model's name, `None` where an older Keras wrote none; and for the name of each layer the size of its first
        weight's last axis, `None` for a layer without weights of its own. The layers of a model in the model, as the
        body of a mirrored network is, are among them.

    Raises:
        OSError: this is no HDF5 file.
    """
    with h5py.File(path) as file:
        return (file["vars"].attrs.get("name") if "vars" in file else None), _layers(file)


def _layers(model):
    groups = [group["vars"] for group in model.get("layers", {}).values() if "vars" in group]
    names = [group.attrs.get("name") for group in groups]
    layers = {LAYERS.get(name, name): _last_size(group) for name, group in zip(names, groups, strict=True) if name}
    for inner in model.get("layers", {}).values():
        layers |= _layers(inner)
    return layers


def _last_size(group):
    return group["0"].shape[-1] if "0" in group and group["0"].shape else None
