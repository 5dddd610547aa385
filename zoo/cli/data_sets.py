"""Check of a command's data set before a backend is imported."""

from zoo.cli.console import escaped, new_console, waiting
from zoo.data import download


def ensure_data(name, data, data_dir):
    """Report a missing data set and download it, before a backend is imported."""
    if data is not None:
        if not data.is_file():
            raise FileNotFoundError(f"There is no data file {data}.")
        return
    if download.is_available(name, data_dir):
        return
    new_console(stderr=True).print(escaped(download.missing_message(name, data_dir)), soft_wrap=True)
    download.check_reachable(name, data_dir)
    with waiting("starting the download"):
        from zoo.data.loading import load_set
    load_set(name, data_dir=data_dir)  # outside of `waiting`, as TFDS draws a progress bar
