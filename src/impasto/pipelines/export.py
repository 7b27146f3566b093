"""A network in a file written as ONNX, for phones, browsers and other programs."""

from __future__ import annotations

import os
from pathlib import Path

from impasto.errors import OptionError
from impasto.imaging import check_writable, fit, read, resize
from impasto.jobs.pairs import photographs
from impasto.networks.export import Export, export_model
from impasto.types import Pixels

CALIBRATION_SIDE = 512
CALIBRATION_PHOTOS = 64


def export(
    model: str | os.PathLike[str] = "gallery",
    output: str | os.PathLike[str] = "gallery.onnx",
    *,
    precision: str = "fp32",
    photos: str | os.PathLike[str] | None = None,
) -> Export:
    """Write ``model`` as the ONNX file ``output``, compared with torch before it is written.

    ``model``: "gallery", the shipped network; a .safetensors file of ``impasto train``; or a checkpoint of
    pytorch/examples' fast_neural_style. ``precision``: fp32, fp16 or int8. ``photos``: a folder of
    photographs that int8 is calibrated on; 64 of them are read, at 512 pixels at most. Raises OptionError
    and InputError before any work, MissingExtraError without onnx, OutputError.
    """
    if photos is not None and precision != "int8":
        raise OptionError("--photos is for --precision int8; the others need no calibration")
    check_writable(output, suffixes=(".onnx",))
    source = None if os.fspath(model) == "gallery" and not Path(model).exists() else model
    calibration = [] if photos is None else _read(os.fspath(photos))
    return export_model(source, output, precision=precision, photos=calibration)


def _read(folder: str) -> list[Pixels]:
    """Photographs to calibrate on."""
    found = []
    for path in photographs([folder])[0][:CALIBRATION_PHOTOS]:
        pixels = read(path).pixels
        height, width = pixels.shape[:2]
        if max(width, height) > CALIBRATION_SIDE:
            pixels = resize(pixels, *fit(width, height, CALIBRATION_SIDE))
        found.append(pixels)
    return found
