"""The networks compared, as files in every precision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

from impasto.errors import WeightsError
from impasto.networks.export import export_model, parity
from impasto.networks.files import GALLERY
from impasto.networks.johnson import JohnsonNetwork

OURS, THEIRS = "ours", "johnson2016"


@dataclass(frozen=True)
class Contender:
    """A network in a file. ``refused``: why `impasto export` would not have written it; "" if it would."""

    network: str
    way: str
    file: Path
    precision: str = "float32"
    refused: str = ""


def contenders(folder: Path) -> list[Contender]:
    """Both networks through torch and ONNX Runtime; johnson2016 with random filters, since its time and
    memory do not depend on them."""
    torch.manual_seed(0)
    published = folder / "johnson2016.safetensors"
    save_file(JohnsonNetwork().state_dict(), published)
    found = []
    for name, source in ((THEIRS, published), (OURS, GALLERY)):
        found += [Contender(name, f"torch {p}", source, p) for p in ("float32", "bfloat16")]
        for precision in parity.PRECISIONS:
            file, refused = export(source, folder / f"{name}-{precision}.onnx", precision)
            found.append(Contender(name, f"ONNX {precision}", file, refused=refused))
    return found


def export(source: Path, target: Path, precision: str) -> tuple[Path, str]:
    """``target``, and why it is not offered, if it is not: it is written all the same, to be measured."""
    try:
        export_model(source, target, precision=precision)
    except WeightsError as problem:
        small, parity.SMALL = parity.SMALL, 1.0
        try:
            export_model(source, target, precision=precision)
        finally:
            parity.SMALL = small
        return target, str(problem)
    return target, ""
