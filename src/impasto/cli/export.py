"""``impasto export``: a network as an ONNX file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.common_options import Json, Quiet
from impasto.cli.json_lines import print_result
from impasto.cli.standard_streams import print_lines
from impasto.errors import OptionError

if TYPE_CHECKING:
    from impasto.networks.export import Export


def export(
    model: Annotated[
        str,
        typer.Argument(
            help="any-painting, the bundled network; any-painting-encoder, which measures paintings for it; "
            "or a checkpoint of pytorch/examples' fast_neural_style."
        ),
    ] = "any-painting",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The .onnx file.", show_default=False)
    ] = None,
    *,
    style: Annotated[
        list[str] | None,
        typer.Option(
            help="A style to put into the file of any-painting, instead of its input: a named style, "
            "a style file, a painting or a folder of them. Repeatable.",
            show_default=False,
        ),
    ] = None,
    stroke_size: Annotated[
        float, typer.Option(help="Size of the strokes of --style; 1 as in the painting at 512 pixels.")
    ] = 1.0,
    precision: Annotated[
        str, typer.Option(help="Precision: fp32, fp16 (half the size) or, for a checkpoint, int8.")
    ] = "fp32",
    photos: Annotated[Path | None, typer.Option(help="A folder of photographs to calibrate int8 on.")] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write MODEL as an ONNX file, for phones, browsers and other programs.

    \b
    impasto export -o any-painting.onnx
    impasto export any-painting-encoder -o encoder.onnx
    impasto export --style starry-night --style mine.jpg -o styles.onnx --precision fp16
    impasto export mosaic.pth -o mosaic.onnx
    impasto export mosaic.pth -o small.onnx --precision int8 --photos holiday/

    The file accepts pictures of any size. Before it is written, its paintings are compared with Impasto's.
    docs/embedding.md shows how to use it from Python and on a web page.
    """
    if output is None:
        raise OptionError("missing option: -o FILE.onnx")
    from impasto.pipelines.export import export as export_file

    done = export_file(
        model, output, styles=style or [], stroke_size=stroke_size, precision=precision, photos=photos
    )
    if json:
        print_result(**_as_json(done))
    elif not quiet:
        _say(done)


def _as_json(done: Export) -> dict[str, object]:
    return {
        "output": str(done.path),
        "kind": done.kind,
        "precision": done.precision,
        "bytes": done.size,
        "operations": done.nodes,
        "largest_difference": done.difference.largest,
        "mean_difference": done.difference.mean,
        "styles": [asdict(style) for style in done.styles],
    }


def _say(done: Export) -> None:
    apart = f"{done.difference.largest:.1g} from the network at most"
    if done.precision == "int8":
        apart = (
            f"{done.difference.mean:.2g} from the network on average, {done.difference.largest:.2g} at most"
        )
    print_lines(
        f"written: {done.path} ({done.kind}, {done.precision}, {done.size / 1e6:.1f} MB, "
        f"{done.nodes} operations; {apart}, of a range of 1)"
    )
