"""Export of any network file, by the kind of network it holds."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from safetensors import SafetensorError, safe_open

from impasto.errors import InputError, WeightsMissingError
from impasto.inference.styles import KEY, ONE_STYLE, FastStyle, understand
from impasto.networks.export.gallery import export_gallery
from impasto.networks.export.parity import Export
from impasto.networks.export.transformers import export_transformer
from impasto.networks.johnson import JohnsonPainter, read_johnson
from impasto.networks.train.plan import kebab
from impasto.types import Pixels


def export_model(
    source: str | PathLike[str] | None,
    target: str | PathLike[str],
    *,
    precision: str = "fp32",
    photos: Sequence[Pixels] = (),
) -> Export:
    """Write the network in ``source`` as the ONNX file ``target``.

    ``source``: a gallery network (.safetensors), the shipped one for None, or a transformer network of
    Johnson et al. (.safetensors, .pth, .pt, .model). ``precision`` and ``photos``: see
    ``export_gallery``. Raises WeightsMissingError when there is no such file, InputError for an ONNX
    file, CorruptWeightsError for anything else.
    """
    if source is None or is_gallery(Path(source)):
        return export_gallery(source, target, precision=precision, photos=photos)
    painter = JohnsonPainter(read_johnson(Path(source)))
    name = Path(source).stem
    style = FastStyle(kebab(name) or ONE_STYLE, name)
    return export_transformer(
        painter, target, kind=ONE_STYLE, style=style, precision=precision, photos=photos
    )


def is_gallery(path: Path) -> bool:
    if not path.is_file():
        raise WeightsMissingError(f"expected a network to export in {path}; there is no such file")
    if path.suffix.lower() == ".onnx":
        raise InputError(
            f"{path} is an ONNX file already: expected the network it was made from, .safetensors or .pth"
        )
    if path.suffix.lower() != ".safetensors":
        return False
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(KEY)
            names = set(file.keys())
    except (OSError, SafetensorError):
        return True  # whose reader says what is wrong
    if "table" in names:
        understand(text, str(path))
        return True
    return False
