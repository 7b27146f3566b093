"""Painting of frames by a feed-forward network, without torch."""

from __future__ import annotations

from typing import Literal

from impasto.painters.fast import FastPainter
from impasto.types import Pixels


class FastFramePainter:
    """Paints each frame in one pass. Transport maps are computed for each frame: with those of a shot's first
    frame, paintings lose the style as soon as the picture changes."""

    is_guided: Literal[False] = False

    def __init__(self, painter: FastPainter) -> None:
        self.painter = painter

    def paint(self, frame: Pixels) -> Pixels:
        """See ``clips.UnguidedPainter``."""
        return self.painter.paint_pixels(frame)[0]

    def finish(self, pixels: Pixels, frame: Pixels) -> Pixels:  # noqa: ARG002 - nothing is left to do
        """Return ``pixels`` unchanged."""
        return pixels

    def describe(self) -> str:
        """Return the SHA-256 of the network."""
        return self.painter.network
