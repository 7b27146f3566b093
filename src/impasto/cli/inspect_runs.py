"""``impasto inspect layers``, ``losses`` and ``encoders``: figures of whole paintings."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.choices import Choices, is_structured, parse, with_choices
from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.display import Display
from impasto.cli.exit_codes import INTERRUPTED
from impasto.cli.json_lines import print_result
from impasto.cli.painting import Interrupts
from impasto.cli.standard_streams import print_lines
from impasto.errors import OptionError, WeightsMissingError
from impasto.parameters import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from impasto.inspection.sweeps import Axis
    from impasto.optimize.options import OptimizeOptions

Figure = Annotated[Path, typer.Option("--output", "-o", help="The figure: .png, .svg or .pdf.")]
Dark = Annotated[bool, typer.Option("--dark", help="Draw for dark pages and slides.")]

STUDY = "from-photo"
"""The preset for comparing losses and networks: it does not start from a picture by another network."""
GRID_SIZE, COMPARED_SIZE = 192, 384


@functools.partial(with_choices, default=STUDY)
def inspect_layers(
    content: Annotated[str, typer.Argument(help="The photograph.")],
    style: Annotated[str, typer.Argument(help="The painting, or any style.")],
    *,
    choices: Choices,
    rows: Annotated[
        str | None, typer.Option(help="NAME=V1/V2/...: an option, ratio or content_layer.")
    ] = None,
    columns: Annotated[str | None, typer.Option(help="The same, for the other axis.")] = None,
    figure: Annotated[
        str,
        typer.Option(
            help="A paper's figure: 2015-3 (layers by alpha/beta), 2016-4 (alpha/beta), 2016-5, 2016-6."
        ),
    ] = "2015-3",
    folder: Annotated[
        Path | None, typer.Option(help="Store the paintings here; run the same command again to resume.")
    ] = None,
    output: Figure = Path("layers.png"),
    dark: Dark = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Paint a grid over two options, as in Gatys et al. 2015, figure 3.

    \b
    impasto inspect layers photo.jpg painting.jpg
    impasto inspect layers photo.jpg painting.jpg --preset gatys2015
    impasto inspect layers photo.jpg painting.jpg --figure 2016-5
    impasto inspect layers photo.jpg painting.jpg --rows style_scale=0.5/1/2 --columns style_weight=2/8/32
    impasto inspect layers photo.jpg painting.jpg --rows style_layers=relu1_1/relu1_1,relu2_1 \\
        --columns ratio=0.01/0.1/1 --folder grid

    ratio is the papers' alpha / beta. Values are separated by slashes, the layers of a value by commas.
    """
    from impasto.inspection import figures
    from impasto.pipelines import inspect as inspections

    figures.check_figure(output)
    options = choices.options(default=STUDY)
    if choices.size is None:
        options = options.replace(size=GRID_SIZE)
    across, down = _axes(rows, columns, figure, options)
    with Interrupts() as interrupts, Display(shown(quiet, json)) as display:
        found = inspections.sweep(
            content,
            style,
            down,
            across,
            options=options,
            folder=folder,
            on_progress=display,
            cancel=lambda: interrupts.seen,
        )
    if all(cell.pixels is None for row in found.paintings for cell in row):
        if json:
            print_result(paintings=0, skipped=0, figure=None, cancelled=True)
        raise typer.Exit(INTERRUPTED)
    drawn = figures.draw_sweep(found, title=_title(content, style), look="dark" if dark else "light")
    figures.save_figure(drawn, output)
    count = sum(cell.pixels is not None for row in found.paintings for cell in row)
    if json:
        about = {"figure": str(output), "cancelled": interrupts.seen}
        print_result(paintings=count, skipped=found.skipped, **about)
    elif not quiet:
        before = f", {found.skipped} of them made before" if found.skipped else ""
        print_lines(f"figure: {output} ({counted(count, 'painting')}{before})")
        if interrupts.seen:
            more = "run the same command to continue" if folder else "with --folder DIR they would be kept"
            print(f"interrupted; missing cells are empty: {more}")
    raise typer.Exit(INTERRUPTED if interrupts.seen else 0)


def _axes(rows: str | None, columns: str | None, figure: str, options: OptimizeOptions) -> tuple[Axis, Axis]:
    """Return columns and rows: the given ones, or the figure's."""
    from impasto.pipelines import inspect as inspections

    down, across = inspections.paper_axes(figure, options)
    if rows is not None:
        down = parse_axis(rows)
        if columns is None and across.name == "ratio" and down.name in ("content_weight", "style_weight"):
            raise OptionError(
                f"missing option: --columns NAME=V1/V2/...; the default columns, ratio, set {down.name} too"
            )
    return (across if columns is None else parse_axis(columns)), down


def parse_axis(text: str) -> Axis:
    """Return the axis in ``style_weight=2/8/32``. Raises OptionError."""
    from impasto.inspection import Axis

    name, equals, values = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals or not values.strip("/ "):
        raise OptionError(f"expected NAME=VALUE/VALUE/..., such as style_weight=2/8/32; got {text!r}")
    return Axis(name, tuple(_value(name, part.strip()) for part in values.split("/")))


def _value(name: str, text: str) -> Any:
    if is_structured(name):
        return parse(name, text)
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None if text.lower() == "none" else text


def _title(content: str, style: str) -> str:
    return f"{Path(content).stem.replace('_', ' ')} after {Path(style).stem.replace('_', ' ')}"


