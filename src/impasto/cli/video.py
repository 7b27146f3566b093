"""``impasto video``: paint a film."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from impasto.cli import completion
from impasto.cli.annotations import SHARE, ByNetwork, DryRun, RayAddress, Workers
from impasto.cli.batch import parse_workers, with_address
from impasto.cli.choices import Choices, FilmChoices, NetworkChoices, check_engine, spelt, with_choices
from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.display import Display
from impasto.cli.exit_codes import INTERRUPTED
from impasto.cli.option_parsers import parse_size
from impasto.cli.painting import Interrupts
from impasto.cli.previews import preview_file
from impasto.cli.standard_streams import print_lines
from impasto.cli.streams import is_output
from impasto.clips.codecs import VIDEO_SUFFIXES
from impasto.errors import InputError, OptionError
from impasto.inference.options import FastOptions
from impasto.optimize.options import OptimizeOptions
from impasto.parameters import counted
from impasto.pipelines.video.options import FilmOptions
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.pipelines.video.film import Film


class VideoCommand(TyperCommand):
    """A command that accepts ``--ray`` without an address."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, with_address(args))


app = typer.Typer(add_completion=False)


_MOST = OptimizeOptions().size
SIZE = f"Long side in pixels, or WIDTHxHEIGHT. \\[default: the film's own; optimised, at most {_MOST}]"


