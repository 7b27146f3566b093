"""Video files as clips: every container and codec PyAV reads, upright, in sRGB, frame by frame.

Only the current frame is held in memory, so that memory does not grow with length.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from impasto import imaging
from impasto.clips import colour
from impasto.clips.clip import ClipInfo, Frame, Request
from impasto.clips.libav import load_av, open_video
from impasto.errors import InputError
from impasto.types import Pixels


class VideoFile:
    """The first video stream of a file.

    Frames that cannot be decoded, or that the decoder calls corrupt, are replaced by the one before
    (``conceal``) or end it all with InputError (``refuse``). Before the first good frame there is nothing
    to show: damaged frames there are left out, and told in ``notes``.
    """

    def __init__(self, path: Path, request: Request) -> None:
        self._av = load_av()
        self.path = path
        self.request = request
        self.notes: list[str] = []
        with self._opened() as (container, stream):
            self._time_base = Fraction(stream.time_base)
            begin = stream.start_time if stream.start_time is not None else 0
            self._begin = begin * self._time_base
            sounds = [s for s in container.streams.audio if s.codec_context is not None]
            audio = tuple(s.codec_context.name for s in sounds)
            stated = stream.frames
            rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
            length = _length(container, stream)
        # The size and the bits are known for certain once a frame is decoded.
        first = next(self._pictures(quiet=True), None)
        if first is None:
            raise InputError(f"{path} has no frame {self._span()}that can be decoded")
        sample, ticks, _ = first
        width, height = self._square(sample)
        turned = (height, width) if abs(sample.rotation) % 180 == 90 else (width, height)
        size = request.fit(*turned)
        self._first_ticks = ticks
        self.info = ClipInfo(
            width=size[0],
            height=size[1],
            rate=rate,
            frames=self._count(stated, length, rate),
            bits=10 if colour.bits_of(sample) > 8 and not sample.format.has_palette else 8,
            time_base=self._time_base,
            begin=self._begin,
            origin=ticks * self._time_base,
            audio=audio,
        )

    def _span(self) -> str:
        return "" if self.request.start is None else f"from {float(self.request.start):g} s on "

    def _count(self, stated: int, length: Fraction | None, rate: Fraction) -> int | None:
        request = self.request
        if request.start is None and request.end is None and stated:
            return int(stated)
        ends = [t for t in (length, request.end) if t is not None]
        if not ends:
            return None
        return max(1, round((min(ends) - (request.start or 0)) * rate))

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        try:
            container = open_video(self.path)
        except (self._av.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{self.path}: expected a video file; it cannot be opened ({reason})") from error
        try:
            found = [s for s in container.streams.video if s.codec_context and not s.disposition & _ATTACHED]
            if not found:
                raise InputError(f"{self.path}: expected a video; it has no video stream that is known")
            yield container, found[0]
        finally:
            container.close()

    def frames(self, skip: int = 0) -> Iterator[Frame]:
        number = 0
        good: Pixels | None = None
        held: Any = None
        for picture, ticks, damaged in self._pictures():
            frame = Frame(number, ticks - self._first_ticks, _NOTHING, damaged)
            number += 1
            if frame.number < skip:
                held = picture or held
                continue
            if picture is None:
                if good is None:
                    good = self._finished(held)
            else:
                good = self._finished(picture)
            yield replace(frame, pixels=good)

    def _pictures(self, quiet: bool = False) -> Iterator[tuple[Any, int, bool]]:
        """Yield decoded frames within the span, with their ticks, in order; None for one to be concealed."""
        low, high = self._bounds()
        last: int | None = None
        started = False
        step = max(1, round(1 / (self._rate_guess() * self._time_base)))
        for picture, told, why in self._decoded(low):
            ticks = told if told is not None else 0 if last is None else last + step
            if last is not None and ticks <= last:
                continue  # times must grow; a second frame at the same time cannot be shown
            if high is not None and ticks >= high:
                break
            last = ticks
            if low is not None and ticks < low:
                continue
            if why:
                self._tell(ticks, why, started, quiet)
                if not started:
                    continue
                yield None, ticks, True
                continue
            started = True
            yield picture, ticks, False

    def _rate_guess(self) -> Fraction:
        return self.info.rate if hasattr(self, "info") else Fraction(25)

    def _tell(self, ticks: int, why: str, started: bool, quiet: bool) -> None:
        seconds = float(ticks * self._time_base - self._begin)
        if self.request.damage == "refuse":
            raise InputError(f"{self.path}: the frame at {seconds:.3f} s is damaged: {why}")
        if not quiet:
            done = "replaced by the one before" if started else "left out, with none before it"
            self.notes.append(f"the frame at {seconds:.3f} s is damaged ({why}) and was {done}")

    def _bounds(self) -> tuple[int | None, int | None]:
        def ticks(seconds: Fraction | None) -> int | None:
            if seconds is None:
                return None
            return -int(-(seconds + self._begin) / self._time_base // 1)  # the first at or after it

        return ticks(self.request.start), ticks(self.request.end)

    def _decoded(self, low: int | None) -> Iterator[tuple[Any, int | None, str]]:
        """Yield frames in the order of their times; with a reason in place of a picture where decoding
        failed.
        """
        with self._opened() as (container, stream):
            stream.thread_type = "SLICE"  # errors come with the packet they belong to
            if low is not None and low > 0:
                try:
                    container.seek(low, stream=stream, backward=True)
                except self._av.FFmpegError:
                    container.seek(0)
            lost: dict[int, str] = {}
            for packet in self._packets(container, stream):
                failed = ""
                try:
                    frames = packet.decode()
                except self._av.FFmpegError as error:
                    frames, failed = [], error.strerror or str(error)
                if failed and packet.pts is not None:
                    lost[packet.pts] = failed
                for frame in frames:
                    ticks = frame.pts
                    for earlier in sorted(t for t in lost if ticks is None or t < ticks):
                        yield None, earlier, lost.pop(earlier)
                    lost.pop(ticks, None) if ticks is not None else None
                    yield frame, ticks, "its data are corrupt" if frame.is_corrupt else ""
            for earlier in sorted(lost):
                yield None, earlier, lost[earlier]

    def _packets(self, container: Any, stream: Any) -> Iterator[Any]:
        """Yield the stream's packets; a truncated file ends there, with a note, or is refused."""
        try:
            yield from container.demux(stream)
        except self._av.FFmpegError as error:
            words = f"{self.path} breaks off: {error.strerror or error}"
            if self.request.damage == "refuse":
                raise InputError(words) from error
            if words not in self.notes:
                self.notes.append(words)

    def _square(self, frame: Any) -> tuple[int, int]:
        """Return the frame's size in square pixels."""
        with self._opened() as (_, stream):
            ratio = stream.sample_aspect_ratio or Fraction(1)
        wide = Fraction(ratio) if ratio and ratio > 0 else Fraction(1)
        return max(1, round(frame.width * wide)), frame.height

    def _finished(self, frame: Any) -> Pixels:
        """Convert to sRGB, upright, at the size asked for."""
        pixels = colour.to_pixels(frame)
        turns = round(frame.rotation / 90) % 4
        if turns:
            pixels = np.ascontiguousarray(np.rot90(pixels, turns))
        return imaging.resize(pixels, self.info.width, self.info.height)


_ATTACHED = 0x400
"""A cover picture: AV_DISPOSITION_ATTACHED_PIC."""
_NOTHING: Pixels = np.zeros((0, 0, 3), np.float32)


def _length(container: Any, stream: Any) -> Fraction | None:
    if stream.duration:
        return Fraction(stream.duration * stream.time_base)
    return Fraction(container.duration, 1_000_000) if container.duration else None
