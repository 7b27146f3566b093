"""The frames over which one part of a film fades into the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto import files
from impasto.errors import InputError
from impasto.imaging.samples import unpacked
from impasto.types import Pixels

_DETAIL = 2.0
"""Structures finer than this, in pixels, count as detail."""
_MOST = 2.0
"""The largest gain of detail."""


def cross_fade(before: Sequence[Path], after: Sequence[Path]) -> Iterator[Pixels]:
    """Yield a cross-fade of frames painted by two parts, one file per frame. Raises InputError."""
    for place, (older, newer) in enumerate(zip(before, after, strict=True), 1):
        yield mix_frames(read_samples(older), read_samples(newer), place / (len(before) + 1))


def mix_frames(older: Pixels, newer: Pixels, share: float) -> Pixels:
    """Return a mix of ``older`` and ``newer``, (H, W, 3), with a ``share`` of the newer, as sharp as both.

    Mixing two paintings weakens their strokes; detail is amplified locally to the mean strength of the two.
    """
    mixed = older + (newer - older) * np.float32(share)
    coarse = _blurred(mixed)
    wanted = (1 - share) * _strength(older) + share * _strength(newer)
    gain = np.sqrt(wanted / _strength(mixed))[..., None]
    sharp = coarse + (mixed - coarse) * np.clip(gain, 1, _MOST)
    return np.asarray(np.clip(sharp, 0, 1), np.float32)


def _blurred(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), _DETAIL), np.float32)


def _strength(pixels: Pixels) -> NDArray[np.float32]:
    energy = np.square(pixels - _blurred(pixels)).mean(2)
    return np.asarray(cv2.GaussianBlur(energy, (0, 0), 4 * _DETAIL), np.float32) + np.float32(1e-6)


def write_samples(path: Path, words: NDArray[np.uint16]) -> None:
    """Write a painting, (H, W, C), to be read later or by another process. Raises OutputError."""
    files.make_folder(path.parent, "paintings of an unfinished film")
    with files.Draft(path) as stream:
        np.save(stream, words)


def read_samples(path: Path) -> Pixels:
    """Return a painting of ``write_samples``, (H, W, C). Raises InputError."""
    try:
        found: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"cannot read {path}, which should have been written before: {error}") from error
    return unpacked(found)
