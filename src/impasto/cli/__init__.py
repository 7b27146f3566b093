"""The command line. Each command is a module; heavy imports wait until a command runs."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from impasto import __version__
from impasto.cli.batch import BatchCommand, batch
from impasto.cli.explain import explain
from impasto.cli.export import export
from impasto.cli.fast import fast
from impasto.cli.inspect import app as inspect
from impasto.cli.measure import measure
from impasto.cli.models import app as models
from impasto.cli.neural_style import AS_THEY_ARE, neural_style
from impasto.cli.resume import resume
from impasto.cli.studio import studio
from impasto.cli.style import list_styles, measure_style
from impasto.cli.style_transfer import style_transfer
from impasto.cli.stylize import stylize
from impasto.cli.texture import texture
from impasto.cli.train import train
from impasto.cli.video import video
from impasto.errors import ImpastoError

INTERRUPTED = 130
BAD_INPUT = 2
# Newer releases of Typer carry their own copy of click, where it is in a private place.
_UsageError: Any = typer.BadParameter.__base__


class _Group(TyperGroup):
    """Turns what Impasto raises on purpose into one line and an exit code."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        try:
            return super().make_context(*args, **more)
        except _UsageError as error:
            _refuse_usage(error)

    def invoke(self, ctx: Any) -> Any:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            try:
                return super().invoke(ctx)
            except ImpastoError as error:
                _refuse(error, str(error))
            except _UsageError as error:
                _refuse_usage(error)
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise
                _refuse(error, f"cannot read {str(error.filename)[:40]}...: {error.strerror}")
            except KeyboardInterrupt as error:
                print("impasto: interrupted", file=sys.stderr)
                raise typer.Exit(INTERRUPTED) from error


def _refuse(error: Exception, words: str) -> NoReturn:
    print(f"impasto: {words}", file=sys.stderr)
    raise typer.Exit(BAD_INPUT) from error


def _refuse_usage(error: Any) -> NoReturn:
    """What the command line's own parser refuses, in one line too; a command without a word has its help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        raise error
    command = error.ctx.command_path if error.ctx is not None else "impasto"
    words = " ".join(error.format_message().split()).rstrip(".")
    _refuse(error, f"{words}; see {command} --help")


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
app.command("fast")(fast)
app.command("export")(export)
app.command("style")(measure_style)
app.command("styles")(list_styles)
app.command("measure")(measure)
app.command("train")(train)
app.command("video")(video)
app.command("studio")(studio)
app.command("texture")(texture)
app.command("explain")(explain)
app.add_typer(inspect, name="inspect")
app.add_typer(models, name="models", help="The networks' weights: list, fetch, import, verify.")


def _show_version(value: bool) -> None:
    if value:
        print(f"impasto {__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: bool = typer.Option(  # noqa: ARG001 - its callback does it
        False, "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
    ),
    offline: bool = typer.Option(
        False, "--offline", help="Never use the network, whatever is asked for. Also: IMPASTO_OFFLINE=1."
    ),
) -> None:
    if offline:
        os.environ["IMPASTO_OFFLINE"] = "1"


def main() -> None:
    """The ``impasto`` command."""
    app()
