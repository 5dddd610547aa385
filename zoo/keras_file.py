"""Third-party `.keras` files, read in Keras' safe mode, and Keras' errors in the few words that help."""

import re
from pathlib import Path
from zipfile import is_zipfile

import keras

import zoo.serialisable  # noqa: F401 a file may name any of our classes

LONGEST = 400  # characters of an error; Keras repeats whole configurations, 45 kB for a model of the zoo
TAIL = re.compile(r"\s*(Full object config: |[Cc]onfig=\{|List of objects that could not be loaded)")


def read_keras_file(path) -> keras.Model:
    """Load a model that somebody else may have made: in safe mode nothing in the file can run code of its own.

    Args:
        path: of a `.keras` file.

    Returns:
        The model, not compiled.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be loaded: damaged, of unknown classes, or with a lambda in it.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no such file. Received: {path}")
    if not is_zipfile(path):  # of which Keras says that it is not there
        raise ValueError(f"{path} could not be loaded: it is damaged, or no .keras file, which is a zip archive.")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # such a file can fail in as many ways as it has layers
        raise ValueError(f"{path} could not be loaded: {brief(error)}") from error


def brief(error: Exception) -> str:
    """What an error of Keras says went wrong, on one line and without the configurations it repeats."""
    reason = str(error).rpartition("Exception encountered: ")[2]  # the innermost of nested errors
    words = " ".join(TAIL.split(reason, maxsplit=1)[0].split()) or type(error).__name__
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 2]} …"
