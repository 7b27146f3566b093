"""``impasto stylize``: paint one photograph."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.choices import (
    REGIONS,
    STYLES,
    CheckpointEvery,
    Choices,
    Json,
    MaxPixels,
    Quality,
    Quiet,
    shown,
    with_choices,
)
from impasto.cli.painting import Job
from impasto.errors import InputError
from impasto.jobs import Job as Description
from impasto.jobs.inputs import beside
from impasto.optimize.checkpoints import INTERVAL


@with_choices
def stylize(
    content: Annotated[Path | None, typer.Argument(help="The photograph.", show_default=False)] = None,
    style: Annotated[
        list[str] | None,
        typer.Argument(
            help="A named style (see `impasto styles`), a painting, a style file; or several.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the result goes; its suffix is its format.")
    ] = None,
    *,
    choices: Choices,
    content_mask: Annotated[
        list[str] | None,
        typer.Option(
            help="White where a style goes: a grey mask per style. Or one picture of flat coloured regions.",
            rich_help_panel=REGIONS,
        ),
    ] = None,
    style_mask: Annotated[
        list[str] | None,
        typer.Option(
            help="One per style: white where it is taken from, or regions in the content mask's colours.",
            rich_help_panel=REGIONS,
        ),
    ] = None,
    protect: Annotated[
        str | None,
        typer.Option(help="White where the photograph stays as it is.", rich_help_panel=REGIONS),
    ] = None,
    strokes: Annotated[
        str | None,
        typer.Option(
            help="Another style for the fine strokes; STYLE gives layout and colours.", rich_help_panel=STYLES
        ),
    ] = None,
    save_every: Annotated[
        int | None, typer.Option(min=1, help="Also save the picture every N iterations: OUT_0100.png ...")
    ] = None,
    preview: Annotated[
        Path | None, typer.Option(help="Keep this file up to date, about once a second, while painting.")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="Write every iteration's losses, by layer, and time: CSV, or JSON lines where it ends in "
            ".jsonl. See impasto inspect losses."
        ),
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option(help="Write what made the picture to this JSON file too.")
    ] = None,
    repeat: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Take photo, styles and options from a picture made before (or its JSON). Files that are "
            "not in the current folder are looked for beside it.",
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Keep the state in this file until the picture is written; goes on from it."),
    ] = None,
    checkpoint_every: CheckpointEvery = None,
    quality: Quality = 95,
    max_pixels: MaxPixels = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Paint the photograph CONTENT in the manner of STYLE.

    \b
    impasto stylize photo.jpg starry-night -o out.png
    impasto stylize photo.jpg painting.jpg -o out.jpg --size 1024 --style-weight 3
    impasto stylize photo.jpg great-wave the-scream.jpg --blend 2,1 -o out.png
    impasto stylize photo.jpg great-wave the-scream.jpg --content-mask sky.png --content-mask rest.png
    impasto stylize photo.jpg painting.jpg --color luminance --protect face.png -o out.png
    impasto stylize --from out.png -o bigger.png --size 1600
    impasto stylize photo.jpg painting.jpg -o big.png --size 4000 --checkpoint big.state

    More style: raise --style-weight. Finer strokes: lower --style-scale. A quick look:
    --preset draft. The papers' own methods: --preset gatys2016, neural-style and others.
    Ctrl-C keeps the picture painted so far. With --checkpoint, a painting that was cut short goes on
    with the same command again, or with `impasto resume FILE`.
    """
    options = None
    styles, masks, inner = list(style or []), tuple(content_mask or ()), tuple(style_mask or ())
    if repeat is not None:
        earlier = read_recipe(repeat)
        options = earlier.options
        content = content or (Path(earlier.content) if earlier.content else None)
        styles = styles or list(earlier.styles)
        masks, inner = masks or earlier.content_masks, inner or earlier.style_masks
        protect, strokes = protect or earlier.protect, strokes or earlier.strokes
    if content is None or not styles:
        raise InputError("expected a photograph and at least one style; see impasto stylize --help")
    if checkpoint is None and checkpoint_every is not None:
        raise InputError("--checkpoint-every needs to know where: expected --checkpoint FILE too")
    if output is None:
        output = Path(f"{content.stem}-{Path(styles[0]).stem}.png")
    job = Job(
        content=content,
        styles=styles,
        output=output,
        options=choices.options(options),
        content_masks=masks,
        style_masks=inner,
        protect=protect,
        strokes=strokes,
        save_every=save_every or choices.recipe().save_every,
        preview=preview,
        log=log,
        parameters=parameters,
        quality=quality,
        max_pixels=max_pixels,
        checkpoint=checkpoint,
        checkpoint_every=INTERVAL if checkpoint_every is None else checkpoint_every,
        show=shown(quiet, json),
    )
    raise typer.Exit(job.run())


def read_recipe(path: Path) -> Description:
    """What is stored in a picture, or in the JSON of ``--parameters``: photograph, styles, masks, options."""
    from impasto.imaging import read_parameters

    if path.suffix.lower() == ".json":
        try:
            stored = jsonlib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read parameters from {path}: {error}") from error
    else:
        stored = read_parameters(path)
    if not isinstance(stored, dict) or "options" not in stored:
        raise InputError(f"{path} does not say how it was made: expected a picture made by impasto stylize")
    known = {name: value for name, value in stored.items() if name != "impasto"}
    try:
        described = Description.from_dict(known | {"content": stored.get("content") or ""})
    except InputError as error:
        raise InputError(f"cannot read parameters from {path}: {error}") from error
    return beside(described, path.parent)
