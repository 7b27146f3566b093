"""Frames through a feed-forward network, without torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impasto.clips import Guide
from impasto.types import Pixels

if TYPE_CHECKING:
    from impasto.inference import Gallery

_SAMPLE = 32


@dataclass(frozen=True)
class FastFramePainter:
    """Frames through a feed-forward network (Johnson et al. 2016), each by itself."""

    gallery: Gallery
    styles: Mapping[str, float]
    strength: float = 1.0
    stroke_size: float = 1.0
    keep_color: bool = False

    def paint(self, frame: Pixels, guide: Guide | None) -> Pixels:  # noqa: ARG002 - it takes none
        """See ``clips.FramePainter``."""
        return self.gallery.paint(
            frame,
            dict(self.styles),
            strength=self.strength,
            stroke_size=self.stroke_size,
            keep_color=self.keep_color,
        )

    def finish(self, pixels: Pixels, frame: Pixels) -> Pixels:  # noqa: ARG002 - nothing is left to do
        """Return ``pixels`` as they are."""
        return pixels

    def describe(self) -> str:
        """Return the network as it is known: by how it paints a small picture, which no two paint alike.

        In 8 bits, so that it is the same wherever the arithmetic is.
        """
        across = np.linspace(0, 1, _SAMPLE, dtype=np.float32)
        sample = np.stack([*np.meshgrid(across, across), np.full((_SAMPLE, _SAMPLE), 0.5)], axis=2)
        painting = self.paint(sample.astype(np.float32), None)
        return hashlib.sha256(np.rint(painting * 255).astype(np.uint8).tobytes()).hexdigest()
