"""What the name of a data set means. Opens nothing, and imports no backend."""

import re
from pathlib import Path

from zoo.data.catalog import SETS
from zoo.registry import suggestion

# Of examples: (height, width, channels), or (samples,) of audio clips, with None for what is to be found.
Shape = tuple[int | None, ...]
TFDS_NAME = re.compile(r"[a-z][a-z0-9_]*(/[\w.\-]+)?(:\d+\.\d+\.\d+)?")
HUGGING_FACE = "hf:"
FORMS = (
    "a folder of class folders, a .csv of files and labels, an .npz, a data set of TFDS (name, name/config:version), "
    "or hf:NAME for one of Hugging Face"
)


def kind_of(source: str) -> str:
    """What a data set's name means: `"known"`, `"files"`, `"npz"`, `"hugging face"` or `"tfds"`.

    A folder comes before a data set of TFDS of the same name.

    Args:
        source: as for `zoo.open_data`.

    Raises:
        ValueError: it has none of these forms.
    """
    path = Path(source).expanduser()
    if source in SETS:
        return "known"
    if source.startswith(HUGGING_FACE):
        return "hugging face"
    if path.suffix.lower() == ".npz":
        return "npz"
    if path.suffix.lower() == ".csv" or path.is_dir():
        return "files"
    if path.is_file():  # of any other name
        return "npz"
    if TFDS_NAME.fullmatch(source):
        return "tfds"
    if "/" in source or "\\" in source or source.startswith((".", "~")):
        return "files"
    raise ValueError(f"A data set is {FORMS}{suggestion(source, list(SETS))} Received: {source!r}")
