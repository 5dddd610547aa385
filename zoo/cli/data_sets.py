"""Check of a command's data set before a backend is imported."""

from pathlib import Path

from zoo.card_types import Card
from zoo.cli.console import decoding, escaped, new_console, waiting
from zoo.data import download
from zoo.data.catalog import SETS
from zoo.data.source_kinds import Shape, kind_of


def ensure_data(name, data, data_dir):
    """Refuse a file that does not hold a known data set, or download a missing one, before a backend is imported.

    Args:
        name: of the data set.
        data: an `.npz` to read in its place, or None.
        data_dir: where TFDS keeps its data sets.
    """
    if data is not None:
        from zoo.data.loading import load_set

        load_set(name, data)  # read once more by what needs it: a second for 200 MB, and a backend takes several
        return
    if download.is_available(name, data_dir):
        return
    new_console(stderr=True).print(escaped(download.missing_message(name, data_dir)), soft_wrap=True)
    download.check_reachable(name, data_dir)
    with waiting("starting the download"):
        from zoo.data.loading import load_set
    load_set(name, data_dir=data_dir)  # outside of `waiting`, as TFDS draws a progress bar


def ensure_source(source: str, data_dir, shape: Shape | None = None):
    """Decode a data set of any kind that needs no backend, or refuse it, before one is imported.

    Args:
        source: as for `zoo.open_data`.
        data_dir: where TFDS keeps its data sets.
        shape: of the examples, as for `zoo.open_data`.
    """
    kind = kind_of(source)
    if kind == "known":
        ensure_data(source, None, data_dir)
    elif kind == "npz":
        from zoo.data.array_source import read_npz

        read_npz(Path(source).expanduser())
    elif kind == "files":
        from zoo.data.opening import open_data

        with decoding(f"decoding {source}") as report:
            open_data(source, shape=shape, progress=report)
    elif kind == "tfds":
        from zoo.data.tfds_source import check_tfds_name

        check_tfds_name(source, data_dir)
        if not download.is_available(source, data_dir):
            new_console(stderr=True).print(escaped(download.missing_message(source, data_dir)), soft_wrap=True)


def ensure_card_data(card: Card, data: str | None, data_dir):
    """The same for the data that a model is evaluated on.

    Args:
        card: the model's card.
        data: a source in place of the card's data set, or None.
        data_dir: where TFDS keeps its data sets.
    """
    name = card["dataset"]["name"]
    if name in SETS and (data is None or kind_of(data) == "npz"):
        ensure_data(name, data, data_dir)
    elif source := data or name:
        ensure_source(source, data_dir, tuple(card.get("output_shape", card["input_shape"])))
