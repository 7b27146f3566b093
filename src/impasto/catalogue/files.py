"""Style files: the statistics of a painting, measured once, without the painting.

A style file is a safetensors file. Its tensors are ``<size>/<layer>/mean`` (C,) and
``<size>/<layer>/gram``, the upper triangle of the symmetric (C, C) matrix, row by row; ``size`` is
the long side the painting was measured at. Its metadata holds one JSON text under "impasto".

If the network for any painting was refined for the style, the file also has that network's decoder, or its
difference from the bundled one: tensors that ``inference.any_painting_weights`` describes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from impasto import files
from impasto.catalogue.cards import StyleCard, parse_card
from impasto.catalogue.measured import PackedStyle, PictureStyle, Plan, StyleView
from impasto.catalogue.sizes import style_size
from impasto.encoders.layers import IMAGE
from impasto.errors import StyleError
from impasto.files.tensors import read_arrays
from impasto.imaging.packed import PackedPicture
from impasto.inference.any_painting_numbers import BUNDLED
from impasto.inference.any_painting_weights import is_of_decoder
from impasto.parameters import shortened
from impasto.types import Picture

if TYPE_CHECKING:  # style files are read without torch
    from impasto.encoders import FeatureExtractor
    from impasto.objectives import Samples, StyleStatistics, Window

Numbers = NDArray[np.floating]
AT_ONCE = 724
"""The long side in pixels up to which a painting is measured as a whole."""


@dataclass(frozen=True)
class FileStyle:
    """The statistics in a style file; usable only with the encoder that measured them.

    ``is_refined``: the file also has a decoder that was refined for this style.
    """

    path: Path
    card: StyleCard
    tensors: Mapping[str, NDArray[Any]] = field(repr=False)
    is_refined: bool = False

    def sizes(self) -> list[int]:
        return sorted({int(name.split("/")[0]) for name in self.tensors})

    def layers(self) -> list[str]:
        return sorted({name.split("/")[1] for name in self.tensors} - {IMAGE})

    def statistics(
        self, encoder: FeatureExtractor, layers: Sequence[str], long_side: float, **view: Unpack[StyleView]
    ) -> StyleStatistics:
        if view.get("mask") is not None:
            raise StyleError(
                f"{self.path.name} is a style file, which cannot be masked; give the painting itself"
            )
        import torch

        from impasto.objectives import LayerStatistics

        device = next(iter(encoder.parameters())).device
        found = {}
        for name, (mean, gram, positions) in self.numbers(encoder.describe(), layers, long_side).items():
            first, second = (torch.from_numpy(n).to(device) for n in (mean, gram))
            found[name] = LayerStatistics(first, second, positions)
        return found

    def numbers(
        self, encoder: Mapping[str, object], layers: Sequence[str], long_side: float
    ) -> dict[str, tuple[Numbers, Numbers, int]]:
        """Return the mean (C,), the Gram matrix (C, C), float32, and the number of positions for each of
        ``layers`` and the colours (IMAGE).

        ``encoder``: the description of the encoder that will use them. Raises StyleError if they were
        measured with another one or are missing.
        """
        if dict(self.card.encoder) != encoder:
            raise StyleError(
                f"{self.path.name} was measured with the encoder {_words(self.card.encoder)}, and this "
                f"painting uses {_words(encoder)}; measure the painting again with `impasto style`"
            )
        missing = sorted(set(layers) - set(self.layers()))
        if missing:
            known = ", ".join(map(shortened, self.layers()))
            raise StyleError(
                f"{self.path.name} holds statistics of {known}; {missing[0]} was "
                "asked for: give the painting itself, or other style layers"
            )
        wanted = style_size(long_side)
        size = min(max(wanted, self.sizes()[0]), self.sizes()[-1])
        found = {}
        for name in (*layers, IMAGE):
            mean, triangle = (
                self.tensors[f"{size}/{name}/{part}"].astype(np.float32) for part in ("mean", "gram")
            )
            found[name] = (
                mean,
                _unfold(triangle, len(mean)),
                int(self.tensors[f"{size}/{name}/positions"].reshape(-1)[0]),
            )
        return found

    @property
    def has_samples(self) -> bool:
        return False

    def samples(self, *_: object, **__: object) -> Samples:
        raise StyleError(
            f"{self.path.name} is a style file, which holds means and Gram matrices; this style loss "
            "needs the painting itself, or another loss, such as --style-loss wasserstein"
        )


def _words(encoder: Mapping[str, Any]) -> str:
    name, digest, pooling = (shortened(str(encoder.get(key))) for key in ("name", "sha256", "pooling"))
    return f"{name} ({digest}, {pooling} pooling)"


def _fold(gram: Numbers) -> Numbers:
    return gram[np.triu_indices(len(gram))]


def _unfold(triangle: Numbers, channels: int) -> Numbers:
    rows, columns = np.triu_indices(channels)
    gram = np.zeros((channels, channels), triangle.dtype)
    gram[rows, columns] = gram[columns, rows] = triangle
    return gram


def measure_style_file(
    pictures: Iterable[Picture | PackedPicture],
    encoder: FeatureExtractor,
    layers: Sequence[str],
    card: StyleCard,
    *,
    half: bool = False,
) -> tuple[StyleCard, dict[str, NDArray[Any]]]:
    """Measure one style from one or more paintings at every size they allow.

    Several paintings count equally; sizes larger than the smallest of them are left out. Only one of
    ``pictures`` is in memory at a time. ``half``: store float16 (half the file size, about three digits),
    else float32 (the same result to rounding).
    """
    from impasto.objectives import blend_styles

    least, plan = encoder.minimum_side(layers), _parts(encoder, layers)
    blended: dict[int, StyleStatistics] | None = None
    for count, picture in enumerate(pictures):
        style = PackedStyle(picture) if isinstance(picture, PackedPicture) else PictureStyle(picture)
        known = style.sizes(least)
        sizes = known if blended is None else [size for size in known if size in blended]
        if not sizes:
            raise StyleError("these paintings cannot be measured at one size; measure them one by one")
        measured = {size: style.statistics(encoder, layers, size, plan=plan) for size in sizes}
        before = blended or {}
        blended = {
            size: blend_styles([before[size], found], [float(count), 1.0]) if count else found
            for size, found in measured.items()
        }
        del picture, style  # before the next one is read
    kind = np.float16 if half else np.float32
    tensors: dict[str, NDArray[Any]] = {}
    for size, statistics in sorted((blended or {}).items()):
        for name, found in statistics.items():
            with np.errstate(over="ignore"):  # an overflow shows as infinity, and is refused below
                tensors[f"{size}/{name}/mean"] = found.mean.cpu().numpy().astype(kind)
                tensors[f"{size}/{name}/gram"] = _fold(found.gram.cpu().numpy()).astype(kind)
            tensors[f"{size}/{name}/positions"] = np.array(found.positions, dtype=np.int64)
    if not all(np.isfinite(t).all() for t in tensors.values()):
        raise StyleError("the statistics of this painting do not fit the file's number format")
    return StyleCard(**{**asdict(card), "encoder": encoder.describe()}), tensors


def _parts(encoder: FeatureExtractor, layers: Sequence[str]) -> Plan:
    """Return the plan that measures large pictures in windows of about AT_ONCE pixels a side."""
    from impasto.encoders import UNBOUNDED
    from impasto.objectives import cover, of_one_size, whole

    margin, stride = encoder.radius(layers), max((encoder.stride(name) for name in layers), default=1)

    def plan(height: int, width: int) -> list[Window]:
        if margin >= UNBOUNDED:
            return [whole(height, width)]
        side = (-(-(AT_ONCE + 2 * margin) // stride) + 3) * stride
        return of_one_size(cover(height, width, AT_ONCE, margin, stride), side, stride)

    return plan


def write_style(path: Path, card: StyleCard, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write a style file atomically; ``tensors`` may include those of a refined decoder.

    Raises OutputError.
    """
    files.replace(path, save(dict(tensors), {"impasto": card.to_json()}))


