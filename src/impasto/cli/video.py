"""``impasto video``: paint a film."""

from __future__ import annotations

import functools
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from impasto.cli.batch import parse_workers, with_address
from impasto.cli.choices import Choices, Json, Quiet, parse_size, shown, with_choices
from impasto.cli.painting import INTERRUPTED, Interrupts
from impasto.cli.video_display import FilmDisplay
from impasto.errors import InputError, OptionError
from impasto.optimize.options import OptimizeOptions

if TYPE_CHECKING:
    from impasto.pipelines.video import Engine, FilmOptions

STEADY, FAST, FILE, WORKERS = "Steadiness", "Fast networks", "Film", "Workers"


class VideoCommand(TyperCommand):
    """Takes ``--ray`` without an address, as ``impasto batch`` does."""

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
            help="A video, a folder of pictures, or a pattern: 'in/%05d.png'.",
            show_default=False,
        ),
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Option(
            help="A named style, a painting or a style file. May be given again.", show_default=False
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=".mp4, .webm, .mov (ProRes), .mkv, .gif; a folder or a pattern for frames.",
            show_default=False,
        ),
    ] = None,
    *,
    start: Annotated[
        str | None, typer.Option(help="From here: seconds or H:MM:SS.", rich_help_panel=FILE)
    ] = None,
    end: Annotated[
        str | None, typer.Option(help="Up to here: seconds or H:MM:SS.", rich_help_panel=FILE)
    ] = None,
    fast: Annotated[
        bool | None,
        typer.Option(
            "--fast/--optimize",
            help="The fast networks, or optimisation. \\[default: fast where they know the styles]",
        ),
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(
            help="h264, h265, vp9, av1, prores, ffv1. \\[default: by suffix and bits]", rich_help_panel=FILE
        ),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            help="The encoder's CRF: 0 best; 51 worst, or 63 for vp9 and av1. \\[default: the codec's]",
            rich_help_panel=FILE,
        ),
    ] = None,
    bits: Annotated[
        int | None, typer.Option(help="8 or 10. \\[default: as the clip]", rich_help_panel=FILE)
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            help="Frames a second, where IN is pictures, such as 30000/1001. \\[default: 25]",
            rich_help_panel=FILE,
        ),
    ] = None,
    audio: Annotated[
        bool, typer.Option("--audio/--no-audio", help="Copy the sound.", rich_help_panel=FILE)
    ] = True,
    on_damage: Annotated[
        str, typer.Option(help="Damaged frames: conceal or refuse.", rich_help_panel=FILE)
    ] = "conceal",
    segment: Annotated[
        int | None,
        typer.Option(
            help="Frames between two savings. \\[default: 120 fast, 24 optimised]", rich_help_panel=FILE
        ),
    ] = None,
    long_term: Annotated[
        str | None,
        typer.Option(
            help="How many frames back the paintings are that count. \\[default: 1,8]", rich_help_panel=STEADY
        ),
    ] = None,
    passes: Annotated[
        int, typer.Option(min=1, help="Paint each segment so often, to and fro.", rich_help_panel=STEADY)
    ] = 1,
    temporal_weight: Annotated[
        float | None,
        typer.Option(help="How much earlier frames count. \\[default: 300]", rich_help_panel=STEADY),
    ] = None,
    next_iterations: Annotated[
        int | None,
        typer.Option(help="Steps for a frame that follows another. \\[default: 20]", rich_help_panel=STEADY),
    ] = None,
    keep: Annotated[
        float | None,
        typer.Option(
            help="Share of the strokes of the frame before, with --fast; 0 for none. \\[default: 0.99]",
            rich_help_panel=STEADY,
        ),
    ] = None,
    strength: Annotated[
        float, typer.Option(min=0, max=1, help="From the photo to the full style.", rich_help_panel=FAST)
    ] = 1.0,
    keep_color: Annotated[
        bool, typer.Option("--keep-color", help="Keep the film's colors.", rich_help_panel=FAST)
    ] = False,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Another network: .safetensors of `impasto train`, .onnx of `impasto export`.",
            rich_help_panel=FAST,
        ),
    ] = None,
    workers: Annotated[
        str | None,
        typer.Option(
            metavar="N|auto",
            help="Paint shots in N processes. \\[default: this one; auto on Ray]",
            rich_help_panel=WORKERS,
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS]",
            help="Paint shots on a Ray cluster; without an address, on one of its own on this machine.",
            rich_help_panel=WORKERS,
        ),
    ] = None,
    preview: Annotated[
        Path | None,
        typer.Option(
            help="Keep this picture up to date with the last frame painted; with workers, with the last of a "
            "finished segment."
        ),
    ] = None,
    discard: Annotated[
        bool,
        typer.Option("--discard", help="Paint nothing; remove what is kept of an unfinished OUT."),
    ] = False,
    choices: Choices,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Paint the film IN so that it does not flicker.

    \b
    impasto video holiday.mp4 --style starry-night -o painted.mp4
    impasto video holiday.mov --style painting.jpg -o painted.mp4 --size 640 --start 1:05 --end 1:20
    impasto video frames/ --rate 24 --style great-wave --optimize --passes 3 -o painted.mov
    impasto video holiday.mp4 --style great-wave -o 'frames/%05d.png'

    The same command again after a crash goes on after the last finished segment, frame for frame. After
    Ctrl-C too. What is kept for that is in .impasto/ beside OUT until the film is finished; `impasto video
    --discard -o OUT` removes it. Exit codes: 0, 2 for what cannot be used or written, 130 after Ctrl-C.
    """
    if discard:
        _discard(output, quiet=quiet)
        return
    if source is None or not style or output is None:
        missing = "a film" if source is None else "--style STYLE" if not style else "-o OUT"
        raise InputError(f"expected a film, --style STYLE and -o OUT; {missing} did not come")
    if preview is not None:
        from impasto.imaging import check_writable

        check_writable(preview)
    if rate is not None and source.is_file():
        raise OptionError(f"--rate is for a folder or a pattern of pictures; {source} is a file")
    given: dict[str, Any] = {
        "size": None if choices.size is None else parse_size(choices.size),
        "start": start,
        "end": end,
        "rate": rate,
        "codec": codec,
        "quality": quality,
        "bits": bits,
        "damage": on_damage,
        "sound": audio,
        "long_term": long_term,
        "passes": passes,
        "temporal_weight": temporal_weight,
        "next_iterations": next_iterations,
        "keep": keep,
        "strength": strength,
        "stroke_size": choices.style_scale,
        "keep_color": keep_color,
        "segment": segment,
    }
    engine: Engine | None = None if fast is None else "fast" if fast else "optimize"
    options = choices.options()
    from impasto.pipelines import video as films

    count = parse_workers(workers or ("auto" if ray else "1"))
    near = options.device if ray is None else "cpu"  # on Ray, the workers' machines have it
    engine, gallery = films.choose_engine(engine, style, near, model=model)
    _check_engine(engine, choices, given)
    with Interrupts() as interrupts, closing(FilmDisplay(shown(quiet, json), preview)) as watcher:
        done = films.video(
            source,
            style,
            output,
            engine=engine,
            options=options,
            film_options=_film_options(given),
            model=model,
            gallery=gallery if count == 1 and ray is None else None,
            workers=count,
            ray=ray,
            on_progress=watcher,
            tell=watcher.say,
            cancel=lambda: interrupts.seen,
        )
    watcher.sum_up(done)
    raise typer.Exit(INTERRUPTED if done.cancelled else 0)


def _discard(output: Path | None, *, quiet: bool) -> None:
    if output is None:
        raise InputError("expected -o OUT, the film whose unfinished work is to be removed; it did not come")
    from impasto.pipelines import video as films

    there = films.discard(output)
    if not quiet:
        print(f"removed: what was kept of {output}" if there else f"nothing is kept of {output}")


def _film_options(given: dict[str, Any]) -> FilmOptions:
    """``FilmOptions`` of what was typed. Raises OptionError."""
    from impasto.clips import parse_time
    from impasto.pipelines.video import FilmOptions

    found = {name: value for name, value in given.items() if value is not None}
    for name in ("start", "end"):
        if name in found:
            found[name] = parse_time(found[name], f"--{name}")
    if "rate" in found:
        try:
            found["rate"] = Fraction(found["rate"])
        except (ValueError, ZeroDivisionError):
            raise OptionError(
                f"--rate must be frames a second, such as 25 or 30000/1001; it is {found['rate']!r}"
            ) from None
    if "long_term" in found:
        try:
            found["long_term"] = tuple(int(part) for part in found["long_term"].split(","))
        except ValueError:
            raise OptionError(
                f"--long-term must be numbers of frames, such as 1,8; it is {found['long_term']!r}"
            ) from None
    return FilmOptions(**found)


_ONLY_OPTIMISED = ("temporal_weight", "next_iterations", "long_term")
_BOTH = ("size", "blend", "style_scale", "device")


def _check_engine(engine: str, choices: Choices, given: dict[str, Any]) -> None:
    """Raise OptionError for options that the engine at work would not heed."""
    if engine == "fast":
        unheeded = [name for name, typed in vars(choices).items() if typed is not None and name not in _BOTH]
        unheeded += [name for name in _ONLY_OPTIMISED if given[name] is not None]
        unheeded += ["passes"] if given["passes"] != 1 else []
        why = "optimising; the fast networks paint these styles: expected --optimize too"
    else:
        unheeded = ["keep"] if given["keep"] is not None else []
        unheeded += ["strength"] if given["strength"] != 1 else []
        unheeded += ["keep_color"] if given["keep_color"] else []
        why = "the fast networks; this film is optimised: expected styles they know, without --optimize"
        given["stroke_size"] = None
    if unheeded:
        raise OptionError(f"--{unheeded[0].replace('_', '-')} is for {why}")
