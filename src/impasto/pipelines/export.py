"""Export of networks as ONNX, for phones, browsers and other programs."""

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
    """Write ``model`` as the ONNX file ``output``, after comparing it with torch.

    ``model``: "gallery", the shipped network; a .safetensors file of ``impasto train``; or a checkpoint of
    pytorch/examples' fast_neural_style. ``precision``: fp32, fp16 or int8. ``photos``: a folder of
    photographs to calibrate int8 on; at most 64 are used, at up to 512 pixels. Raises OptionError and
    InputError before any work, MissingExtraError without onnx, OutputError.
    """
    if photos is not None and precision != "int8":
        raise OptionError("--photos works with --precision int8 only; other precisions need no calibration")
    check_writable(output, suffixes=(".onnx",))
    source = None if os.fspath(model) == "gallery" and not Path(model).exists() else model
    calibration = [] if photos is None else _read(os.fspath(photos))
    return export_model(source, output, precision=precision, photos=calibration)


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
