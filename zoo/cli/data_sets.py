"""Check of a command's data set before a backend is imported."""

from zoo.cli.console import escaped, new_console, waiting
from zoo.data import download
from zoo.data.catalog import SETS


def ensure_data(name, data, data_dir):
    """Refuse a file that does not hold the data set, or download a missing one, before a backend is imported."""
    if data is not None and name not in SETS:  # what the file must hold is on the card
        return
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
