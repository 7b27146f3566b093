"""Previews by the fast network, at once and without torch."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from impasto import imaging
from impasto.errors import WeightsError, WeightsMissingError
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.painters import make_painter
from impasto.studio.thumbnails import as_image, as_jpeg
from impasto.studio.web.problems import ProblemError
from impasto.studio.web.requests import GalleryStyle, painted_styles

log = logging.getLogger("impasto.studio.http")
MODEL = "gallery.onnx"
SAMPLES = "samples"
_NO_STYLE = Job(Reference(), (), options=FastOptions())


def model_path() -> Path | None:
    """Return the shipped network's file, if it is there."""
    path = Path(str(resources.files("impasto.inference"))) / "data" / MODEL
    return path if path.is_file() else None


class Previews:
    """Paints previews; the network is loaded when it is first wanted.

    ``make``: as ``impasto.painters.make_painter``.
    """

    def __init__(self, make: Callable[..., Any] = make_painter) -> None:
        self._make, self._lock = make, threading.Lock()
        self._latest: Any = None

    def painter(self, job: Job = _NO_STYLE) -> Any:
        """Return what paints ``job``, which has no photograph yet; None where no network is installed.

        Raises ProblemError("not-ready") where its file cannot be read, as while it is being replaced, and
        InputError and its subclasses for what it cannot paint.
        """
        with self._lock:
            try:
                self._latest = self._make(job, like=self._latest)
            except WeightsMissingError:
                return None
            except WeightsError as error:
                log.warning("the fast network cannot be loaded: %s", error)
                detail = "the fast network cannot be read at the moment; try again"
                raise ProblemError("not-ready", detail, retry_after=2) from error
            return self._latest

    @property
    def are_possible(self) -> bool:
        """True if a network is installed."""
        return self.painter() is not None

    def styles(self) -> dict[str, GalleryStyle]:
        """Return every style there is to choose: painted by optimisation, by the network, or both."""
        found = dict(painted_styles())
        painter = self.painter()
        return found if painter is None else {n: replace(style, fast=True) for n, style in found.items()}

    def paint(self, job: Job, photo: Path, *, as_png: bool) -> bytes:
        """Return ``photo`` painted as ``job`` says, as PNG or JPEG. Raises ProblemError, InputError."""
        painter = self.painter(job)
        if painter is None:
            raise ProblemError("unavailable", "the fast network is not installed; submit a draft instead")
        image = as_image(painter.paint(imaging.read(photo)).picture)
        if not as_png:
            return as_jpeg(image, quality=90)
        stream = io.BytesIO()
        image.save(stream, format="PNG", compress_level=1)
        return stream.getvalue()


def sample(name: str) -> bytes | None:
    """Return the sample photograph painted in that style, WebP; None where there is none."""
    entry = resources.files("impasto.studio") / SAMPLES / f"{name}.webp"
    return entry.read_bytes() if entry.is_file() else None
