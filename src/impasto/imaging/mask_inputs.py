"""Masks and coloured regions from paths and arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, OptionError, PictureError
from impasto.imaging.decoder import read
from impasto.imaging.inputs import MaskLike, from_array, in_memory, kind_of, name_of
from impasto.imaging.masks import check_proportions, grey_plane, read_mask
from impasto.imaging.read_options import READING, ReadOptions
from impasto.imaging.regions import read_regions, split_regions
from impasto.types import Picture, Plane


def list_masks(masks: MaskLike | Sequence[MaskLike] | None) -> list[MaskLike]:
    """Return ``masks`` as a list of paths, arrays and pictures, empty for None.

    Raises InputError for anything but a mask.
    """
    given = [] if masks is None else list(masks) if isinstance(masks, (list, tuple)) else [masks]
    found = [in_memory(mask) for mask in given]
    for mask in found:
        _check_mask(mask)
    return found


def _check_mask(mask: object) -> None:
    if not isinstance(mask, (str, os.PathLike, np.ndarray, Picture)) or (isinstance(mask, str) and not mask):
        raise InputError(
            f"expected a mask: a path, an array, a Pillow image, bytes or a binary file; got {kind_of(mask)}"
        )


def _picture(mask: MaskLike, reading: ReadOptions) -> Picture:
    if isinstance(mask, Picture):
        return mask
    return from_array(mask) if isinstance(mask, np.ndarray) else read(cast("str", mask), reading)


def check_one_each(masks: int, styles: int, kind: str = "grey mask", more: str = "") -> None:
    """Raise OptionError unless there is one mask per style.

    ``kind``: that of the masks, and ``more``: an alternative, both for the message.
    """
    if masks != styles:
        raise OptionError(f"expected one {kind} per style ({styles}){more}; got {masks}")


def check_undivided(shares: Mapping[str, Sequence[Any]], more: str = "") -> None:
    """Raise OptionError for unequal ``shares`` of styles, by option, if each style has its own grey mask.
    ``more``: an alternative, for the message."""
    for name, values in shares.items():
        if any(value != values[0] for value in values):
            raise OptionError(
                f"{name} divide a place among several styles, but with one grey mask per style each place "
                f"has one style: expected no {name}{more}"
            )


def is_coloured(mask: MaskLike, reading: ReadOptions = READING) -> bool:
    """Return whether ``mask`` is a picture of coloured regions, not a grey one."""
    if isinstance(mask, np.ndarray) and (mask.ndim != 3 or mask.shape[2] == 1):
        return False
    return bool((np.ptp(_picture(mask, reading).pixels, axis=2) > 0.15).mean() > 0.01)


def _called(name: str, mask: MaskLike) -> str:
    """Return a mask's name for errors: its role and, if it has one, its path."""
    return f"{name} {path}" if (path := name_of(mask)) else name


def load_regions(
    mask: MaskLike, picture: Picture | None, name: str, reading: ReadOptions = READING
) -> dict[str, Plane]:
    """Return the mask of each colour, with the proportions of ``picture``. Raises InputError."""
    name = _called(name, mask)
    if isinstance(mask, (np.ndarray, Picture)):
        found = split_regions(_picture(mask, reading).pixels, name=name)
    else:
        found = read_regions(cast("str", mask), reading)
    if picture is not None:
        check_proportions(next(iter(found.values())), picture.width, picture.height, name=name)
    return found


def _plane(mask: NDArray[Any], name: str) -> Plane:
    """Return a grey mask out of an array. Integers above 1 are those of a picture. Raises PictureError."""
    if mask.ndim == 3 and mask.shape[2] == 1:
        mask = mask[..., 0]
    if (mask.dtype.kind == "u" and mask.size and mask.max() > 1) or mask.ndim == 3:
        return grey_plane(from_array(mask), Path(name))
    numbers = mask.dtype.kind in "fiub" and mask.ndim == 2 and mask.size > 0
    if not numbers or not np.isfinite(mask).all() or mask.min() < 0 or mask.max() > 1:
        more = f", from {mask.min():g} to {mask.max():g}" if numbers else ""
        raise PictureError(
            f"{name}: expected a mask of shape (H, W) in [0, 1]; got shape {mask.shape} of {mask.dtype}{more}"
        )
    return mask.astype(np.float32)


def load_mask(mask: MaskLike, picture: Picture | None, name: str, reading: ReadOptions = READING) -> Plane:
    """Return a grey mask (H, W) in [0, 1] with the proportions of ``picture``. Raises InputError."""
    _check_mask(mask)
    name = _called(name, mask)
    if isinstance(mask, np.ndarray):
        plane = _plane(mask, name)
    elif isinstance(mask, Picture):
        plane = grey_plane(mask, Path(name))
    else:
        plane = read_mask(cast("str", mask), reading)
    if picture is not None:
        check_proportions(plane, picture.width, picture.height, name=name)
    return plane
