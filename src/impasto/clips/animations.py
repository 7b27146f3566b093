"""Animated PNG, WebP and AVIF pictures as clips."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from impasto import imaging
from impasto.clips.clip import TRANSPARENT, ClipInfo, Frame, Request, frame_of, no_frame
from impasto.clips.endings import second_picture, unread_words
from impasto.errors import InputError, PictureError
from impasto.types import Picture

_UNIT = Fraction(1, 1000)


class MovingPicture:
    """The frames of an animated picture, each shown as long as the file says.

    Raises InputError if no frame of the requested part can be decoded, or if one is damaged and
    ``damage="refuse"``; otherwise the film ends before a damaged frame, with a note.
    """

    def __init__(self, path: Path, request: Request) -> None:
        self.path = path
        self.notes: list[str] = []
        unread = second_picture(path)
        if unread and request.damage == "refuse":
            raise InputError(f"{path}: {unread_words(unread)}")
        self._request = request
        self._ticks: list[int] = []
        first: Picture | None = None
        alpha = False
        last = Fraction(0)
        begins: list[Fraction] = []
        for ticks, picture, shown in self._wanted(begins):
            first = first or picture
            alpha |= request.alpha and picture.alpha is not None
            self._ticks.append(ticks)
            last = shown if request.end is None else min(shown, request.end - ticks * _UNIT)
        if first is None:
            raise no_frame(path, request, begins) if begins else InputError(f"{path} has no frame")
        width, height = request.fit(first.width, first.height)
        length = (self._ticks[-1] - self._ticks[0]) * _UNIT + last
        self.info = ClipInfo(
            width=width,
            height=height,
            rate=(len(self._ticks) / length).limit_denominator(1001),
            frames=len(self._ticks),
            bits=8,
            time_base=_UNIT,
            origin=self._ticks[0] * _UNIT,
            alpha=alpha,
            last=last,
            remarks=(unread_words(unread),) if unread else (),
        )

    def frames(self, skip: int = 0) -> Iterator[Frame]:
        """See ``Clip``."""
        for number, (ticks, picture, _) in enumerate(self._wanted()):
            if number < skip:
                continue
            if picture.alpha is not None and not self._request.alpha and TRANSPARENT not in self.notes:
                self.notes.append(TRANSPARENT)
            frame = frame_of(picture, number, ticks - self._ticks[0], alpha=self._request.alpha)
            yield frame.fit(self.info.width, self.info.height)

    def _wanted(self, begins: list[Fraction] | None = None) -> Iterator[tuple[int, Picture, Fraction]]:
        """Yield the frames from ``start`` to ``end`` with their times and durations.

        The times of all frames read, in seconds, are appended to ``begins``.
        """
        time = Fraction(0)
        start, end = self._request.start or Fraction(0), self._request.end
        try:
            for picture, shown in imaging.read_frames(self.path):
                if begins is not None:
                    begins.append(time)
                if end is not None and time >= end:
                    return
                if time >= start:
                    yield round(time / _UNIT), picture, shown
                time += shown
        except PictureError as error:
            words = f"{self.path} breaks off at {float(time):.3f} s: {error}"
            if self._request.damage == "refuse":
                raise InputError(words) from error
            if words not in self.notes:
                self.notes.append(words)
