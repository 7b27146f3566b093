"""``impasto fast``: photographs painted in one pass, without torch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.catalogue.blends import Blend, read_blend
from impasto.cli import completion
from impasto.cli.annotations import SHARE, Format, OutputTemplate, Recursive
from impasto.cli.choices import (
    FastChoices,
    FastInputChoices,
    ReadChoices,
    SaveChoices,
    reference,
    spelt,
    with_choices,
)
from impasto.cli.common_options import Json, Quiet
from impasto.cli.exit_codes import SOME_FAILED
from impasto.cli.json_lines import print_event, print_result
from impasto.cli.new_files import check_new
from impasto.cli.standard_streams import print_lines
from impasto.cli.usage import refuse_result
from impasto.errors import ImpastoError, InputError, OptionError
from impasto.jobs.inputs import Inputs
from impasto.jobs.output_names import BESIDE, PAIRED, fitted, named, plain
from impasto.jobs.pairs import blend_label, labels, numbered, photographs

if TYPE_CHECKING:
    from impasto.jobs import Job
    from impasto.painters import Painter
    from impasto.pipelines.result import Result

CAMERA = "Camera"


@with_choices
def fast(
    photo: Annotated[
        str | None,
        typer.Argument(help="A photograph, or a folder of them; - for standard input.", show_default=False),
    ] = None,
    styles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STYLE]...",
            help=f"A named style, a painting, a style file, a folder of paintings; or several: {SHARE}.",
            autocompletion=completion.styles,
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The result's file, - for standard output; a folder for several.",
            show_default=False,
        ),
    ] = None,
    *,
    choices: FastChoices,
    inputs: FastInputChoices,
    output_template: OutputTemplate = None,
    format: Format = None,  # noqa: ARG001 - cli.streams reads it
    saving: SaveChoices,
    reading: ReadChoices,
    camera: Annotated[
        str | None,
        typer.Option(
            help="Paint what a camera sees: its number, such as 0, or a video's file or address.",
            rich_help_panel=CAMERA,
        ),
    ] = None,
    serve: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Show them at http://127.0.0.1:PORT, for a browser on this machine; 0 for a free port.",
            rich_help_panel=CAMERA,
        ),
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=1, help="Stop after this many frames.", rich_help_panel=CAMERA)
    ] = None,
    recursive: Recursive = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Paint PHOTO in the style of any painting, STYLE, in one pass of a network: a fraction of a second.

    \b
    impasto fast photo.jpg starry-night
    impasto fast photo.jpg starry-night -o out.jpg
    impasto fast photo.jpg painting.jpg -o out.jpg
    impasto fast photo.jpg starry-night:0.7 painting.jpg:0.3 -o out.png
    impasto fast photo.jpg the-kiss --strength 0.6 --keep-color -o out.png
    impasto fast holiday/ water-lilies -o painted/
    impasto fast photo.jpg great-wave the-kiss --content-mask sea.png --content-mask sky.png -o out.png
    impasto fast photo.jpg mine.style -o out.png
    impasto fast --camera 0 starry-night --serve 8000
    impasto fast --camera 0 great-wave --frames 60 -o me.gif

    For slower painting with every control: impasto stylize. For the named styles: impasto styles.
    """
    given = [text for text in (photo, *(styles or ())) if text is not None]
    photos, names = (given[:1], given[1:]) if camera is None else ([], given)
    _check_request(photos, output, camera, serve, frames)
    if camera is not None and inputs.given():
        raise OptionError(f"{spelt(min(inputs.given()), Inputs)} is for photographs; expected no --camera")
    if not names and choices.model is None:
        raise InputError("missing a style: a painting's file, or a name; see impasto fast --help")
    if output is None:
        refuse_result(names)
    from impasto.jobs import Job, Reference
    from impasto.painters.fast import FastPainter

    if output is not None and output_template is not None:
        raise OptionError("expected -o OUT or --output-template, not both")
    options = choices.options()
    blend = read_blend(names) if names else Blend((options.model,))
    options = options.replace(style_weights=blend.weights)
    job = Job(
        Reference(),
        tuple(map(reference, blend.styles)) if names else (),
        options=options,
        reading=reading.options(),
        **inputs.references(),
        **saving.changes(),
    )
    painter = FastPainter(job)
    show = "json" if json else "nothing" if quiet else "words"
    if camera is not None:
        from impasto.cli.camera import record

        record(painter, camera, output=output, port=serve, frames=frames, quality=job.quality, show=show)
        return
    jobs = [
        replace(job, content=reference(str(content)), output=str(target))
        for content, target in outputs(
            photos,
            blend_label(blend),
            output,
            recursive,
            output_template or BESIDE,
            options.size,
        )
    ]
    check_new(Path(one.output) for one in jobs)
    if paint_all(jobs, painter, show):
        raise typer.Exit(SOME_FAILED)


