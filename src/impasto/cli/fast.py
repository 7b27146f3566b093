"""``impasto fast``: photographs painted in one pass, without torch."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.choices import FastChoices, Quality, with_choices
from impasto.errors import ImpastoError, InputError, OptionError

if TYPE_CHECKING:
    from impasto.inference import Gallery
    from impasto.jobs import Job
    from impasto.painters import Painter
    from impasto.pipelines.photo import Result

SOME_FAILED = 1
CAMERA = "Camera"


@with_choices
def fast(
    photos: Annotated[
        list[Path] | None, typer.Argument(help="Photographs, or folders of them.", show_default=False)
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Option(help="NAME, or NAME:WEIGHT several times for a blend.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The result's file; a folder for several.", show_default=False),
    ] = None,
    *,
    show_list: Annotated[bool, typer.Option("--list", help="Print the styles, one a line.")] = False,
    choices: FastChoices,
    quality: Quality = 95,
    threads: Annotated[
        int | None, typer.Option(min=1, help="How many to compute with. \\[default: one per core]")
    ] = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Refuse larger input pictures. \\[default: 180000000]")
    ] = None,
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
            help="Show it at http://127.0.0.1:PORT, for a browser on this machine; 0 for a free port.",
            rich_help_panel=CAMERA,
        ),
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many.", rich_help_panel=CAMERA)
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what is done as JSON, one line each.")] = False,
) -> None:
    """Paint PHOTOS in one pass of a network that knows its styles: a fraction of a second each.

    \b
    impasto fast --list
    impasto fast photo.jpg --style starry-night -o out.jpg
    impasto fast photo.jpg --style starry-night:0.7 --style great-wave:0.3 -o out.png
    impasto fast photo.jpg --style the-kiss --strength 0.6 --keep-color -o out.png
    impasto fast holiday/ --style water-lilies -o painted/
    impasto fast photo.jpg --model mine.safetensors --style my-painting -o out.png
    impasto fast --camera 0 --style starry-night --serve 8000
    impasto fast --camera 0 --style great-wave --frames 60 -o me.gif

    Any picture and any painting, slower and with every control: impasto stylize.
    """
    if not show_list:
        _check_request(photos, output, camera, serve, frames)
    from impasto.jobs import Job, Reference
    from impasto.painters.fast import FastPainter

    options = choices.options()
    painter = FastPainter(Job(Reference(), (), options=options), threads=threads)
    gallery = painter.gallery
    if show_list:
        print_styles(gallery, json)
        return
    shares = parse_styles(style, gallery)
    gallery.row(shares, options)  # refuses what cannot be
    show = "json" if json else "nothing" if quiet else "words"
    if camera is not None:
        from impasto.cli.camera import record

        where: dict[str, Any] = {"output": output, "port": serve, "frames": frames}
        record(gallery, camera, shares, options, **where, quality=quality, show=show)
        return
    options = options.replace(style_weights=tuple(shares.values()) if len(shares) > 1 else ())
    styles = tuple(map(Reference, shares))
    jobs = [
        Job(Reference(str(photo)), styles, str(target), options, quality=quality)
        for photo, target in outputs([str(p) for p in photos or ()], shares, output)
    ]
    if paint_all(jobs, painter, max_pixels, show):
        raise typer.Exit(SOME_FAILED)


def _check_request(
    photos: Sequence[Path] | None,
    output: Path | None,
    camera: str | None,
    port: int | None,
    frames: int | None,
) -> None:
    """Refuse what does not go together, before anything is loaded."""
    if camera is None:
        if not photos:
            raise InputError("expected at least one photograph, or --camera; see impasto fast --help")
        if output is None:
            raise InputError("expected -o OUT: a file for one photograph, a folder for several")
        for given, name in ((port, "--serve"), (frames, "--frames")):
            if given is not None:
                raise OptionError(f"{name} is for --camera; expected --camera N too")
        return
    if photos:
        raise OptionError("expected photographs or --camera; got both")
    if output is None and port is None:
        raise OptionError("expected -o OUT (a folder, .gif or .webp) or --serve PORT for what --camera sees")


def parse_styles(given: Sequence[str] | None, gallery: Gallery) -> dict[str, float]:
    """``NAME`` and ``NAME:WEIGHT`` as shares; a network's only style need not be named.

    Raises OptionError."""
    if not given and len(gallery.styles) == 1:
        return {gallery.styles[0].name: 1.0}
    if not given:
        names = ", ".join(style.name for style in gallery.styles)
        raise OptionError(f"expected --style NAME; the styles are {names}")
    found: dict[str, float] = {}
    for text in given:
        name, colon, number = text.rpartition(":")
        if not colon:
            name, number = text, "1"
        try:
            share = float(number)
        except ValueError:
            raise OptionError(f"--style: expected NAME or NAME:WEIGHT; got {text!r}") from None
        if name in found:
            raise OptionError(f"--style: expected each style once; {name} came twice")
        found[name] = share
    return found


def print_styles(gallery: Gallery, json: bool) -> None:
    """One style a line, its name first."""
    from dataclasses import asdict

    if json:
        for style in gallery.styles:
            print(jsonlib.dumps(asdict(style)))
        return
    width = max(len(style.name) for style in gallery.styles)
    for style in gallery.styles:
        about = ", ".join(part for part in (style.title, style.artist, style.year) if part)
        print(f"{style.name:<{width}}  {about}".rstrip())


def outputs(
    given: Sequence[str], styles: Mapping[str, float], output: Path | None
) -> list[tuple[Path, Path]]:
    """Photographs and where their paintings go. Raises InputError and OutputError."""
    from impasto.files import make_folder
    from impasto.imaging import WRITABLE_SUFFIXES, check_writable
    from impasto.jobs.pairs import labels, photographs

    assert output is not None
    photos, _ = photographs(given)
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
    ending = _ending(styles)
    found = []
    for photo, label in zip(photos, labels(photos), strict=True):
        suffix = Path(photo).suffix.lower()
        suffix = suffix if suffix in WRITABLE_SUFFIXES else ".png"
        found.append((Path(photo), output / f"{label}-{ending}{suffix}"))
    inputs = {photo.resolve() for photo, _ in found}
    for _, target in found:
        check_writable(target)
        if target.resolve() in inputs:
            raise InputError(f"the output {target} is also an input; it would be overwritten")
    return found


def _ending(styles: Mapping[str, float]) -> str:
    """Return the end of a painting's name: the styles, in per cent where their shares are not even."""
    if len(set(styles.values())) == 1:
        return "-".join(styles)
    whole = sum(styles.values())
    return "-".join(f"{name}{100 * share / whole:.4g}" for name, share in styles.items())


