"""The mastering display of HDR10 (SMPTE ST 2086): the display on which a film was graded, and its
luminance."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MasteringDisplay:
    """A mastering display: x and y of its ``red``, ``green``, ``blue`` and ``white``, and its minimum and
    maximum luminance, ``low`` and ``high``, in nits."""

    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float]
    low: float
    high: float

    def words(self, encoder: str) -> str:
        """Return the parameter of ``encoder``, libx265 or libsvtav1, that states it."""
        named = (("G", self.green), ("B", self.blue), ("R", self.red), ("WP", self.white))
        if encoder == "libx265":  # in units of 0.00002 and 0.0001 nits
            places = "".join(f"{name}({round(x * 50000)},{round(y * 50000)})" for name, (x, y) in named)
            return f"master-display={places}L({round(self.high * 10000)},{round(self.low * 10000)})"
        places = "".join(f"{name}({x:.5f},{y:.5f})" for name, (x, y) in named)
        return f"mastering-display={places}L({self.high:.4f},{self.low:.4f})"


def mastering_of(frame: Any) -> MasteringDisplay | None:
    """Return the mastering display that a frame states; None if it states none, or only a part."""
    from av.sidedata.sidedata import Type

    found = frame.side_data.get(Type.MASTERING_DISPLAY_METADATA)
    if found is None:
        return None
    # FFmpeg's AVMasteringDisplayMetadata: ten fractions, and whether primaries and luminance are present.
    *numbers, primaries, luminance = struct.unpack("<22i", bytes(found)[:88])
    if not primaries or not luminance or 0 in numbers[1::2]:
        return None
    values = [above / below for above, below in zip(numbers[::2], numbers[1::2], strict=True)]
    red, green, blue, white = zip(values[0:8:2], values[1:8:2], strict=True)
    return MasteringDisplay(red, green, blue, white, low=values[8], high=values[9])
