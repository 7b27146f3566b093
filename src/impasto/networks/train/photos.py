"""Training photographs: read once, kept small in memory, cut into random crops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from impasto import imaging
from impasto.errors import InputError, PictureError
from impasto.imaging.samples import to_bytes

LONGEST = 512
"""The largest long side, in pixels, of photographs in memory."""

_SCALES = (0.7, 1.4)
_NATURAL = 0.5
_BLURRED, _BLURS = 0.25, (2.0, 12.0)


@dataclass(frozen=True)
class PhotoSet:
    """``photos``: (3, H, W) uint8 each. ``skipped``: files that are not pictures or too small, with
    reasons."""

    photos: Sequence[Tensor]
    skipped: Sequence[tuple[Path, str]] = ()


def find_photos(places: Iterable[Path], most: int) -> list[Path]:
    """Return the pictures among ``places`` and in folders among them, at any depth, by name; at most
    ``most``, chosen evenly. Raises InputError for a place that does not exist.
    """
    found: dict[Path, None] = {}
    for place in places:
        if not place.exists():
            raise InputError(f"expected photographs or a folder of them at {place}; there is nothing")
        inside = imaging.pictures_in(place, recursive=True) if place.is_dir() else [place]
        found.update(dict.fromkeys(inside))
    paths = list(found)
    if not paths:
        raise InputError("expected photographs to train on; there is no picture in the folders given")
    if len(paths) <= most:
        return paths
    return [paths[k * len(paths) // most] for k in range(most)]


def hold_out(photos: PhotoSet) -> tuple[PhotoSet, PhotoSet]:
    """Return the ``photos`` to train on, and every tenth, at most 32, for evaluation; none if fewer than
    20."""
    if len(photos.photos) < 20:
        return photos, PhotoSet([])
    judged = set(range(5, len(photos.photos), 10)[:32])
    learnt = [p for k, p in enumerate(photos.photos) if k not in judged]
    return PhotoSet(learnt, photos.skipped), PhotoSet([photos.photos[k] for k in sorted(judged)])


def read_photos(
    paths: Iterable[Path], *, smallest: int, enough: Callable[[int], bool] | None = None
) -> PhotoSet:
    """Read the pictures in ``paths``, reduced to a long side of at most 512 pixels.

    Unreadable files, and those with a short side below ``smallest``, are listed as skipped. ``enough`` is
    called after each file with the number of photographs, and ends the reading by returning True.
    """
    photos: list[Tensor] = []
    skipped: list[tuple[Path, str]] = []
    for path in paths:
        try:
            photos.append(_read(path, smallest))
        except InputError as error:
            skipped.append((path, str(error)))
        if enough is not None and enough(len(photos)):
            break
    return PhotoSet(photos, skipped)


def _read(path: Path, smallest: int) -> Tensor:
    picture = imaging.read(path, size=LONGEST)
    pixels = imaging.fill_transparent(picture) if picture.alpha is not None else picture.pixels
    width, height = picture.width, picture.height
    if max(width, height) > LONGEST:
        width, height = imaging.fit(width, height, LONGEST)
        pixels = imaging.resize(pixels, width, height)
    if min(width, height) < smallest:
        raise PictureError(f"expected {smallest} pixels a side at least; it has {width}x{height}")
    return torch.from_numpy(to_bytes(pixels)).permute(2, 0, 1).contiguous()


def crop(photo: Tensor, size: int, random: np.random.Generator) -> Tensor:
    """Return a random square of ``photo`` (3, H, W) uint8 as (3, size, size) float32 in [0, 1].

    Half of the crops keep the photograph's scale, if it is large enough; the others are resized by a factor
    of 0.7 to 1.4. Half are mirrored. A quarter are blurred, because small photographs have fewer flat areas
    than large ones.
    """
    natural = random.random() < _NATURAL
    scale = 1.0 if natural else float(np.exp(random.uniform(*np.log(_SCALES))))
    side = min(round(size / scale), *photo.shape[1:])
    top, left = (int(random.integers(length - side + 1)) for length in photo.shape[1:])
    square = photo[:, top : top + side, left : left + side].float() / 255
    if side != size:
        resized = functional.interpolate(square[None], (size, size), mode="bicubic", antialias=True)
        square = resized[0].clamp(0, 1)
    if random.random() < _BLURRED:
        square = _out_of_focus(square, float(random.uniform(*_BLURS)))
    return square.flip(2) if random.random() < 0.5 else square


def _out_of_focus(square: Tensor, blur: float) -> Tensor:
    """Return ``square`` made ``blur`` times smaller and enlarged again."""
    side = square.shape[1]
    small = functional.interpolate(square[None], (round(side / blur),) * 2, mode="bilinear", antialias=True)
    return functional.interpolate(small, (side, side), mode="bicubic")[0].clamp(0, 1)
