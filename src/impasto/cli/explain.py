"""``impasto explain``: a page that explains the algorithm on the user's pictures."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from impasto.cli.choices import Choices, ReadChoices, spelt, with_choices
from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.display import Display
from impasto.cli.exit_codes import INTERRUPTED
from impasto.cli.painting import Interrupts
from impasto.errors import OptionError

if TYPE_CHECKING:
    from impasto.inspection.languages import PageLanguage
    from impasto.optimize.options import OptimizeOptions


@with_choices
def explain(
    content: Annotated[str, typer.Argument(help="The photograph.")],
    style: Annotated[str, typer.Argument(help="The painting.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page, .html.")] = Path("report.html"),
    *,
    choices: Choices,
    reading: ReadChoices,
    language: Annotated[str, typer.Option(help="Language of the page: en, de, es, fr or ja.")] = "en",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Explain the algorithm on CONTENT and STYLE, on one page that works offline.

    \b
    impasto explain photo.jpg painting.jpg -o report.html
    impasto explain photo.jpg painting.jpg --language de

    The page has feature maps, reconstructions, Gram matrices, loss curves, intermediate pictures and all
    options, with formulas and references. Pictures are inside the file; it loads nothing from the network.
    """
    from impasto.inspection import figures
    from impasto.pipelines.explain import check_page, page_options
    from impasto.pipelines.explain import explain as write_page

    figures.require_matplotlib()
    check_page(output)
    for name, layers in (("content", choices.content_layers), ("style", choices.style_layers)):
        if layers is not None and not layers.strip():
            raise OptionError(f"a page explains content and style: expected a layer for --{name}-layers")
    options = page_options(choices.options(), sized=choices.size is not None)
    with Interrupts() as interrupts, Display(shown(quiet, json)) as display:
        page = write_page(
            content,
            style,
            output,
            options=options,
            language=cast("PageLanguage", language),
            reading=reading.options(),
            command=painting_command(content, style, choices, options, reading),
            on_progress=display,
            cancel=lambda: interrupts.seen,
        )
    about = {"output": str(output), "cancelled": page is None}
    if page is None:
        display.finish("interrupted; no page was written", **about)
        raise typer.Exit(INTERRUPTED)
    words = f"{output} ({page.size / 1e6:.1f} MB, {page.seconds:.0f} s)"
    display.finish(words, **about, bytes=page.size, seconds=round(page.seconds, 2))


def painting_command(
    content: str, style: str, choices: Choices, options: OptimizeOptions, reading: ReadChoices
) -> str:
    """Return the command that paints the page's picture, with ``choices`` and ``reading`` as typed."""
    words = ["impasto", "stylize", content, style, "-o", "out.png"]
    if choices.size is None:
        size = options.size
        words += ["--size", "x".join(map(str, size)) if isinstance(size, tuple) else str(size)]
    for typed in (choices, reading):
        for name, value in vars(typed).items():
            flag = spelt(name, typed.kind)
            if isinstance(value, bool):
                words.append(flag if value else flag.replace("--", "--no-", 1))
            elif value is not None:
                words += [flag, str(value)]
    return shlex.join(words)
