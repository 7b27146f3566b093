"""``impasto stylize``: paint one photograph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from impasto.catalogue.blends import read_blend
from impasto.cli import completion
from impasto.cli.annotations import SHARE, CheckpointEvery, Format, OutputTemplate
from impasto.cli.choices import Choices, InputChoices, ReadChoices, SaveChoices, reference, with_choices
from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.new_files import check_new
from impasto.cli.painting import Outputs, paint
from impasto.cli.streams import STREAM
from impasto.cli.usage import refuse_result
from impasto.errors import InputError
from impasto.files import read_bounded, reason_of
from impasto.files.json_text import parse_json
from impasto.jobs import Job, Reference
from impasto.jobs.identity import look_beside
from impasto.jobs.output_names import BESIDE, named
from impasto.jobs.pairs import blend_label, blend_of
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.options import OptimizeOptions


@with_choices
def stylize(
    content: Annotated[
        Path | None, typer.Argument(help="The photograph; - for standard input.", show_default=False)
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"A named style (see `impasto styles`), a painting or a style file; or several: {SHARE}.",
            autocompletion=completion.styles,
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The result; its suffix is the format. - for standard output."),
    ] = None,
    *,
    choices: Choices,
    inputs: InputChoices,
    save_every: Annotated[
        int | None, typer.Option(min=1, help="Also save the picture every N iterations: OUT_0100.png ...")
    ] = None,
    preview: Annotated[
        Path | None, typer.Option(help="Write the picture so far to this file, about once a second.")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="Write the losses by layer and the time of every iteration: CSV, or JSON lines if it "
            "ends in .jsonl. See impasto inspect losses."
        ),
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option(help="Also write inputs and options to this JSON file.")
    ] = None,
    repeat: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Take photo, styles and options from an earlier result (or its JSON). Files missing from "
            "the current folder are looked for beside it.",
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Save the state to this file until the picture is written; resume from it."),
    ] = None,
    checkpoint_every: CheckpointEvery = None,
    output_template: OutputTemplate = None,
    format: Format = None,  # noqa: ARG001 - cli.streams reads it
    saving: SaveChoices,
    reading: ReadChoices,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Paint the photograph CONTENT in the style of STYLE.

    \b
    impasto stylize photo.jpg starry-night
    impasto stylize photo.jpg starry-night -o out.png
    impasto stylize photo.jpg painting.jpg -o out.jpg --size 1024 --style-weight 3
    impasto stylize photo.jpg great-wave:2 the-scream.jpg:1 -o out.png
    impasto stylize photo.jpg great-wave the-scream.jpg --content-mask sky.png --content-mask rest.png
    impasto stylize photo.jpg painting.jpg --color luminance --protect face.png -o out.png
    impasto stylize --from out.png -o bigger.png --size 1600
    impasto stylize photo.jpg painting.jpg -o big.png --size 4000 --checkpoint big.state
    curl -s https://example.org/photo.jpg | impasto stylize - starry-night -o - --format jpg > out.jpg

    More style: raise --style-weight. Finer strokes: lower --style-scale. A quick draft:
    --preset draft. The papers' own methods: --preset gatys2016, neural-style and others.
    Ctrl-C and SIGTERM save the picture so far. With --checkpoint, an interrupted painting is resumed by
    the same command, or by `impasto resume FILE`.
    """
    earlier = Job(Reference(), ()) if repeat is None else read_recipe(repeat)
    if content is None and not earlier.content.place:
        missing = (
            "arguments: CONTENT STYLE" if repeat is None else f"argument: CONTENT, not a file in {repeat}"
        )
        raise InputError(f"missing {missing}; see impasto stylize --help")
    before = earlier.options if isinstance(earlier.options, OptimizeOptions) and repeat is not None else None
    options, styles = choices.options(before), earlier.styles
    if style:
        if output is None:
            refuse_result(style)
        blend = read_blend(style)
        options, styles = options.replace(style_weights=blend.weights), tuple(map(reference, blend.styles))
    job = Job(
        content=earlier.content if content is None else reference(str(content)),
        styles=styles,
        options=options,
        reading=reading.options(earlier.reading),
        **inputs.references(earlier),
        **saving.changes(),
    )
    if not job.styles:
        raise InputError("missing argument: STYLE; see impasto stylize --help")
    if checkpoint is None and checkpoint_every is not None:
        raise InputError("missing option: --checkpoint FILE, which --checkpoint-every needs")
    if output is None:
        title = blend_label(blend_of(job))
        output = named(output_template or BESIDE, job.content.place, title, job.options.size)
        if checkpoint is None or not checkpoint.exists():
            check_new([output])
    elif output_template is not None:
        raise InputError("expected -o OUT or --output-template, not both")
    outputs = Outputs(
        save_every=save_every or choices.recipe().save_every,
        preview=preview,
        log=log,
        parameters=parameters,
        checkpoint=checkpoint,
        checkpoint_every=INTERVAL if checkpoint_every is None else checkpoint_every,
        show=shown(quiet, json),
    )
    raise typer.Exit(paint(replace(job, output=str(output)), outputs))


def read_recipe(path: Path) -> Job:
    """Return the job stored in a picture, or in the JSON of ``--parameters``."""
    from impasto.imaging import read_parameters

    if path.suffix.lower() == ".json":
        try:
            stored = parse_json(read_bounded(path))
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read parameters from {path}: {reason_of(error)}") from error
    else:
        stored = read_parameters(path)
    if not isinstance(stored, dict) or "options" not in stored:
        raise InputError(f"expected a picture made by impasto stylize; {path} has no options inside")
    try:
        job = Job.from_recipe(stored)
    except InputError as error:
        raise InputError(f"cannot read parameters from {path}: {error}") from error
    if job.engine != "optimize":
        raise InputError(f"{path} was made by impasto {job.engine}, not by impasto stylize")
    if job.content.place == STREAM:
        job = replace(job, content=Reference())  # it no longer exists
    return look_beside(job, path.parent)
