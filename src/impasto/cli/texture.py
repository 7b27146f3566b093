"""``impasto texture``: a texture of any size in a style."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli import completion
from impasto.cli.annotations import Format, Quality
from impasto.cli.choices import Choices, ReadChoices, with_choices
from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.display import Display
from impasto.cli.exit_codes import INTERRUPTED
from impasto.cli.new_files import check_new
from impasto.cli.option_parsers import parse_size
from impasto.cli.painting import Interrupts
from impasto.cli.previews import NumberedPictures, check_numbered
from impasto.errors import OptionError
from impasto.jobs.output_names import named
from impasto.progress import Progress

OWN_NAME = "{name}-texture.{ext}"
"""The template of a texture without a name."""


@with_choices
def texture(
    style: Annotated[
        str,
        typer.Argument(
            help="A painting, a photograph of a surface, or any style.", autocompletion=completion.styles
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The texture; its suffix is the format. - for standard output."),
    ] = None,
    *,
    choices: Choices,
    log: Annotated[
        Path | None,
        typer.Option(help="Write losses by layer of every iteration: .jsonl, else CSV; see inspect losses."),
    ] = None,
    save_every: Annotated[
        int | None, typer.Option(min=1, help="Also save the texture every N iterations: OUT_0100.png ...")
    ] = None,
    format: Format = None,  # noqa: ARG001 - cli.streams reads it
    quality: Quality = 95,
    reading: ReadChoices,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make a texture in the style of STYLE, of any size: --size WIDTHxHEIGHT.

    \b
    impasto texture starry-night --size 1200x400 -o banner.png
    impasto texture pebbles.jpg --size 1024 --style-size 384 --seed 3 -o ground.png

    It starts from noise in the style's colours and matches the style only, at --style-layers; fewer
    layers give finer grain (Gatys, Ecker and Bethge, Texture Synthesis, NIPS 2015). --style-size is the
    size of the style picture.
    """
    from impasto import imaging
    from impasto.inspection import LogFile
    from impasto.inspection.reconstruction import TEXTURE
    from impasto.pipelines.texture import texture as synthesise_texture
    from impasto.types import Picture

    if choices.content_layers is not None:
        raise OptionError("a texture has no content: expected no --content-layers")
    if choices.content_weight is not None:
        raise OptionError("a texture has no content: expected no --content-weight")
    place = output or named(OWN_NAME, style, "", None)
    imaging.check_writable(place)
    if output is None:
        check_new([place])
    if log is not None:
        imaging.check_writable(log, suffixes=(log.suffix.lower(),))
    if save_every is not None:
        check_numbered(place, save_every, [Path(style), *([] if log is None else [log])], "--save-every")
    size = parse_size(choices.size) if choices.size is not None else 512
    width, height = size if isinstance(size, tuple) else (size, size)
    options = choices.options(TEXTURE if choices.preset is None else None)
    numbered = NumberedPictures(place, save_every, quality)
    log_file = None if log is None else LogFile(log)

    def on_progress(event: Progress) -> None:
        display(event)
        saved = numbered(event)
        if log_file is not None:
            log_file(event, saved)
        if saved:
            display.say(f"saved {saved}", saved=saved)

    with Interrupts() as interrupts, Display(shown(quiet, json)) as display:
        made = synthesise_texture(
            style,
            (width, height),
            options=options,
            reading=reading.options(),
            on_progress=on_progress,
            cancel=lambda: interrupts.seen,
        )
    imaging.write(Picture(made.pixels), place, quality=quality)
    words = "interrupted; the texture so far" if interrupts.seen else "texture"
    about = {"output": str(place), "seconds": round(made.seconds, 2), "cancelled": interrupts.seen}
    display.finish(f"{words}: {place} ({width}x{height}, {made.seconds:.1f} s)", **about)
    raise typer.Exit(INTERRUPTED if interrupts.seen else 0)
