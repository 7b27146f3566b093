"""The command line. Each command is a module; heavy imports wait until a command runs."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import typer
from typer.core import TyperGroup

from impasto import __version__
from impasto.cli.batch import BatchCommand, batch
from impasto.cli.measure import measure
from impasto.cli.models import app as models
from impasto.cli.neural_style import AS_THEY_ARE, neural_style
from impasto.cli.resume import resume
from impasto.cli.style import list_styles, measure_style
from impasto.cli.style_transfer import style_transfer
from impasto.cli.stylize import stylize
from impasto.errors import ImpastoError

INTERRUPTED = 130
BAD_INPUT = 2


class _Group(TyperGroup):
    """Turns what Impasto raises on purpose into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            try:
                return super().invoke(ctx)
            except ImpastoError as error:
                print(f"impasto: {error}", file=sys.stderr)
                raise typer.Exit(BAD_INPUT) from error
            except KeyboardInterrupt as error:
                print("impasto: interrupted", file=sys.stderr)
                raise typer.Exit(INTERRUPTED) from error


def _show_warning(message: Warning | str, *_: Any) -> None:
    print(f"impasto: warning: {message}", file=sys.stderr)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Paint a photograph in the manner of a picture. Start with: impasto stylize PHOTO starry-night",
)
app.command("stylize")(stylize)
app.command("batch", cls=BatchCommand)(batch)
app.command("resume")(resume)
app.command("neural-style", add_help_option=False, context_settings=AS_THEY_ARE)(neural_style)
app.command("style-transfer", add_help_option=False, context_settings=AS_THEY_ARE)(style_transfer)
app.command("style")(measure_style)
app.command("styles")(list_styles)
app.command("measure")(measure)
app.add_typer(models, name="models", help="The networks' weights: list, fetch, import, verify.")


def _show_version(value: bool) -> None:
    if value:
        print(f"impasto {__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    pass


def main() -> None:
    """The ``impasto`` command."""
    app()
