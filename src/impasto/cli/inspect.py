"""``impasto inspect``: figures of a network's features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.display import Display
from impasto.cli.exit_codes import INTERRUPTED
from impasto.cli.inspect_runs import Dark, Figure, inspect_encoders, inspect_layers, inspect_losses
from impasto.cli.json_lines import print_result
from impasto.cli.painting import Interrupts
from impasto.cli.standard_streams import print_lines
from impasto.errors import InputError, OptionError
from impasto.files import reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.inspection.features import LayerView
    from impasto.inspection.styles import StyleDistances

app = typer.Typer(
    help="Show feature maps, reconstructions, layers, losses, networks and styles.",
    no_args_is_help=True,
    add_completion=False,
)
app.command("layers")(inspect_layers)
app.command("losses")(inspect_losses)
app.command("encoders")(inspect_encoders)

Encoder = Annotated[
    str, typer.Option(help="tiny, vgg19, vgg16, ..., timm:NAME, untrained, untrained:vgg19, or a file.")
]


@app.command("features")
def inspect_features(
    photo: Annotated[Path, typer.Argument(help="The photograph.")],
    layers: Annotated[
        str | None, typer.Option(help="Layers, separated by commas. Default: one per block.")
    ] = None,
    channels: Annotated[
        str | None, typer.Option(help="Channels to show, counted from 0, such as 3,17.")
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, help="Number of most active channels to show without --channels.")
    ] = 6,
    show: Annotated[str, typer.Option(help="What to show: both, maps or overlays.")] = "both",
    encoder: Encoder = "tiny",
    size: Annotated[int, typer.Option(min=16, help="Long side of the photograph, resized.")] = 384,
    output: Figure = Path("features.png"),
    dark: Dark = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw the feature maps of PHOTO at each layer of the network.

    \b
    impasto inspect features photo.jpg
    impasto inspect features photo.jpg --layers relu3_1,relu4_2 --channels 0,5,9 -o maps.png

    Each row is a layer: the receptive field of one position, the mean of all channels, and single channels
    as heat maps and over the photograph, with their mean, standard deviation and share of zeros.
    """
    from impasto.inspection import figures
    from impasto.pipelines import inspect as inspections

    if show not in ("both", "maps", "overlays"):
        raise OptionError(f"expected --show to be both, maps or overlays; got {show!r}")
    figures.check_figure(output)
    wanted = None if channels is None else [_whole("channels", part) for part in channels.split(",")]
    found = inspections.features(photo, layers, encoder=encoder, size=size, channels=wanted, top=top)
    drawn = figures.draw_features(
        found.views,
        found.photo,
        show=show,  # type: ignore[arg-type]
        title=f"What {encoder} answers to {photo.name}",
        look="dark" if dark else "light",
    )
    figures.save_figure(drawn, output)
    if json:
        print_result(layers=[view.to_dict() for view in found.views], figure=str(output))
    elif not quiet:
        _print_layers(found.views)
        print_lines(f"figure: {output}")


