"""Single frames of films, with a cache of the latest, because users try one style after another on the
same."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict

import numpy as np
from PIL import Image

from impasto.imaging.samples import unpacked
from impasto.types import Picture

KEPT = 32
"""The number of frames cached, of some hundred thousand bytes each."""


class Stills:
    """Frames of films as JPEG, by film and time in milliseconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def find(self, id: str, at: float) -> bytes | None:
        """Return a cached frame, or None."""
        key = id, round(at * 1000)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, id: str, at: float, still: bytes) -> None:
        """Cache a frame of the film with this ``id``, and drop the oldest beyond ``KEPT``."""
        with self._lock:
            self._kept[id, round(at * 1000)] = still
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def as_picture(still: bytes, side: int | None = None) -> Picture:
    """Return a frame as a picture, with a long side of at most ``side``."""
    with Image.open(io.BytesIO(still), formats=["JPEG"]) as image:
        if side is not None:
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
        return Picture(unpacked(np.asarray(image.convert("RGB"))))
