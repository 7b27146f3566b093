"""Frames through a feed-forward network, without torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from impasto.clips import Guide
from impasto.inference import Gallery
from impasto.inference.options import FastOptions
from impasto.types import Pixels

_SAMPLE = 32


class FastFramePainter:
    """Frames through a feed-forward network (Johnson et al. 2016), each by itself."""

    is_guided = False

    def __init__(self, gallery: Gallery, styles: Sequence[str], options: FastOptions) -> None:
        """Raises StyleError and OptionError for what the network cannot do."""
        self.gallery = gallery
        self.options = options
        self.shares = options.shares(tuple(styles))
        gallery.row(self.shares, options)  # refuses what cannot be

    def paint(self, frame: Pixels, guide: Guide | None) -> Pixels:  # noqa: ARG002 - it takes none
        """See ``clips.FramePainter``."""
        return self.gallery.paint(frame, self.shares, self.options)

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
