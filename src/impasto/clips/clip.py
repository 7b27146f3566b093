"""A clip as returned by its readers: its properties, and its frames, one at a time."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from impasto import imaging
from impasto.clips.mastering_display import MasteringDisplay
from impasto.clips.timecode import Timecode
from impasto.errors import InputError, OptionError, require_one_of
from impasto.imaging.read_options import READING
from impasto.parameters import shown
from impasto.types import Picture, Pixels, Plane

Damage = Literal["conceal", "refuse"]
"""How to handle a frame that cannot be decoded: repeat the one before it, or stop with an error."""

TRANSPARENT = "the film's transparency was left out; .mov, .webm, .gif and frames in PNG support it"
HIGH_RANGE = "HDR was converted to SDR; --hdr keeps it"
LONGEST_SIDE = 32766
"""In pixels: OpenCV cannot warp larger pictures."""


_TIME = re.compile(r"\s*(\d{1,4}:)?(\d{1,6}:)?(\d{1,7}(\.\d{1,9})?|\.\d{1,9})\s*")


@dataclass(frozen=True)
class Frame:
    """A frame of a clip.

    ``number``: from 0. ``ticks``: its time since the clip's first frame, in units of the clip's time base.
    ``pixels``: upright sRGB, (H, W, 3) in [0, 1]; transparent ones have the colours around them.
    ``concealed``: the frame was damaged, and these are the pixels of the one before. ``alpha``: (H, W) in [0,
    1]; None if the frame is opaque or alpha was not requested. ``headroom``: for HDR, (H, W) in [0, 1], how
    much brighter the frame is than these pixels, see ``colour.headroom``; None if it was not requested.
    """

    number: int
    ticks: int
    pixels: Pixels
    concealed: bool = False
    alpha: Plane | None = None
    headroom: Plane | None = None

    def fit(self, width: int, height: int) -> Frame:
        """Return the frame at this size."""
        return self._each(lambda plane, _: imaging.resize(plane, width, height))

    def pad(self, width: int, height: int) -> Frame:
        """Return the frame centred in a larger one, with an opaque black margin."""
        own_height, own_width = self.pixels.shape[:2]
        top, left = (height - own_height) // 2, (width - own_width) // 2

        def padded(plane: NDArray[np.float32], around: float) -> NDArray[np.float32]:
            whole = np.full((height, width, *plane.shape[2:]), around, np.float32)
            whole[top : top + own_height, left : left + own_width] = plane
            return whole

        return self._each(padded)

    def _each(self, change: Callable[[NDArray[np.float32], float], NDArray[np.float32]]) -> Frame:
        alpha = None if self.alpha is None else change(self.alpha, 1.0)
        headroom = None if self.headroom is None else change(self.headroom, 0.0)
        return replace(self, pixels=change(self.pixels, 0.0), alpha=alpha, headroom=headroom)


def frame_of(
    picture: Picture, number: int = 0, ticks: int = 0, *, alpha: bool, headroom: Plane | None = None
) -> Frame:
    """Return ``picture`` as a frame, with transparent parts in the colours around them; ``alpha``: whether to
    keep the alpha."""
    pixels = imaging.fill_transparent(picture)
    return Frame(number, ticks, pixels, alpha=picture.alpha if alpha else None, headroom=headroom)


@dataclass(frozen=True)
class ClipInfo:
    """The properties of a clip.

    ``width`` and ``height``: upright, in square pixels, at the requested size. ``rate``: frames a second, on
    average. ``frames``: their approximate number, or None. ``bits``: 8 or 10, for pictures also 16.
    ``time_base``: the unit of times in seconds. ``begin`` and ``origin``: the times of the file's first frame
    and of the first requested one, in seconds of its own clock. ``audio``: the names of the sound's codecs.
    ``alpha``: whether frames may have an alpha, if it was requested. ``transfer``: the transfer of HDR (ITU-T
    H.273), 0 for SDR. ``hdr``: whether frames have a headroom. ``mastering``: the display on which HDR was
    graded. ``timecode``: that of the first requested frame. ``remarks``: differences from the file, as far as
    they are known beforehand. ``last``: the duration of the last frame in seconds, if the file states it.
    """

    width: int
    height: int
    rate: Fraction
    frames: int | None
    bits: int
    time_base: Fraction
    begin: Fraction = Fraction(0)
    origin: Fraction = Fraction(0)
    audio: tuple[str, ...] = ()
    alpha: bool = False
    transfer: int = 0
    hdr: bool = False
    mastering: MasteringDisplay | None = None
    timecode: Timecode | None = None
    remarks: tuple[str, ...] = ()
    last: Fraction | None = None


class Clip(Protocol):
    """A video file or a sequence of pictures, open for reading."""

    @property
    def info(self) -> ClipInfo: ...

    @property
    def notes(self) -> list[str]:
        """Problems found while reading frames: damage, changes of shape."""

    def frames(self, skip: int = 0) -> Iterator[Frame]:
        """Return the frames after the first ``skip``, numbered as if all were read. Raises InputError."""


@dataclass(frozen=True)
class Request:
    """The part of a clip to read, and the form to read it in.

    ``start`` and ``end``: in seconds from the beginning. ``size``: the long side in pixels or exactly (width,
    height), None for the clip's own. ``even``: even sides, for encoders that require them. ``rate``: frames a
    second of a sequence of pictures. ``alpha``, ``hdr``: whether to return a frame's alpha, or the brightness
    of HDR; otherwise a note says that it is left out.
    """

    start: Fraction | None = None
    end: Fraction | None = None
    size: int | tuple[int, int] | None = None
    even: bool = True
    damage: Damage = "conceal"
    rate: Fraction = Fraction(25)
    alpha: bool = False
    hdr: bool = False

    def __post_init__(self) -> None:
        if self.start is not None and self.start < 0:
            raise OptionError(f"expected start to be 0 s or more; got {float(self.start):g} s")
        if self.end is not None and self.end <= (self.start or 0):
            raise OptionError(
                f"expected end to be after start ({float(self.start or 0):g} s); got {float(self.end):g} s"
            )
        require_one_of("damage", self.damage, get_args(Damage))
        if self.rate <= 0:
            raise OptionError(f"expected rate to be more than 0 frames per second; got {float(self.rate):g}")

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """Return the size at which frames of ``width`` x ``height`` are read.

        Raises OptionError if it is too large.
        """
        if isinstance(self.size, tuple):
            width, height = self.size
        elif self.size is not None:
            width, height = imaging.fit(width, height, self.size)
        if self.even:
            width, height = (max(2, side - side % 2) for side in (width, height))
        if expected := READING.refuses(width, height):
            raise OptionError(f"expected frames of {expected}; they would be {width} x {height}")
        if max(width, height) > LONGEST_SIDE:
            raise OptionError(
                f"expected frames of at most {LONGEST_SIDE:,} pixels a side; they would be {width} x {height}"
            )
        return width, height


def no_frame(name: object, request: Request, times: Sequence[Fraction]) -> InputError:
    """Return the error for a part of a clip in which no frame begins; ``times``: those of all frames, sorted,
    in seconds from the first. They are rounded down, so that a part from such a time has the frame."""
    start, end = request.start or Fraction(0), request.end
    part = f"from {float(start):g} s" + ("" if end is None else f" to {float(end):g} s")
    following = bisect_left(times, start)
    near = [
        f"{math.floor(time * 1000) / 1000:.3f} s" for time in times[max(0, following - 1) : following + 1]
    ]
    where = (
        f"its last is at {near[0]}" if following == len(times) else f"the nearest are at {' and '.join(near)}"
    )
    return InputError(f"{name}: no frame begins {part}; {where}")


def parse_time(text: str, option: str = "time") -> Fraction:
    """Parse ``90``, ``1:30`` or ``0:01:30.5`` into seconds. Raises OptionError."""
    numbers = list(map(Fraction, text.split(":"))) if _TIME.fullmatch(text) else []
    if not numbers or any(n >= 60 for n in numbers[1:]):
        raise OptionError(
            f"expected {option} to be seconds or HH:MM:SS, such as 90 or 1:30.5; got {shown(text)}"
        )
    return sum((n * 60**place for place, n in enumerate(reversed(numbers))), Fraction(0))