@app.command("video", cls=VideoCommand)
@functools.partial(with_choices, size=SIZE)
def video(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="IN",
            help="A video, - for one on standard input, a folder of pictures, or a pattern: 'in/%05d.png'.",
            show_default=False,
        ),
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A named style, a painting or a style file. Repeatable: several are blended; {SHARE}.",
            autocompletion=completion.styles,
            show_default=False,
        ),
    ] = None,
    keyframe: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHEN=PICTURE",
            help="A painting of one frame, to be carried to the others; WHEN is the frame's number, from 0, "
            "or its time: 00:04.2. Repeatable; in place of --style.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=f"The film: a {', '.join(VIDEO_SUFFIXES)} file; or a folder or pattern, for frames; or -.",
            show_default=False,
        ),
    ] = None,
    *,
    fast: ByNetwork = True,
    workers: Workers = None,
    ray: RayAddress = None,
    preview: Annotated[
        Path | None,
        typer.Option(
            help="Write the last painted frame to this file; with workers, the last one of a finished "
            "segment."
        ),
    ] = None,
    discard: Annotated[
        bool,
        typer.Option("--discard", help="Remove the stored parts of an unfinished OUT, and exit."),
    ] = False,
    dry_run: DryRun = False,
    film: FilmChoices,
    network: NetworkChoices,
    choices: Choices,
    format: Annotated[  # noqa: ARG001 - cli.streams reads it
        str | None,
        typer.Option(help="Format of the film on standard output (-o -), such as y4m. \\[default: mkv]"),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Paint the film IN without flicker.

    \b
    impasto video holiday.mp4 --style starry-night -o painted.mp4
    impasto video holiday.mov --style painting.jpg -o painted.mp4 --size 640 --start 1:05 --end 1:20
    impasto video frames/ --rate 24 --style great-wave --optimize --passes 3 -o painted.mov
    impasto video holiday.mp4 --style great-wave:2 --style melancholy:1 -o painted.mp4
    impasto video holiday.mp4 --style great-wave -o 'frames/%05d.png'
    ffmpeg -i x.mp4 -f yuv4mpegpipe - | impasto video - --style great-wave -o - --format y4m | ffplay -
    impasto video holiday.mp4 --keyframe 0=first.png --keyframe 00:04.2=second.png -o painted.mp4

    After a crash or Ctrl-C, run the same command again to continue after the last finished segment.
    Segments are stored in .impasto/ next to OUT until the film is finished; `impasto video --discard -o OUT`
    removes them. Exit codes: 0, 2 for unusable input or output, 130 after Ctrl-C.
    """
    if discard:
        _discard(output, quiet=quiet)
        return
    if source is None or not (style or keyframe) or output is None:
        option = "-o OUT" if style or keyframe else "--style STYLE, or --keyframe WHEN=PICTURE"
        missing = "argument: IN" if source is None else f"option: {option}"
        raise InputError(f"missing {missing}; see impasto video --help")
    if preview is not None:
        from impasto.imaging import check_writable

        check_writable(preview)
    if "rate" in film.given() and source.is_file():
        raise OptionError(f"--rate works with a folder or a pattern of pictures only; {source} is a file")
    from impasto.pipelines.video.film import video as paint

    count = parse_workers(workers or ("auto" if ray else "1"))
    if keyframe:
        _check_keyframes_alone(choices, film, network, style, fast=fast)
    else:
        _check_ignored(choices, film, network, fast=fast)
    size = None if choices.size is None else parse_size(choices.size)
    told: set[str] = set()
    look = preview_file(preview)

    def on_progress(event: Progress) -> None:
        look(event)
        if not (json and event.parts):  # one JSON line per frame
            display(event)

    def tell(words: str) -> None:
        display.say(words)
        told.update([] if quiet else [words])

    with Interrupts() as interrupts, Display(shown(quiet, json)) as display:
        done = paint(
            source,
            style,
            output,
            keyframes=[_keyframe(text) for text in keyframe] if keyframe else None,
            options=None
            if keyframe
            else network.options(choices, without="size")
            if fast
            else choices.options(),
            film=FilmOptions(size=size, **film.changes()),
            workers=count,
            ray=ray,
            on_progress=on_progress,
            tell=tell,
            cancel=lambda: interrupts.seen,
            dry_run=dry_run,
        )
    for note in [note for note in done.notes if not json and note not in told]:
        print_lines(f"impasto: {note}", file=sys.stderr)
    if dry_run:
        length = counted(done.frames, "frame") if done.frames else "frames not counted"
        words = f"would paint: {done.path} ({done.width}x{done.height}, {length}, {done.engine})"
        display.finish(words, **_record(done) | {"cancelled": False, "dry_run": True})
        return
    display.finish(_result(done), **_record(done))
    raise typer.Exit(INTERRUPTED if done.cancelled else 0)


def _result(film: Film) -> str:
    """Return the last line of the command."""
    if film.cancelled and is_output(film.path):
        return "interrupted; with -o - nothing is kept to continue from"
    if film.cancelled:
        return "interrupted; run the same command to continue after the last finished segment"
    resumed = f", {film.resumed} of them from before" if film.resumed else ""
    engine = film.engine if film.device in ("", "cpu") else f"{film.engine} on {film.device}"
    size = f"{film.width}x{film.height}, {counted(film.frames, 'frame')}{resumed}"
    return f"painted: {film.path} ({size}, {engine}, {film.seconds:.1f} s)"


def _record(film: Film) -> dict[str, Any]:
    """Return the last line of ``--json``."""
    names = (
        "engine",
        "frames",
        "resumed",
        "cuts",
        "notes",
        "cancelled",
        *(["device"] if film.device else []),
    )
    found = {name: getattr(film, name) for name in names}
    return {"output": str(film.path), "seconds": round(film.seconds, 2)} | found


def _discard(output: Path | None, *, quiet: bool) -> None:
    if output is None:
        raise InputError("missing option: -o OUT, the unfinished film to discard")
    from impasto.pipelines.video.folder import discard

    there = discard(output)
    if not quiet:
        words = "removed the stored parts of" if there else "there are no stored parts of"
        print_lines(f"{words} {output}")


_OPTIMISED = {"temporal_weight", "next_iterations", "long_term", "passes"}


def _keyframe(text: str) -> tuple[str, str]:
    """Return the time and the path in ``120=painted.png``."""
    when, equals, path = text.partition("=")
    if not equals or not path:
        raise OptionError(f"expected --keyframe WHEN=PICTURE, such as 0=painted.png; got {text!r}")
    return when, path


def _check_keyframes_alone(
    choices: Choices, film: FilmChoices, network: NetworkChoices, style: list[str] | None, *, fast: bool
) -> None:
    """Raise OptionError for options that cannot be used with keyframes."""
    ignored = ["--style"] if style else []
    ignored += [] if fast else ["--optimize"]
    ignored += [spelt(name) for name in sorted(choices.given() - {"size"})]
    ignored += [spelt(name, FilmOptions) for name in sorted(film.given() & {*_OPTIMISED, "keep"})]
    ignored += [spelt(name, FastOptions) for name in sorted(network.given())]
    ignored += ["--preset"] if choices.preset else []
    if ignored:
        raise OptionError(f"{ignored[0]} does not work with --keyframe")


def _check_ignored(choices: Choices, film: FilmChoices, network: NetworkChoices, *, fast: bool) -> None:
    """Raise OptionError for options that the engine would ignore."""
    check_engine(choices, network, fast=fast, switch="--optimize")
    for name in sorted(film.given() & (_OPTIMISED if fast else {"keep"})):
        why = "needs --optimize" if fast else "does not work with --optimize"
        raise OptionError(f"{spelt(name, FilmOptions)} {why}")
