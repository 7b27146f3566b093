"""Export of transformer networks out of their files."""

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

    ``source``: .safetensors, .pth, .pt or .model. ``precision``: "fp32"; "fp16" stores numbers in half
    precision, which is half the file, and still computes in float32, so that it runs, and paints the same,
    everywhere; "int8" quantises convolutions, calibrated on ``photos`` ((H, W, 3) in [0, 1]), or on pictures
    made for it.

    The file is compared with torch before it is written. Raises WeightsError where they differ by more than
    1e-3 (int8: by more than is small), WeightsMissingError when there is no such file, InputError for an ONNX
    file, CorruptWeightsError for anything else.
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