def _check_request(
    photos: Sequence[str],
    output: Path | None,
    camera: str | None,
    port: int | None,
    frames: int | None,
) -> None:
    """Refuse options that cannot be combined, before anything is loaded."""
    if camera is None:
        if not photos:
            raise InputError("expected a photograph, or --camera; see impasto fast --help")
        for given, name in ((port, "--serve"), (frames, "--frames")):
            if given is not None:
                raise OptionError(f"{name} is for --camera; expected --camera N too")
    elif output is None and port is None:
        raise OptionError("expected -o OUT (a folder, .gif or .webp) or --serve PORT for what --camera sees")


def outputs(
    given: Sequence[str],
    ending: str,
    output: Path | None,
    recursive: bool = False,
    template: str = BESIDE,
    size: int | None = None,
) -> list[tuple[Path, Path]]:
    """Return the photographs and the paths of their paintings: PHOTO-``ending`` in a folder; without
    ``output``, named by the ``template``. Raises InputError and OutputError."""
    from impasto.files import make_folder, protecting
    from impasto.imaging import WRITABLE_SUFFIXES, check_writable

    photos, _ = photographs(given, recursive=recursive)
    if output is None:
        titled = [(Path(photo), named(template, photo, ending, size, _format(photo))) for photo in photos]
        with protecting(photo for photo, _ in titled):
            for _, target in titled:
                check_writable(target)
        if len({target for _, target in titled}) < len(titled):
            raise InputError(
                f"expected a name of its own for each painting; {template!r} gives several one name"
            )
        return titled
    single = len(photos) == 1 and not Path(given[0]).is_dir()
    if single and not output.is_dir() and output.suffix:
        check_writable(output)
        return [(Path(photos[0]), output)]
    if output.suffix.lower() in WRITABLE_SUFFIXES and not output.is_dir():
        raise InputError(f"expected a folder for {len(photos)} paintings; got the file name {output}")
    folders = [path for path in map(Path, given) if path.is_dir()]
    for folder in folders:
        if output.is_dir() and folder.samefile(output):
            raise InputError(
                f"the paintings would go among the photographs in {folder}, and be painted the next time; "
                "expected another folder"
            )
    make_folder(output, "the paintings")
    suffixes = [f".{_format(photo)}" for photo in photos]
    stems = numbered(
        [
            fitted(PAIRED, {"name": plain(title), "style": plain(ending)}, suffix)
            for title, suffix in zip(labels(photos), suffixes, strict=True)
        ]
    )
    found = [
        (Path(photo), output / f"{stem}{suffix}")
        for photo, stem, suffix in zip(photos, stems, suffixes, strict=True)
    ]
    with protecting(photo for photo, _ in found):
        for _, target in found:
            check_writable(target)
    return found


def _format(photo: str) -> str:
    """Return the format of a photograph's painting: the photograph's, or png if that cannot be written."""
    from impasto.imaging import WRITABLE_SUFFIXES

    suffix = Path(photo).suffix.lower()
    return (suffix if suffix in WRITABLE_SUFFIXES else ".png").removeprefix(".")


def paint_all(jobs: Sequence[Job], painter: Painter, show: str) -> int:
    """Paint each photograph and return the number of failures; a failure does not stop the others."""
    from impasto.pipelines.photo import paint_job

    failed = 0
    for job in jobs:
        try:
            result = paint_job(job, painter=painter)
        except ImpastoError as problem:
            if len(jobs) == 1:
                raise
            failed += 1
            photo = job.content.place
            named = str(problem) if photo in str(problem) else f"{photo}: {problem}"
            print_lines(f"impasto: {named}", file=sys.stderr)
            if show == "json":
                print_event("failed", content=photo, error=str(problem))
            continue
        _say(result, painter.device, show)
    if show == "json":
        print_result(painted=len(jobs) - failed, failed=failed)
    elif failed and show == "words":
        print(f"{len(jobs) - failed} of {len(jobs)} painted")
    return failed


def _say(result: Result, device: str, show: str) -> None:
    job, width, height = result.job, result.picture.width, result.picture.height
    if show == "json":
        line = {"content": job.content.place, "output": job.output, "width": width, "height": height}
        about = {"seconds": round(result.seconds, 3), "device": device, "notes": list(result.notes)}
        print_event("painted", **line, **about)
    elif show == "words":
        more = "".join(f"; {note}" for note in result.notes)
        on = "" if device == "cpu" else f" on {device}"
        print_lines(f"painted: {job.output} ({width}x{height}, {result.seconds:.2f} s{on}{more})")
