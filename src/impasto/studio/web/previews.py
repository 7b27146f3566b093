"""The gallery network, for previews at once; through ``impasto.inference``, without torch."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from impasto.errors import WeightsError
from impasto.imaging import resize
from impasto.studio.requests import GalleryStyle, painted_styles
from impasto.studio.web.problems import ProblemError
from impasto.types import Pixels

log = logging.getLogger("impasto.studio.http")
MODEL = "gallery.onnx"
SAMPLES = "samples"


class FastGallery(Protocol):
    """What ``impasto.inference.load_gallery`` gives."""

    @property
    def styles(self) -> tuple[Any, ...]: ...
    def paint(
        self,
        pixels: Pixels,
        styles: Any,
        *,
        strength: float = 1.0,
        stroke_size: float = 1.0,
        keep_color: bool = False,
    ) -> Pixels: ...


def model_path() -> Path | None:
    """The shipped network's file, if it is there."""
    path = Path(str(resources.files("impasto.inference"))) / "data" / MODEL
    return path if path.is_file() else None


def load_shipped() -> FastGallery | None:
    """The shipped network, ready to paint; None where it is not installed."""
    if model_path() is None:
        return None
    from impasto import inference as runtime

    gallery: FastGallery = runtime.load_gallery()
    return gallery


class Previews:
    """Paints previews; loads the network when it is first wanted."""

    def __init__(self, load: Callable[[], FastGallery | None] = load_shipped) -> None:
        self._load, self._lock = load, threading.Lock()
        self._loaded: FastGallery | None = None
        self._was_loaded = False

    @property
    def gallery(self) -> FastGallery | None:
        """The network, None where none is installed.

        Raises ProblemError("not-ready") where its file cannot be read, as while it is being replaced.
        """
        with self._lock:
            if not self._was_loaded:
                try:
                    self._loaded = self._load()
                except WeightsError as error:
                    log.warning("the gallery network cannot be loaded: %s", error)
                    detail = "the gallery network cannot be read at the moment; try again"
                    raise ProblemError("not-ready", detail, retry_after=2) from error
                self._was_loaded = True
            return self._loaded

    def styles(self) -> dict[str, GalleryStyle]:
        """Every style there is to choose: painted by optimisation, by the network, or both."""
        found = dict(painted_styles())
        for style in () if self.gallery is None else self.gallery.styles:
            known = style.name in found
            found[style.name] = GalleryStyle(
                *(style.name, style.title, style.artist, str(style.year), style.licence),
                paint=known,
                fast=True,
            )
        return found

    def paint(
        self,
        source: Path,
        styles: Mapping[str, float],
        *,
        side: int,
        strength: float,
        stroke_size: float,
        keep_color: bool,
        as_png: bool,
    ) -> bytes:
        """The photograph at ``source`` with a long side of ``side``, painted; JPEG, or PNG.

        Raises ProblemError("unavailable") without the network.
        """
        gallery = self.gallery
        if gallery is None:
            raise ProblemError("unavailable", "the gallery network is not installed; submit a draft instead")
        painted = gallery.paint(
            _read(source, side),
            dict(styles),
            strength=strength,
            stroke_size=stroke_size,
            keep_color=keep_color,
        )
        return _encode(painted, as_png)


def _read(path: Path, side: int) -> Pixels:
    """(H, W, 3) in [0, 1]; what is transparent is on white."""
    from impasto import imaging

    picture = imaging.read(path)
    pixels = picture.pixels
    if picture.alpha is not None:
        alpha = picture.alpha[..., None]
        pixels = pixels * alpha + (1 - alpha)
    scale = side / max(picture.width, picture.height)
    width, height = (max(16, round(n * scale)) for n in (picture.width, picture.height))
    return resize(np.ascontiguousarray(pixels, dtype=np.float32), width, height)


def _encode(pixels: Pixels, as_png: bool) -> bytes:
    image = Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    stream = io.BytesIO()
    if as_png:
        image.save(stream, format="PNG", compress_level=1)
    else:
        image.save(stream, format="JPEG", quality=90)
    return stream.getvalue()


def sample(name: str) -> bytes | None:
    """The sample photograph painted in that style, WebP; None where there is none."""
    entry = resources.files("impasto.studio") / SAMPLES / f"{name}.webp"
    return entry.read_bytes() if entry.is_file() else None
