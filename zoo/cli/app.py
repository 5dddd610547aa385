"""The command `pinet`: global options and exit codes."""

import contextlib
import sys
from typing import Annotated

import typer
from typer.core import TyperGroup

from zoo.cli.console import errors_in_one_line
from zoo.publishing.formatting import printable


class _PrintableUsage(TyperGroup):
    """Messages about wrong usage quote the command line, which may hold escape characters."""

    def make_context(self, *args, **kwargs):
        with _printable_message():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx):
        with _printable_message():
            return super().invoke(ctx)


@contextlib.contextmanager
def _printable_message():
    try:
        yield
    except Exception as error:
        if hasattr(error, "format_message"):  # wrong usage
            error.message = printable(error.message)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    name="pinet",
    cls=_PrintableUsage,
    help="Polynomial networks: list, run, evaluate, certify and train the models of the zoo.",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich help pages would triple the time that `pinet --help` takes
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Entry point of `pinet`. Exit codes: 0 success, 1 error or failed check, 2 wrong usage, 130 interrupted."""
    try:
        with errors_in_one_line():
            try:
                app()
            finally:
                sys.stdout.flush()  # here errors such as a full disk are reported; at exit they would be lost
    except KeyboardInterrupt:
        sys.exit(130)


def _version(value: bool):
    if value:
        from importlib.metadata import version

        typer.echo(f"pinet-keras {version('pinet-keras')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
):
    pass
