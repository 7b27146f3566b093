"""Types shared by all rooms: pictures, and the values that options take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
"""(H, W, 3) float32, sRGB, in [0, 1]."""

Plane = NDArray[np.float32]
"""(H, W) float32 in [0, 1]: an alpha channel or a mask."""


@dataclass(frozen=True)
class PhotoMetadata:
    """The metadata of a photograph that are kept in its paintings.

    ``taken``: the date, as EXIF has it (2024:05:31 18:30:00); ``offset``: its distance from UTC (+02:00).
    ``camera``: make and model. ``resolution``: pixels per inch, across and down. ``location``: EXIF's tags
    of the place where it was taken, by number.
    """

    taken: str = ""
    offset: str = ""
    author: str = ""
    copyright: str = ""
    title: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()
    camera: tuple[str, ...] = ()
    resolution: tuple[float, float] | None = None
    location: Mapping[int, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A decoded picture: upright (EXIF orientation applied), in sRGB, without premultiplication.

    ``pixels``: (H, W, 3) float32 in [0, 1]. ``alpha``: (H, W) float32 in [0, 1], or None when
    opaque. ``bits``: 8 or 16, how precise the file was, and so how precise a result should be.
    ``metadata``: what its file says of the photograph, if anything. ``headroom``: of high range, how much
    brighter than these pixels it is, (H, W) in [0, 1]; see ``imaging.light.headroom``.
    """

    pixels: Pixels
    alpha: Plane | None = None
    bits: int = 8
    metadata: PhotoMetadata | None = None
    headroom: Plane | None = None

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class Painting:
    """The result of painting a photograph.

    ``picture``: with the photograph's alpha and precision. ``losses``: the last total and its weighted
    parts. ``iterations``: steps taken. ``seconds``: time spent painting. ``cancelled``: whether it was cut
    short. ``notes``: what else is to be said of it.
    """

    picture: Picture
    losses: Mapping[str, float] = field(default_factory=dict)
    iterations: int = 1
    seconds: float = 0.0
    cancelled: bool = False
    notes: tuple[str, ...] = ()

    @property
    def pixels(self) -> Pixels:
        """The picture's pixels, (H, W, 3) in [0, 1]."""
        return self.picture.pixels
