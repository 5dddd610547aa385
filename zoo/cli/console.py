"""What all commands print with: tables, progress, errors. Imports nothing heavy."""

import contextlib
import logging
import os
import re
import sys

import typer

from zoo.files import format_os_error
from zoo.publishing.formatting import (
    printable,
)

# Lines that TensorFlow's C++ side writes while it is imported, before its own log level counts.
CHATTER = re.compile(r"WARNING: All log messages before absl|[IWE]0000 00:00:|To enable the following instructions:")


def print_json(value):
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    # What a terminal could take for a command stands as JSON's own escape, which readers turn back.
    typer.echo(
        "".join(
            each if each.isprintable() or each == "\n" else json.dumps(each, allow_nan=False)[1:-1] for each in text
        )
    )


def new_console(stderr=False):
    from rich.console import Console

    # Rich takes 80 columns where there is no terminal, and would cut names in a pipe.
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 160
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def new_table(*columns, right=(), title=None):
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold")
    return table


def escaped(text):
    """Words from outside, such as a file's name: they neither style the output nor command the terminal."""
    from rich.markup import escape

    return escape(printable(text))


@contextlib.contextmanager
def errors_in_one_line():
    """What a user can mend is said in one red line on standard error, with exit code 1; anything else is a bug."""
    try:
        yield
    except (ValueError, OSError) as error:
        said = format_os_error(error) if isinstance(error, OSError) else str(error)
        with contextlib.suppress(OSError):  # where standard error is on the same full disk
            print_error(said)
        _drop_unwritable_output()
        sys.exit(1)


def print_notes(file, notes) -> None:
    """What a reader should know of a file, on standard error."""
    if notes:
        new_console(stderr=True).print(f"{escaped(file)}: {', '.join(notes)}", style="yellow", soft_wrap=True)


def print_error(message):
    typer.secho(f"Error: {printable(' '.join(message.split()))}", fg="red", err=True)


def _drop_unwritable_output():
    """Turn standard output away where it takes no more: the interpreter would try again at its end, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def waiting(words):
    """A spinner on standard error while something starts, and no start-up chatter."""
    with quiet_start() as terminal, terminal.status(words):
        _import_backend()
        yield


@contextlib.contextmanager
def progress(words):
    """A progress bar on standard error; gives the function (done, all) that moves it."""
    from rich.progress import MofNCompleteColumn, Progress

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with quiet_start() as terminal:
        bar = Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal)
        with bar:
            task = bar.add_task(words, total=None)
            _import_backend()
            yield lambda done, total: bar.update(task, completed=done, total=total)


def _import_backend():
    try:
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow  # noqa: F401 the chatter comes with the import

            logging.getLogger("tensorflow").addFilter(_is_no_retracing)
    except ImportError as error:
        raise ValueError(f"The backend that KERAS_BACKEND names cannot be imported: {error}") from error


def _is_no_retracing(record):
    """TensorFlow takes the fifth model of a process for one that is traced again and again, and warns."""
    return "triggered tf.function retracing" not in record.getMessage()


@contextlib.contextmanager
def quiet_start():
    """Hold standard error back, and let through what is not TensorFlow's start-up chatter.

    The C++ side writes straight to file descriptor 2, some of it before its log level counts, so the descriptor itself
    is turned to a file meanwhile. Gives a console on the real standard error.
    """
    import tempfile

    from rich.console import Console

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held, os.fdopen(os.dup(2), "w", encoding="utf-8") as real:
        os.dup2(held.fileno(), 2)
        try:
            yield Console(file=real)
        finally:
            sys.stderr.flush()
            os.dup2(real.fileno(), 2)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines():
                if not CHATTER.match(line):
                    real.write(line + "\n")
