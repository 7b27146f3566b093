"""Frames through a feed-forward network, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from numpy.typing import NDArray

from impasto.painters.fast import FastPainter
from impasto.types import Pixels


class FastFramePainter:
    """Frames in one pass each; those of a shot with what carried its first frame's features over."""

    is_guided: Literal[False] = False

    def __init__(self, painter: FastPainter) -> None:
        self.painter = painter

    def paint(
        self, frame: Pixels, kept: Mapping[str, NDArray[Any]] | None
    ) -> tuple[Pixels, Mapping[str, NDArray[Any]]]:
        """See ``clips.ShotPainter``."""
        return self.painter.paint_pixels(frame, kept)

    def finish(self, pixels: Pixels, frame: Pixels) -> Pixels:  # noqa: ARG002 - nothing is left to do
        """Return ``pixels`` as they are."""
        return pixels

    def describe(self) -> str:
        """Return the SHA-256 of the network."""
        return self.painter.network
