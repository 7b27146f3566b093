"""Export of transformer networks from their files."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from impasto.errors import InputError, WeightsMissingError
from impasto.inference.styles import FastStyle
from impasto.networks.export.parity import Export
from impasto.networks.export.transformers import export_transformer
from impasto.networks.johnson import JohnsonPainter, read_johnson
from impasto.types import Pixels


def export_model(
    source: str | PathLike[str],
    target: str | PathLike[str],
    *,
    precision: str = "fp32",
    photos: Sequence[Pixels] = (),
) -> Export:
    """Write the transformer network of Johnson et al. in ``source`` as the ONNX file ``target``.

    ``source``: .safetensors, .pth, .pt or .model. ``precision``: "fp32"; "fp16", which stores weights in half
    precision, for half the file size, but computes in float32, for the same result everywhere; or "int8",
    which quantises convolutions, calibrated on ``photos`` ((H, W, 3) in [0, 1]) or on synthetic pictures.

    The file is compared with torch before it is written. Raises WeightsError if they differ by more than 1e-3
    (int8: by more than ``SMALL`` on average), WeightsMissingError if there is no such file, InputError for an
    ONNX file, CorruptWeightsError for anything else.
    """
    path = Path(source)
    if not path.is_file():
        raise WeightsMissingError(f"expected a network to export in {path}; there is no such file")
    if path.suffix.lower() == ".onnx":
        raise InputError(
            f"{path} is an ONNX file already: expected the network it was made from, .safetensors or .pth"
        )
    painter = JohnsonPainter(read_johnson(path))
    style = FastStyle(path.stem, path.stem)
    return export_transformer(painter, target, style=style, precision=precision, photos=photos)
