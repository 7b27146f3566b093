"""Timecode (SMPTE ST 12-1): the label of a frame, HH:MM:SS:FF, in films and in OpenEXR pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_LABEL = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d+)")
_FIELDS = ((0, 4, 2), (8, 4, 3), (16, 4, 3), (24, 4, 2))
"""For frames, seconds, minutes and hours: the position of the units, and the bits of units and tens."""
_DROP = 1 << 6


@dataclass(frozen=True)
class Timecode:
    """The label of a frame of a film with ``rate`` frames a second.

    ``number``: frames since midnight. ``drop``: two labels are dropped in each minute but every tenth (at
    59.94 a second, four), so that labels keep up with the clock.
    """

    number: int
    rate: int
    drop: bool = False

    @classmethod
    def parse(cls, text: str, rate: Fraction) -> Timecode | None:
        """Return the timecode in ``text``, such as 01:02:03:04, or 01:02:03;04 with dropped labels; None for
        other text."""
        found = _LABEL.fullmatch(text.strip())
        if found is None:
            return None
        hours, minutes, seconds, frames = (int(found[n]) for n in (1, 2, 3, 5))
        return cls.of_fields(hours, minutes, seconds, frames, rate, drop=found[4] != ":")

    @classmethod
    def of_fields(
        cls, hours: int, minutes: int, seconds: int, frames: int, rate: Fraction, *, drop: bool = False
    ) -> Timecode | None:
        """Return the timecode of these numbers; None if they are not valid."""
        whole = max(1, round(rate))
        if minutes >= 60 or seconds >= 60 or frames >= whole:
            return None
        drop = drop and whole % 30 == 0
        number = ((hours * 60 + minutes) * 60 + seconds) * whole + frames
        if drop:
            passed = hours * 60 + minutes
            number -= whole // 15 * (passed - passed // 10)
        return cls(number, whole, drop)

    def after(self, frames: int) -> Timecode:
        """Return the timecode ``frames`` later."""
        day = 24 * 3600 * self.rate - (self.rate // 15 * (1440 - 144) if self.drop else 0)
        return Timecode((self.number + frames) % day, self.rate, self.drop)

    def fields(self) -> tuple[int, int, int, int]:
        """Return hours, minutes, seconds and frames."""
        number = self.number
        if self.drop:
            skipped = self.rate // 15
            minute, ten = 60 * self.rate - skipped, 600 * self.rate - 9 * skipped
            tens, rest = divmod(number, ten)
            # The first minute of every ten has all its labels.
            number += 9 * skipped * tens + skipped * max(0, (rest - skipped) // minute)
        seconds, frames = divmod(number, self.rate)
        return seconds // 3600, seconds // 60 % 60, seconds % 60, frames

    def __str__(self) -> str:
        hours, minutes, seconds, frames = self.fields()
        return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if self.drop else ':'}{frames:02d}"

    def to_word(self) -> int:
        """Return the 32 bits of OpenEXR's ``timeCode`` attribute, as in SMPTE ST 12-1."""
        word = _DROP if self.drop else 0
        for value, (place, units, _) in zip(reversed(self.fields()), _FIELDS, strict=True):
            word |= (value // 10 << place + units) | (value % 10 << place)
        return word

    @classmethod
    def from_word(cls, word: int, rate: Fraction) -> Timecode | None:
        """Return the timecode of ``to_word``."""
        found = []
        for place, units, tens in _FIELDS:
            found.append(10 * (word >> place + units & (1 << tens) - 1) + (word >> place & (1 << units) - 1))
        frames, seconds, minutes, hours = found
        return cls.of_fields(hours, minutes, seconds, frames, rate, drop=bool(word & _DROP))
