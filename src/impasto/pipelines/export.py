"""Export of networks as ONNX, for phones, browsers and other programs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from impasto.catalogue.cards import SUFFIX
from impasto.catalogue.files import FileStyle
from impasto.catalogue.loader import StyleLike, load_style
from impasto.errors import OptionError
from impasto.extras import naming_missing
from impasto.imaging import check_writable, fit, read, resize
from impasto.imaging.inputs import in_memory, name_of
from impasto.inference.options import FastOptions
from impasto.inference.styles import FastStyle
from impasto.jobs import Job, Reference
from impasto.jobs.pairs import photographs
from impasto.networks.export import Export, export_encoder, export_model, export_painting
from impasto.networks.export.any_painting import Measured
from impasto.painters import Materials
from impasto.painters.fast import FastPainter, network_for
from impasto.parameters import checked
from impasto.tensors import with_defaults
from impasto.types import Pixels

CALIBRATION_SIDE = 512
CALIBRATION_PHOTOS = 64
PAINTER, ENCODER = "any-painting", "any-painting-encoder"
"""The bundled network, and the part of it that measures paintings."""


@checked
@naming_missing()
@with_defaults()
def export(
    model: str | os.PathLike[str] = PAINTER,
    output: str | os.PathLike[str] = "any-painting.onnx",
    *,
    styles: Sequence[StyleLike] = (),
    stroke_size: float = 1.0,
    precision: str = "fp32",
    photos: str | os.PathLike[str] | None = None,
) -> Export:
    """Write ``model`` as the ONNX file ``output``, after comparing what both paint.

    ``model``: "any-painting", the bundled network; "any-painting-encoder", which measures paintings for it;
    or a checkpoint of fast_neural_style in pytorch/examples. ``styles``: the styles that the file of
    any-painting contains, in place of a style input, given as for ``impasto.stylize``; pictures in memory are
    called picture, picture-2 and so on. Each is painted with the network refined for it, if there is one.
    ``stroke_size``: that of these styles, as in ``FastOptions``. ``precision``: fp32, fp16, or for
    checkpoints int8. ``photos``: a folder of photographs on which to calibrate int8; at most 64 are used, at
    up to 512 pixels. Raises OptionError and InputError before any work, MissingExtraError without onnx,
    OutputError.
    """
    if photos is not None and precision != "int8":
        raise OptionError("--photos works with --precision int8 only; other precisions need no calibration")
    name = os.fsdecode(model)
    if styles and name != PAINTER:
        raise OptionError(f"--style works with {PAINTER} only; {name} has no style as an input")
    if stroke_size != 1 and not styles:
        raise OptionError("--stroke-size works with --style only; other files have styles as they are given")
    check_writable(output, suffixes=(".onnx",))
    styles = [in_memory(style) for style in styles]
    if name == PAINTER:
        options = FastOptions(stroke_size=stroke_size, device="cpu")
        measured, decoders = _measure(styles, options), [network_for(style) for style in styles]
        return export_painting(
            output, measured, boldness=options.boldness, decoders=decoders, precision=precision
        )
    if Path(name).suffix.lower() == SUFFIX:
        raise OptionError(f"expected a network; {name} is a style: impasto export --style {name} -o {output}")
    if name == ENCODER:
        return export_encoder(output, precision=precision)
    calibration = [] if photos is None else _read(os.fsdecode(photos))
    return export_model(model, output, precision=precision, photos=calibration)


def _measure(styles: Sequence[StyleLike], options: FastOptions) -> dict[FastStyle, Measured] | None:
    """Return each style's description and statistics; None if there are no styles."""
    if not styles:
        return None
    painter = FastPainter(Job(Reference(), (), options=options), Materials(list(styles)))
    names = (f"picture-{number}" if number > 1 else "picture" for number in count(1))
    described = [
        describe(style) if name_of(style) else FastStyle(own := next(names), own) for style in styles
    ]
    if len({style.name for style in described}) < len(styles):
        raise OptionError(
            f"expected a name of its own for each style; got {', '.join(one.name for one in described)}"
        )
    return {known: painter.measure_style(style) for known, style in zip(described, styles, strict=True)}


def describe(style: StyleLike) -> FastStyle:
    """Return the description of a style for the exported file."""
    loaded = load_style(style)
    if isinstance(loaded, FileStyle):
        card = loaded.card
        return FastStyle(loaded.path.stem, card.title, card.artist, card.year, card.licence)
    name = Path(name_of(style)).stem
    return FastStyle(name, name)


def _read(folder: str) -> list[Pixels]:
    """Return the photographs to calibrate on."""
    found = []
    for path in photographs([folder])[0][:CALIBRATION_PHOTOS]:
        pixels = read(path).pixels
        height, width = pixels.shape[:2]
        if max(width, height) > CALIBRATION_SIDE:
            pixels = resize(pixels, *fit(width, height, CALIBRATION_SIDE))
        found.append(pixels)
    return found
