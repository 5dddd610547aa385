"""Output of all commands: tables, progress, errors. Imports no backend."""

import contextlib
import logging
import os
import re
import sys

import typer

from zoo.extras import missing_package
from zoo.files import format_os_error
from zoo.publishing.formatting import printable

# Lines that C++ code writes whatever its log level: TensorFlow's while it is imported, LiteRT's at the first network.
STARTUP_MESSAGES = re.compile(
    r"WARNING: All log messages before absl|[IWE]0000 00:00:|To enable the following instructions:"
    r"|INFO: Created TensorFlow Lite XNNPACK delegate"
)


def print_json(value):
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    # Control characters become JSON escapes.
    typer.echo(
        "".join(
            each if each.isprintable() or each == "\n" else json.dumps(each, allow_nan=False)[1:-1] for each in text
        )
    )


def new_console(stderr=False):
    from rich.console import Console

    # Without a terminal Rich assumes 80 columns, and would cut names in a pipe.
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
    """Text of unknown origin, such as a file name, without markup and control characters."""
    from rich.markup import escape

    return escape(printable(text))


@contextlib.contextmanager
def errors_in_one_line():
    """Errors that a user can fix become one red line on standard error and exit code 1; other errors are bugs."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        message = _message(error)
        if message is None:
            raise
        with contextlib.suppress(OSError):  # where standard error is on the same full disk
            print_error(message)
        _drop_unwritable_output()
        sys.exit(1)


def print_notes(file, notes) -> None:
    """Print the notes about a file on standard error."""
    if notes:
        new_console(stderr=True).print(f"{escaped(file)}: {', '.join(notes)}", style="yellow", soft_wrap=True)


def print_error(message):
    typer.secho(f"Error: {printable(' '.join(message.split()))}", fg="red", err=True)


def _message(error):
    """What is wrong and what to do; `None` for an import that fails by a bug."""
    if isinstance(error, ImportError):
        return missing_package(error)
    return format_os_error(error) if isinstance(error, OSError) else str(error)


def _drop_unwritable_output():
    """Redirect standard output if it cannot be written: the interpreter would report it again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def waiting(words, backend=True):
    """A spinner on standard error while something starts; TensorFlow's start-up messages are hidden.

    Args:
        words: what is waited for.
        backend: whether Keras and its backend are imported, which what follows would do.
    """
    with quiet_start() as terminal, terminal.status(words):
        if backend:
            _import_backend()
        yield


@contextlib.contextmanager
def progress(words):
    """A progress bar on standard error; yields the function (done, all) that updates it."""
    from rich.progress import MofNCompleteColumn, Progress

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with quiet_start() as terminal:
        bar = Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal)
        with bar:
            task = bar.add_task(words, total=None)
            _import_backend()
            yield lambda done, total: bar.update(task, completed=done, total=total)


@contextlib.contextmanager
def decoding(words):
    """A progress bar on standard error that appears when its function (done, all) is first called."""
    from rich.progress import MofNCompleteColumn, Progress

    console = new_console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(escaped(words), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _import_backend():
    try:
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow  # noqa: F401 the messages come with the import

            logging.getLogger("tensorflow").addFilter(_is_no_retracing)
    except ImportError as error:
        words = missing_package(error) or str(error)
        raise ValueError(f"Keras' backend cannot be imported. {words}") from error


def _is_no_retracing(record):
    """TensorFlow warns of retracing at the fifth model of a process, though each is traced once."""
    return "triggered tf.function retracing" not in record.getMessage()


@contextlib.contextmanager
def quiet_start():
    """Hide TensorFlow's start-up messages on standard error; other lines are printed afterwards.

    TensorFlow's C++ code writes to file descriptor 2, so the descriptor is redirected to a file meanwhile. Yields a
    console on the real standard error.
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
                if not STARTUP_MESSAGES.match(line):
                    real.write(line + "\n")