def paint_all(jobs: Sequence[Job], like: Painter, max_pixels: int | None, show: str) -> int:
    """Paint each with the network of ``like`` and return how many failed; one does not stop the others."""
    from impasto.imaging import MAX_PIXELS
    from impasto.painters import make_painter
    from impasto.pipelines.photo import paint_job

    most = max_pixels or MAX_PIXELS
    painter = make_painter(jobs[0], like=like, max_pixels=most)
    failed = 0
    for job in jobs:
        try:
            result = paint_job(job, painter=painter, max_pixels=most)
        except ImpastoError as problem:
            if len(jobs) == 1:
                raise
            failed += 1
            photo = job.content.place
            named = str(problem) if photo in str(problem) else f"{photo}: {problem}"
            print(f"impasto: {named}", file=sys.stderr)
            if show == "json":
                print(jsonlib.dumps({"content": photo, "error": str(problem)}), flush=True)
            continue
        _say(result, painter.device, show)
    if failed and show == "words":
        print(f"{len(jobs) - failed} of {len(jobs)} painted")
    return failed


def _say(result: Result, device: str, show: str) -> None:
    job, width, height = result.job, result.picture.width, result.picture.height
    if show == "json":
        line = {"content": job.content.place, "output": job.output, "width": width, "height": height}
        print(jsonlib.dumps(line | {"seconds": round(result.seconds, 3), "device": device}), flush=True)
    elif show == "words":
        more = "".join(f"; {note}" for note in result.notes)
        on = "" if device == "cpu" else f" on {device}"
        print(f"painted: {job.output} ({width}x{height}, {result.seconds:.2f} s{on}{more})")
