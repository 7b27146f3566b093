"""Painting of frames in memory: pictures in, coherent paintings out, one at a time."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.catalogue.blends import read_blend
from impasto.clips import Frame, Request
from impasto.clips.clip import frame_of
from impasto.errors import InputError, OptionError
from impasto.imaging.inputs import PictureLike
from impasto.jobs import Job, PaintOptions, Reference
from impasto.painters.painter import FrameCancelled
from impasto.parameters import checked, parameters, taken
from impasto.pipelines.result import PictureKind, Result
from impasto.pipelines.video.engine import find_coherence
from impasto.pipelines.video.film import PathLike, on_device, paint_options, style_names
from impasto.pipelines.video.given_frames import check_frames, read_pictures
from impasto.pipelines.video.options import FILE, FilmOptions, size_of_frames
from impasto.progress import Cancel
from impasto.types import Picture

if TYPE_CHECKING:
    from impasto.painters.fast import FastPainter


@checked
def paint_frames(
    frames: Iterable[PictureLike],
    styles: PathLike | Sequence[PathLike],
    *,
    options: PaintOptions | None = None,
    preset: str | None = None,
    film: FilmOptions | None = None,
    painter: FastPainter | None = None,
    cancel: Cancel | None = None,
    **changes: Any,
) -> Iterator[Image.Image | NDArray[Any] | bytes | Picture]:
    """Yield the painting of each of ``frames``, one at a time, as steady as those of ``video``.

    ``frames``: pictures of one size, as ``stylize`` takes them, such as arrays (H, W, 3) of uint8, or one
    array (N, H, W, 3); a generator may be endless. Each painting is an object of the same kind as its frame
    (see ``Result.as_given``), at the requested size, with its alpha. Coherence starts over at each new scene.
    The frame rate does not matter.
    ``styles``, ``options``, ``preset``, ``film``, ``painter``, ``changes``: as for ``video``:
    ``paint_frames(frames, "starry-night", strength=0.8, keep=0.5)``. The options of files, such as ``start``
    and ``codec``, are refused.

    Frames are fetched on demand, a few ahead, for the fast network in another thread. Memory does not grow
    with their number; with ``passes`` above 1, ``segment`` frames are in memory. Nothing is stored, so
    interrupted work starts over. Once ``cancel`` returns True, the iteration ends.

    Raises InputError (and its subclasses) for unusable arguments at once, and for a frame that cannot be
    read or has another size when its turn comes.
    """
    check_frames(frames)
    names = style_names(styles)
    if not names:
        raise InputError("expected at least one style; got none")
    film = taken(film or FilmOptions(), changes)
    for name, described, default in parameters(FilmOptions):
        if described.group == FILE and name != "segment" and getattr(film, name) != default:
            raise OptionError(f"{name} is an option of files; it does not work with frames in memory")
    chosen = paint_options(options, preset, changes)
    names, weights = read_blend(names, chosen.style_weights)
    job = Job(
        Reference(name="frames"),
        tuple(map(Reference, names)),
        "",
        chosen.replace(style_weights=weights),
        folder=str(Path.cwd()),
    )
    job, painter = on_device(job, painter, away=False)
    return _paintings(_Source(frames, job, film), job, film, painter, cancel)


@dataclass(frozen=True)
class _Given:
    """The kind of object that a frame was, its bits, and whether it was an array with alpha."""

    kind: PictureKind
    bits: int
    alpha: bool


class _Source:
    """The frames to paint. ``given``: the kinds of those that have been read but not yet painted."""

    def __init__(self, frames: Iterable[PictureLike], job: Job, film: FilmOptions) -> None:
        self.given: deque[_Given] = deque()
        self._frames = frames
        self._job = job
        self._film = film

    def read(self) -> Iterator[Frame]:
        """Yield the frames at the requested size."""
        size: tuple[int, int] | None = None
        for number, (source, picture) in enumerate(read_pictures(self._frames)):
            size = size or self._size(picture.width, picture.height)
            alpha = isinstance(source, np.ndarray) and source.ndim == 3 and source.shape[2] == 4
            self.given.append(_Given(PictureKind.of(source), picture.bits, alpha))
            yield frame_of(picture, number, number, alpha=True).fit(*size)

    def _size(self, width: int, height: int) -> tuple[int, int]:
        size = size_of_frames(self._film, self._job.options, width, height)
        return Request(size=size, even=False).fit(width, height)


def _paintings(
    source: _Source, job: Job, film: FilmOptions, painter: FastPainter | None, cancel: Cancel | None
) -> Iterator[Image.Image | NDArray[Any] | bytes | Picture]:
    frames = source.read()
    first = next(frames, None)
    if first is None:
        return

    def again() -> Iterator[Frame]:
        yield first
        yield from frames

    coherence = find_coherence(job, film, first.pixels, painter=painter, cancel=cancel)
    with (
        contextlib.suppress(FrameCancelled),
        contextlib.closing(coherence.paint(again())) as paintings,
    ):
        for painted in paintings:
            if cancel is not None and cancel():
                return
            pixels = coherence.painter.finish(painted.pixels, painted.frame.pixels)
            given = source.given.popleft()
            alpha = painted.frame.alpha
            if alpha is None and given.alpha:
                alpha = np.ones(pixels.shape[:2], np.float32)
            picture = Picture(pixels, alpha, given.bits)
            yield Result(job, picture, {}, 0, 0.0, given=given.kind).as_given()
