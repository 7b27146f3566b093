"""Previews by the fast network, immediate and without torch."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from impasto import imaging
from impasto.errors import WeightsError
from impasto.jobs import Job
from impasto.painters import make_painter
from impasto.studio.thumbnails import as_image, as_jpeg
from impasto.studio.web.problems import ProblemError
from impasto.types import Picture

log = logging.getLogger("impasto.studio.http")
SAMPLES = "samples"


class Previews:
    """Paints previews; the network is loaded on first use.

    ``make``: as ``impasto.painters.make_painter``.
    """

    def __init__(self, make: Callable[..., Any] = make_painter) -> None:
        self._make, self._lock = make, threading.Lock()
        self._latest: Any = None

    def painter(self, job: Job) -> Any:
        """Return the painter for ``job``, which has no photograph yet.

        Raises ProblemError("not-ready") if its file cannot be read, for example while it is replaced, and
        InputError and its subclasses for unusable input.
        """
        with self._lock:
            try:
                self._latest = self._make(job, like=self._latest)
            except WeightsError as error:
                log.warning("the fast network cannot be loaded: %s", error)
                detail = "the fast network cannot be read at the moment; try again"
                raise ProblemError("not-ready", detail, retry_after=2) from error
            return self._latest

    def paint(self, job: Job, photo: Path | Picture, *, as_png: bool) -> bytes:
        """Return ``photo`` painted as described by ``job``, as PNG or JPEG. Raises ProblemError,
        InputError."""
        painter = self.painter(job)
        picture = photo if isinstance(photo, Picture) else imaging.read(photo)
        image = as_image(painter.paint(picture).picture)
        if not as_png:
            return as_jpeg(image, quality=90)
        stream = io.BytesIO()
        image.save(stream, format="PNG", compress_level=1)
        return stream.getvalue()


def sample(name: str) -> bytes | None:
    """Return the sample photograph painted in that style, WebP; None if there is none."""
    entry = resources.files("impasto.studio") / SAMPLES / f"{name}.webp"
    return entry.read_bytes() if entry.is_file() else None