def inspect_losses(
    log: Annotated[
        Path, typer.Argument(help="A log from --log of stylize, texture or train: .csv or .jsonl.")
    ],
    pictures: Annotated[
        Path | None,
        typer.Option(help="The run's OUTPUT, to find pictures of --save-every. A .jsonl log names them."),
    ] = None,
    against: Annotated[str, typer.Option(help="Horizontal axis: iteration or seconds.")] = "iteration",
    strip: Annotated[Path | None, typer.Option(help="Write the intermediate pictures, side by side.")] = None,
    gif: Annotated[Path | None, typer.Option(help="Write them as an animation, .gif or .webp.")] = None,
    video: Annotated[Path | None, typer.Option(help="Write them as a video, .mp4 or .webm.")] = None,
    most: Annotated[int, typer.Option(min=2, help="The most pictures in the strip, evenly spread.")] = 16,
    pause: Annotated[float, typer.Option(min=0.02, help="Seconds per picture.")] = 0.15,
    output: Figure = Path("losses.png"),
    dark: Dark = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw the losses of a run by layer from its log, and its intermediate pictures.

    \b
    impasto stylize photo.jpg painting.jpg -o out.png --init noise --log run.jsonl --save-every 5
    impasto inspect losses run.jsonl --strip strip.png --gif walk.gif
    """
    from impasto.imaging import check_writable
    from impasto.imaging.formats import ANIMATIONS
    from impasto.inspection import figures, read_log, walks

    if against not in ("iteration", "seconds"):
        raise OptionError(f"expected --against to be iteration or seconds; got {against!r}")
    for path in (output, strip):
        if path is not None:
            figures.check_figure(path)
    if gif is not None:
        check_writable(gif, suffixes=ANIMATIONS)
    if video is not None:
        from impasto.clips.libav import load_av

        load_av()
        check_writable(video, suffixes=tuple(walks.VIDEOS))
    found = read_log(log)
    look: Any = "dark" if dark else "light"
    wanted = [path for path in (strip, gif, video) if path is not None]
    frames = walks.frames_of(found, pictures) if wanted or pictures is not None else []
    figures.save_figure(figures.draw_losses(found, against=against, look=look), output)
    pixels = walks.even([p for _, p in frames]) if frames else []
    if strip is not None:
        shown = [(frames[i][0], pixels[i]) for i in walks.thinned(len(frames), most)]
        figures.save_figure(figures.draw_strip(shown, look=look), strip)
    if gif is not None:
        walks.write_gif(gif, pixels, seconds=pause)
    if video is not None:
        walks.write_video(video, pixels, seconds=pause)
    levels, moments = found.table(), found.at(count for count, _ in frames)
    if json:
        print_result(levels=levels, pictures=moments, figures=[str(path) for path in (output, *wanted)])
    elif not quiet:
        _print_losses(levels, moments)
        print_lines(f"figures: {', '.join(map(str, [output, *wanted]))}")


def _print_losses(levels: Sequence[Mapping[str, Any]], moments: Sequence[Mapping[str, float]]) -> None:
    from rich.console import Console
    from rich.table import Table

    kinds = [name.removesuffix("_first") for name in levels[0] if name.endswith("_first")]
    table = Table("level", "size", "iterations", "seconds", *kinds, box=None)
    for row in levels:
        size = f"{row['width']}x{row['height']}" if row["width"] else "-"
        falling = [f"{row[f'{kind}_first']:.3g} → {row[f'{kind}_last']:.3g}" for kind in kinds]
        table.add_row(str(row["level"]), size, str(row["iterations"]), f"{row['seconds']:.2f}", *falling)
    Console().print(table)
    if moments:
        more = Table("picture", "seconds", *kinds, box=None)
        for at in moments:
            more.add_row(str(at["iteration"]), f"{at['seconds']:.2f}", *(f"{at[k]:.3g}" for k in kinds))
        Console().print(more)


@functools.partial(with_choices, default=STUDY)
def inspect_encoders(
    content: Annotated[Path, typer.Argument(help="The photograph.")],
    style: Annotated[Path, typer.Argument(help="The painting.")],
    *,
    choices: Choices,
    networks: Annotated[
        str | None,
        typer.Option(
            help="Networks, separated by commas: tiny, untrained, vgg16, vgg19, timm:NAME, files. Default: "
            "tiny, untrained, and the VGGs on this machine."
        ),
    ] = None,
    output: Figure = Path("encoders.png"),
    dark: Dark = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Paint with several networks and show the results side by side, with times.

    \b
    impasto inspect encoders photo.jpg painting.jpg
    impasto inspect encoders photo.jpg painting.jpg --networks tiny,vgg19,untrained,timm:resnet50.a1_in1k
    """
    from impasto.inspection import figures
    from impasto.pipelines import inspect as inspections

    figures.check_figure(output)
    if choices.encoder is not None:
        raise OptionError("expected --networks, not --encoder, to compare networks")
    options = choices.options(default=STUDY)
    if choices.size is None:
        options = options.replace(size=COMPARED_SIZE)
    names = None if networks is None else [name.strip() for name in networks.split(",") if name.strip()]
    with Interrupts() as interrupts, Display(shown(quiet, json)) as display:
        try:
            results, photo, painting = inspections.compare_networks(
                content, style, names, options=options, on_progress=display, cancel=lambda: interrupts.seen
            )
        except WeightsMissingError as error:
            # The message is written for commands with --encoder.
            raise WeightsMissingError(str(error).replace("--encoder tiny", "--networks tiny")) from error
    drawn = figures.draw_networks(results, photo, painting, look="dark" if dark else "light")
    figures.save_figure(drawn, output)
    if json:
        about = {"figure": str(output), "cancelled": interrupts.seen}
        print_result(networks=[result.to_dict() for result in results], **about)
    elif not quiet:
        for result in results:
            print("; ".join(result.about()))
        print_lines(f"figure: {output}")
        if names is None and not inspections.vgg_is_here():
            print("to compare with a VGG, run: impasto models fetch vgg19")
    raise typer.Exit(INTERRUPTED if interrupts.seen else 0)
