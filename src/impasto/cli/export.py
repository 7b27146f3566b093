"""``impasto export``: a network as an ONNX file."""

from __future__ import annotations

import json as jsonlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.errors import OptionError

if TYPE_CHECKING:
    from impasto.networks.export import Export


def export(
    model: Annotated[
        str,
        typer.Argument(
            help="gallery, the bundled network; a .safetensors file of `impasto train`; or a "
            "checkpoint of pytorch/examples' fast_neural_style."
        ),
    ] = "gallery",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The .onnx file.", show_default=False)
    ] = None,
    *,
    precision: Annotated[str, typer.Option(help="fp32, fp16 (half the file) or int8.")] = "fp32",
    photos: Annotated[Path | None, typer.Option(help="A folder of photographs to calibrate int8 on.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print what was written, with its styles in order, as JSON.")
    ] = False,
) -> None:
    """Write MODEL as an ONNX file, for phones, browsers and other programs.

    \b
    impasto export -o gallery.onnx
    impasto export mine.safetensors -o mine.onnx --precision fp16
    impasto export mosaic.pth -o mosaic.onnx
    impasto export -o small.onnx --precision int8 --photos holiday/

    The file accepts pictures of any size, and the style as an input. It is compared with torch before it
    is written. docs/embedding.md shows how to use it from Python and on a web page.
    """
    if output is None:
        raise OptionError("missing option: -o FILE.onnx")
    from impasto.pipelines.export import export as export_file

    done = export_file(model, output, precision=precision, photos=photos)
    if json:
        print(jsonlib.dumps(_as_json(done)))
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
    apart = f"{done.difference.largest:.1g} from torch at most"
    if done.precision == "int8":
        apart = f"{done.difference.mean:.2g} from torch on average, {done.difference.largest:.2g} at most"
    print(
        f"written: {done.path} ({done.kind}, {done.precision}, {done.size / 1e6:.1f} MB, "
        f"{done.nodes} operations; {apart}, of a range of 1)"
    )
