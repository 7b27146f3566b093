"""Gallery networks in files: safetensors, with the styles' names in the metadata."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from impasto import files
from impasto.errors import CorruptWeightsError, InputError, WeightsMissingError
from impasto.inference.styles import KEY, FastStyle, describe, rows_of, understand
from impasto.networks.gallery import GalleryNetwork

StyleEntry = FastStyle
SUFFIX = ".safetensors"
GALLERY = Path(__file__).with_name("data") / "gallery.safetensors"
"""The network that comes with the package."""


def save_network(
    path: str | os.PathLike[str],
    network: GalleryNetwork,
    styles: Sequence[StyleEntry],
    extra: Mapping[str, Any] | None = None,
    *,
    half: bool = True,
) -> None:
    """Write ``network`` to ``path`` (.safetensors), complete or not at all.

    ``styles`` are those of its table, in order. ``extra``: anything JSON can hold, given back by
    ``read_card``. ``half`` stores float16: half the file, and numbers to three digits.

    Raises InputError when table and styles do not match or numbers do not fit, OutputError when the
    file cannot be written.
    """
    target = Path(path)
    rows = network.table.shape[0]
    if rows != rows_of(styles):
        raise InputError(
            f"expected a table of {rows_of(styles)} rows for {len(styles)} styles; it has {rows}"
        )
    about = describe(styles, extra)
    kind = torch.float16 if half else torch.float32
    tensors = {n: t.detach().cpu().to(kind).contiguous() for n, t in network.state_dict().items()}
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise InputError(f"expected finite numbers that fit {kind}; some of {name} are not")
    files.replace(target, save(tensors, {KEY: about}))


def load_network(
    path: str | os.PathLike[str] | None = None,
) -> tuple[GalleryNetwork, tuple[StyleEntry, ...]]:
    """Return the network in ``path``, float32, for evaluation, and its styles; without a path the shipped
    one.

    Raises WeightsMissingError when there is no such file, CorruptWeightsError when it is no gallery
    network or is damaged.
    """
    source = GALLERY if path is None else Path(path)
    text, tensors = _read(source)
    styles, _ = understand(text, str(source))
    network = GalleryNetwork(rows_of(styles))
    wanted = network.state_dict()
    for name, tensor in wanted.items():
        found = tensors.get(name)
        if found is None or found.shape != tensor.shape or not found.is_floating_point():
            came = "nothing" if found is None else f"{tuple(found.shape)} of {found.dtype}"
            raise CorruptWeightsError(
                f"expected numbers of shape {tuple(tensor.shape)} called {name} in {source}; got {came}"
            )
        if not bool(found.float().isfinite().all()):
            raise CorruptWeightsError(f"expected finite numbers in {source}; some of {name} are not")
    network.load_state_dict({name: tensors[name].float() for name in wanted})
    return network.eval().requires_grad_(False), styles


def read_card(path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Return the ``extra`` that the network in ``path`` was saved with. Raises as ``load_network``."""
    source = GALLERY if path is None else Path(path)
    return understand(_read(source)[0], str(source))[1]


def _read(source: Path) -> tuple[str | None, dict[str, torch.Tensor]]:
    if not source.is_file():
        raise WeightsMissingError(f"expected a gallery network in {source}; there is no such file")
    try:
        with safe_open(source, framework="pt") as file:
            text = (file.metadata() or {}).get(KEY)
            return text, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as problem:
        raise CorruptWeightsError(f"expected a safetensors file; {source} is not one: {problem}") from problem
