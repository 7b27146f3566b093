"""The fast networks as a painter: one pass, without torch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from impasto import imaging
from impasto.errors import PictureError
from impasto.inference.gallery import SHIPPED, Gallery, load_gallery
from impasto.inference.options import MINIMUM_SIDE, FastOptions
from impasto.inference.sessions import check_device
from impasto.jobs import Job
from impasto.jobs.identity import digest
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Painting, Picture

if TYPE_CHECKING:
    from impasto.optimize.engine import Checkpointer
    from impasto.painters.painter import Painter

SAFE_PIXELS = 25_000_000
"""How large a painting gets when no size is asked for. Larger photographs are shrunk to that."""
MEMORY = 2e9
"""Bytes that a painting of that size takes at most."""


class FastPainter:
    """A feed-forward network (Johnson et al., ECCV 2016; Dumoulin et al., ICLR 2017) as a painter."""

    options: FastOptions
    gallery: Gallery
    network: str

    def __init__(self, job: Job, *, like: Painter | None = None, threads: int | None = None) -> None:
        """Raises OptionError for what the network cannot do, StyleError for styles that it does not know,
        WeightsMissingError and CorruptWeightsError for its file."""
        assert isinstance(job.options, FastOptions)
        model, device = self._source = job.options.model, job.options.device
        check_device(device)
        if isinstance(like, FastPainter) and like._source == self._source:
            self.gallery, self.network = like.gallery, like.network
        else:
            self.gallery = load_gallery(model, threads=threads, device=device)
            self.network = digest(str(SHIPPED) if model is None else model)
        self.device = self.gallery.device
        self.options = job.options.replace(device=self.device)
        self.styles = self.options.shares(tuple(style.place for style in job.styles))
        if self.styles:
            self.gallery.row(self.styles, self.options)  # refuses what cannot be

    def check_style(self, style: str) -> None:
        self.gallery.row(style, self.options.replace(style_weights=()))

    def memory(self) -> float:
        return MEMORY

    def paint(
        self,
        photo: Picture,
        *,
        checkpointer: Checkpointer | None = None,  # noqa: ARG002 - one pass: there is nothing to keep
        on_progress: ProgressCallback | None = None,  # noqa: ARG002 - nor to tell
        cancel: Cancel | None = None,  # noqa: ARG002 - nor to stop
    ) -> Painting:
        """See ``Painter``. Under transparent pixels the network sees the colours around them."""
        width, height = fit_painting(self.options.size, photo.width, photo.height)
        shrunk = self.options.size is None and (width, height) != (photo.width, photo.height)
        began = time.perf_counter()
        pixels = imaging.fill_transparent(photo)
        painted = self.gallery.paint(imaging.resize(pixels, width, height), self.styles, self.options)
        alpha = None if photo.alpha is None else imaging.resize(photo.alpha, width, height)
        notes = ("the photo was larger; --size asks for more",) if shrunk else ()
        return Painting(Picture(painted, alpha, photo.bits), seconds=time.perf_counter() - began, notes=notes)


def fit_painting(size: int | None, width: int, height: int) -> tuple[int, int]:
    """Return a painting's width and height for a photograph's; ``size``: as in ``FastOptions``.

    Raises PictureError when it would be too small.
    """
    if size is None and width * height > SAFE_PIXELS:
        size = int(max(width, height) * (SAFE_PIXELS / (width * height)) ** 0.5)
    found = (width, height) if size is None else imaging.fit(width, height, size)
    if min(found) < MINIMUM_SIDE:
        raise PictureError(
            f"expected a painting of at least {MINIMUM_SIDE} x {MINIMUM_SIDE} pixels; it would be "
            f"{found[0]} x {found[1]}"
        )
    return found