def read_style(path: Path) -> FileStyle:
    """Read a style file. Raises StyleError if it is another file, damaged, or of an unknown version."""
    try:
        arrays, metadata = read_arrays(path)
    except (OSError, ValueError) as error:
        raise StyleError(f"{path} is not a style file: {files.reason_of(error)}") from error
    text = metadata.get("impasto")
    if text is None:
        raise StyleError(f"{path} is a safetensors file, but not a style file made by `impasto style`")
    card = parse_card(text, path)
    tensors = {name: array for name, array in arrays.items() if not is_of_decoder(name)}
    try:
        _check_tensors(tensors)
    except ValueError as damage:
        raise StyleError(
            f"{path} is a damaged style file: {damage}; measure it again with `impasto style`"
        ) from None
    return FileStyle(path, card, tensors, len(arrays) > len(tensors))


def network_of(style: object) -> Path:
    """Return the file of the network for any painting to use for a loaded ``style``: the style file if it has
    a refined decoder, else the bundled one."""
    return style.path if isinstance(style, FileStyle) and style.is_refined else BUNDLED


def _check_tensors(tensors: Mapping[str, NDArray[Any]]) -> None:
    """Raise ValueError for incomplete statistics: each layer at each size needs three matching tensors."""
    parts = ("mean", "gram", "positions")
    for name in tensors:
        words = name.split("/")
        if len(words) != 3 or not re.fullmatch("[1-9][0-9]{0,5}", words[0]) or words[2] not in parts:
            raise ValueError(f"it has an unknown tensor, {shortened(name)}")
    places = {name.rpartition("/")[0] for name in tensors}
    layers = {place.split("/")[1] for place in places} | {IMAGE}
    if len(layers) < 2:
        raise ValueError("it holds no statistics")
    for place in sorted({f"{place.split('/')[0]}/{layer}" for place in places for layer in layers}):
        mean, gram, positions = (tensors.get(f"{place}/{part}") for part in parts)
        if mean is None or gram is None or positions is None:
            raise ValueError(f"it has no statistics of {place}")
        if mean.ndim != 1 or gram.shape != (mean.size * (mean.size + 1) // 2,) or positions.size != 1:
            raise ValueError(f"the statistics of {place} do not fit together")
        kinds = (mean.dtype.kind, gram.dtype.kind, positions.dtype.kind)
        if kinds != ("f", "f", "i") or int(positions.reshape(-1)[0]) < 1:
            raise ValueError(f"the statistics of {place} are of another kind")
        most = np.finfo(np.float32).max
        if not ((np.abs(mean) <= most).all() and (np.abs(gram) <= most).all()):
            raise ValueError(f"the statistics of {place} are not all finite")