@app.command("reconstruct")
def inspect_reconstruct(
    photo: Annotated[Path, typer.Argument(help="The photograph.")],
    style: Annotated[
        Path | None, typer.Option(help="The painting whose style to reconstruct. Default: PHOTO.")
    ] = None,
    content_layers: Annotated[
        str | None, typer.Option(help="One picture for each of these layers; '' for none.")
    ] = None,
    style_layers: Annotated[
        str | None, typer.Option(help="One picture for the first, the first two, ... of these; '' for none.")
    ] = None,
    paper: Annotated[
        str, typer.Option(help="Default content layers: conv1_1..5_1 of 2015, or conv1_2..5_2 of 2016.")
    ] = "2015",
    encoder: Encoder = "tiny",
    size: Annotated[int, typer.Option(min=16, help="Long side of each picture.")] = 256,
    iterations: Annotated[int, typer.Option(min=1, help="Iterations for each picture.")] = 120,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the initial noise.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Also save each picture to this folder.")] = None,
    output: Figure = Path("reconstruct.png"),
    dark: Dark = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Reconstruct content and style from single layers, starting from noise (Gatys et al., figure 1).

    \b
    impasto inspect reconstruct photo.jpg --style painting.jpg
    impasto inspect reconstruct photo.jpg --style painting.jpg --paper 2016 --encoder vgg19
    impasto inspect reconstruct photo.jpg --content-layers relu2_2,relu4_2 --style-layers ''
    """
    from impasto.inspection import figures
    from impasto.pipelines import inspect as inspections

    if paper not in ("2015", "2016"):
        raise OptionError(f"expected --paper to be 2015 or 2016; got {paper!r}")
    figures.check_figure(output)
    if style is not None and not style.exists():
        raise InputError(f"a reconstruction needs the painting itself: expected a picture file; got {style}")
    _check_folder(keep)
    with Interrupts() as interrupts, Display(shown(quiet, json)) as display:
        found = inspections.reconstruct(
            photo,
            style,
            content_layers=() if content_layers == "" else content_layers,
            style_layers=() if style_layers == "" else style_layers,
            paper=paper,  # type: ignore[arg-type]
            encoder=encoder,
            size=size,
            iterations=iterations,
            seed=seed,
            on_progress=display,
            cancel=lambda: interrupts.seen,
        )
    drawn = figures.draw_reconstructions(
        found.photo,
        found.painting,
        found.content,
        found.style,
        title=f"What each layer of {encoder} keeps",
        look="dark" if dark else "light",
    )
    figures.save_figure(drawn, output)
    if keep is not None:
        from impasto.imaging import write
        from impasto.types import Picture

        for made in (*found.content, *found.style):
            write(Picture(made.pixels), keep / f"{made.kind}-{'+'.join(made.layers)}.png")
    if json:
        rows = [
            {"kind": one.kind, "layers": list(one.layers), "loss": one.loss, "seconds": one.seconds}
            for one in (*found.content, *found.style)
        ]
        print_result(pictures=rows, figure=str(output), cancelled=interrupts.seen)
    elif not quiet:
        for made in (*found.content, *found.style):
            print(f"{made.kind} of {'+'.join(made.layers)}: loss {made.loss:.3g}, {made.seconds:.1f} s")
        print_lines(f"figure: {output}")
    raise typer.Exit(INTERRUPTED if interrupts.seen else 0)


@app.command("style")
def inspect_style(
    styles: Annotated[
        list[str], typer.Argument(help="Paintings, named styles, style files; a folder is one style.")
    ],
    layers: Annotated[str | None, typer.Option(help="Layers to compare. Default: the style layers.")] = None,
    encoder: Encoder = "tiny",
    size: Annotated[int, typer.Option(min=16, help="Long side of the paintings, resized.")] = 512,
    output: Figure = Path("styles.png"),
    dark: Dark = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare STYLES: distances between their Gram matrices, as a matrix and a map.

    \b
    impasto inspect style starry-night great-wave water-lilies straw-hat
    impasto inspect style *.jpg --layers relu3_1 -o similar.png
    """
    from impasto.inspection import figures
    from impasto.pipelines import inspect as inspections

    figures.check_figure(output)
    found, pictures = inspections.compare_styles(list(styles), layers=layers, encoder=encoder, size=size)
    drawn = figures.draw_style_distances(found, pictures, look="dark" if dark else "light")
    figures.save_figure(drawn, output)
    if json:
        print_result(**found.to_dict(), figure=str(output))
    elif not quiet:
        _print_nearest(found)
        print_lines(f"figure: {output}")


def _whole(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise OptionError(
            f"expected --{option} to be whole numbers separated by commas; got {text!r}"
        ) from None


def _check_folder(folder: Path | None) -> None:
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot create the folder {folder}: {reason_of(error)}") from error


def _print_layers(views: Sequence[LayerView]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("layer", "size", "channels", "stride", "sees", "mean", "deviation", "silent"):
        table.add_column(name, justify="left" if name == "layer" else "right", no_wrap=True)
    for v in views:
        sees = "all" if v.field is None else f"{v.field}x{v.field}"
        size = f"{v.size[0]}x{v.size[1]}"
        figures = (f"{v.mean:.3g}", f"{v.deviation:.3g}", f"{v.silent:.0%}")
        table.add_row(v.layer, size, str(v.channels), str(v.stride), sees, *figures)
    Console().print(table)


def _print_nearest(found: StyleDistances) -> None:
    for number, name in enumerate(found.names):
        near = found.nearest(number)[:3]
        others = ", ".join(f"{found.names[i]} {found.total[number, i]:.2f}" for i in near)
        print_lines(f"{name}: nearest {others}")
