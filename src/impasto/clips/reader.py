"""Video files as clips: every container and codec that PyAV reads, upright, in sRGB, frame by frame.

Only the current frame is in memory, so memory does not grow with the length of the film.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.clips import colour
from impasto.clips.clip import HIGH_RANGE, TRANSPARENT, ClipInfo, Frame, Request, frame_of, no_frame
from impasto.clips.holes import REORDERED
from impasto.clips.index import VideoIndex, film_among, video_index
from impasto.clips.interlace import deinterlaced
from impasto.clips.libav import load_av, open_video
from impasto.clips.mastering_display import mastering_of
from impasto.clips.orientation import is_turned, turn_upright
from impasto.clips.remarks import begin_of, remarks_on, span_of
from impasto.clips.timecode import Timecode
from impasto.clips.track_header import read_track_header
from impasto.errors import InputError
from impasto.files import reason_of
from impasto.types import Picture

_Row = tuple[Any, int | None, str]
"""A decoded frame, its presentation time, and the reason if it cannot be decoded."""


class VideoFile:
    """The video stream of a file that is marked as its default, or else the first; one with a single picture
    only if all are such.

    Its frames are those that a player shows, from the first to the last, on one clock, whatever the container
    states. Frames that cannot be decoded, or that the decoder marks as corrupt, are replaced by the one
    before (``conceal``) or raise InputError (``refuse``). Damaged frames before the first good one cannot be
    replaced: they are dropped and listed in ``notes``, as are all other differences from the file.
    """

    def __init__(self, path: Path, request: Request) -> None:
        self._av = load_av()
        self.path = path
        self.request = request
        self.notes: list[str] = []
        self._others: set[tuple[int, int]] = set()
        self._early = False
        with self._opened() as (container, stream):
            index = stream.index
            # VP8 and VP9 have their alpha in a second picture, which FFmpeg's own decoders ignore.
            self._has_other_alpha = stream.metadata.get("alpha_mode") == "1"
            self._own_decoder = (
                _WITH_ALPHA.get(stream.codec_context.name, "") if self._has_other_alpha else ""
            )
            self._is_gif = container.format.name == "gif"
            labels = [stream.metadata, container.metadata, *(s.metadata for s in container.streams)]
            stated = (text for found in labels for name, text in found.items() if name.lower() == "timecode")
            self._stated_timecode = next(stated, "")
            self._aspect = Fraction(stream.sample_aspect_ratio or 1)
            self._header = read_track_header(path, container.format.name, stream)
            sounds = [s for s in container.streams.audio if s.codec_context is not None]
            audio = tuple(s.codec_context.name for s in sounds)
        self.index: VideoIndex = video_index(path, index)
        self._time_base = self.index.time_base
        self._begin = begin_of(self.index)
        remarks = remarks_on(path, self.index, request, is_gif=self._is_gif)
        # The size and the bits are certain only when a frame is decoded.
        first = next(self._pictures(quiet=True), None)
        if first is None:
            if self._inside():
                raise InputError(f"{path} has no frame {self._span()}that can be decoded")
            raise no_frame(path, request, [t * self._time_base - self._begin for t in self.index.times])
        sample, ticks, _ = first
        remarks += self._check_beginning(ticks) + colour.contradictions(sample, self._header)
        remarks += self._header.unusable(sample)
        self._shape = self._size(sample)
        size = request.fit(*self._shape)
        self._first_ticks = ticks
        self.info = ClipInfo(
            width=size[0],
            height=size[1],
            rate=self.index.rate,
            frames=max(1, len(self._inside())),
            bits=10 if colour.bits_of(sample) > 8 and not sample.format.has_palette else 8,
            time_base=self._time_base,
            begin=self._begin,
            origin=ticks * self._time_base,
            audio=audio,
            alpha=request.alpha and self._has_alpha(sample),
            transfer=int(sample.color_trc) if colour.is_high_range(sample) else 0,
            hdr=request.hdr and colour.is_high_range(sample),
            mastering=mastering_of(sample),
            timecode=self._timecode(ticks),
            remarks=tuple(remarks),
            last=self._last(),
        )

    def _last(self) -> Fraction | None:
        """Return the duration of the last frame in seconds, if the file states it."""
        if not self.index.last:
            return None
        shown, high = self.index.last, span_of(self.index, self.request)[1]
        inside = [t for t in self.index.times if high is None or t < high]
        if not inside:
            return None
        following = (
            self.index.times[len(inside)] if len(inside) < len(self.index.times) else inside[-1] + shown
        )
        return (min(following, following if high is None else high) - inside[-1]) * self._time_base

    def _has_alpha(self, sample: Any) -> bool:
        """Return whether frames have an alpha; the decoder of GIFs says so of every frame."""
        if not self._is_gif:
            return self._has_other_alpha or colour.has_alpha(sample)
        return any(frame and colour.alpha_of(frame) is not None for frame, *_ in self._pictures(quiet=True))

    def _timecode(self, ticks: int) -> Timecode | None:
        """Return the timecode of the frame at ``ticks``."""
        first = Timecode.parse(self._stated_timecode, self.index.rate)
        return None if first is None else first.after(bisect_left(self.index.times, ticks))

    def _span(self) -> str:
        return "" if self.request.start is None else f"from {float(self.request.start):g} s on "

    def _inside(self) -> list[int]:
        """Return the times, in the index, of the requested frames; for an empty file, one time."""
        low, high = span_of(self.index, self.request)
        times = self.index.times or (0,)
        return [t for t in times if (low is None or t >= low) and (high is None or t < high)]

    def _check_beginning(self, ticks: int) -> list[str]:
        """Return a remark on frames before the first decodable one, which decoders do not report; frames that
        they do mark as damaged have a note each."""
        if self.index.ordered or self._early:
            return []
        before = sum(time < ticks for time in self._inside())
        if before <= 0:
            return []
        what = "1 frame was" if before == 1 else f"{before} frames were"
        seconds = float(ticks * self._time_base - self._begin)
        return [f"{what} left out before the first that can be decoded, at {seconds:.3f} s"]

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        try:
            container = open_video(self.path)
        except (self._av.FFmpegError, OSError, ValueError) as error:
            reason = reason_of(error)
            raise InputError(f"{self.path}: expected a video file; it cannot be opened ({reason})") from error
        try:
            found = [s for s in container.streams.video if s.codec_context and not s.disposition & _ATTACHED]
            if not found:
                raise InputError(f"{self.path}: expected a video; it has no video stream that can be decoded")
            found.sort(key=lambda stream: not stream.disposition & _DEFAULT)
            yield container, container.streams[film_among(self.path, tuple(s.index for s in found))]
        finally:
            container.close()

    def frames(self, skip: int = 0) -> Iterator[Frame]:
        number = 0
        good: Frame | None = None
        held: Any = None
        for picture, ticks, damaged in self._pictures():
            number += 1
            if number <= skip:
                held = picture or held
                continue
            if picture is None:
                if good is None:
                    good = self._finished(held, ticks)
            else:
                good = self._finished(picture, ticks)
            yield replace(good, number=number - 1, ticks=ticks - self._first_ticks, concealed=damaged)

    def _pictures(self, quiet: bool = False) -> Iterator[tuple[Any, int, bool]]:
        """Yield decoded frames of the requested part with their ticks, in order; None for one to be
        concealed."""
        low, high = span_of(self.index, self.request)
        last: int | None = None
        started = False
        step = max(1, round(1 / (self.index.rate * self._time_base)))
        interlaced = "interlaced frames were deinterlaced"
        # To deinterlace the first frame, the one before is needed.
        rows = self._in_order(self._decoded(None if low is None else self.index.last_before(low)))
        for picture, told, why in deinterlaced(rows, lambda: self._note(interlaced)):
            ticks = told if told is not None else 0 if last is None else last + step
            if last is not None:
                ticks = max(ticks, last + 1)  # times must grow; no frame is dropped for that
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
            colour.complete(picture, self._header)
            yield picture, ticks, False

    def _note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    def _tell(self, ticks: int, why: str, started: bool, quiet: bool) -> None:
        seconds = float(ticks * self._time_base - self._begin)
        if self.request.damage == "refuse":
            raise InputError(f"{self.path}: the frame at {seconds:.3f} s is damaged: {why}")
        self._early |= not started
        if not quiet:
            done = "replaced by the one before" if started else "left out, with none before it"
            self.notes.append(f"the frame at {seconds:.3f} s is damaged ({why}) and was {done}")

    def _decoded(self, low: int | None) -> Iterator[tuple[Any, int | None, str]]:
        """Yield frames in the order of their times, with a reason in place of each that cannot be decoded.

        With ``low``, decoding begins as near to it as possible; it begins earlier if the first requested
        frame does not come out, because files may mark pictures as beginnings that are not.
        """
        if low is None:
            yield from self._decoded_from(0)
            return
        expected = self.index.first_from(low)
        for start in self.index.starts(low):
            rows = self._decoded_from(start)
            first = next((row for row in rows if row[1] is None or row[1] >= low or not start), None)
            if first is not None and (not start or (first[1] == expected and not first[2])):
                yield first
                yield from rows
                return

    def _in_order(self, rows: Iterator[_Row]) -> Iterator[_Row]:
        """Yield the rows of a file with holes in the order of their times, which decoders mix up there.
        Frames beside a hole that are missing from the output become damaged ones."""
        if not self.index.holes:
            yield from rows
            return
        waiting: list[_Row] = []
        times, place = self.index.times, -1
        for row in itertools.chain(rows, [None]):
            if row is not None:
                insort(waiting, row, key=_ticks)
                place = bisect_left(times, _ticks(row)) if place < 0 else place
            following = times[place] if place < len(times) else _ticks(waiting[-1]) if waiting else 0
            while waiting and (row is None or len(waiting) > REORDERED or _ticks(waiting[0]) <= following):
                ready = waiting.pop(0)
                yield from self._lost(times[place : bisect_left(times, _ticks(ready))])
                yield ready
                place = max(place, bisect_right(times, _ticks(ready)))
                following = times[place] if place < len(times) else _ticks(ready)
        yield from self._lost(times[max(0, place) :])

    def _lost(self, times: Sequence[int]) -> Iterator[_Row]:
        """Yield a damaged frame for each of the ``times`` beside a hole."""
        for time in times:
            if any(hole.first <= time <= hole.last for hole in self.index.holes):
                yield None, time, "what it refers to is missing"

    def _decoded_from(self, start: int) -> Iterator[tuple[Any, int | None, str]]:
        """Yield the frames of the packets from number ``start`` on."""
        times = iter(self.index.times) if self.index.ordered else None
        lost: dict[int, str] = {}
        decoder: Any = None
        if self._own_decoder:
            decoder = self._av.CodecContext.create(self._own_decoder, "r")
        for packet in self._packets(start):
            failed = ""
            try:
                frames = packet.decode() if decoder is None else decoder.decode(packet)
            except self._av.FFmpegError as error:
                frames, failed = [], reason_of(error)
            if failed and times is not None:
                yield None, next(times, None), failed
            elif failed and packet.pts is not None:
                lost[packet.pts] = failed
            for frame in frames:
                ticks = frame.pts if times is None else next(times, None)
                for earlier in sorted(t for t in lost if ticks is None or t < ticks):
                    yield None, earlier, lost.pop(earlier)
                lost.pop(ticks, None) if ticks is not None else None
                yield frame, ticks, "its data are corrupt" if frame.is_corrupt else ""
        for earlier in sorted(lost):
            yield None, earlier, lost[earlier]

    def _packets(self, start: int, seek: bool = True) -> Iterator[Any]:
        """Yield the stream's packets from number ``start`` on, with their times on one clock."""
        index = self.index
        with self._opened() as (container, stream):
            stream.thread_type = "SLICE"  # so that errors are raised with the packet that causes them
            stream.codec_context.flags |= _UNALIGNED
            packets = self._demuxed(container, stream)
            number: int | None = 0
            if start and seek and index.seekable:
                container.seek(index.keys[index.numbers.index(start)], stream=stream, backward=True)
                head = list(itertools.islice(packets, 1))
                number = index.number_at(head[0].pts) if head else None
                packets = itertools.chain(head, packets)
            if number is not None and number <= start:
                for number, packet in enumerate(packets, number):  # noqa: B020
                    if number >= start:
                        shift = round(index.shift(stream.index, number) / self._time_base)
                        packet.pts = None if packet.pts is None else packet.pts + shift
                        packet.dts = None if packet.dts is None else packet.dts + shift
                        yield packet
                return
        yield from self._packets(start, seek=False)

    def _demuxed(self, container: Any, stream: Any) -> Iterator[Any]:
        """Yield the stream's packets; a truncated file ends there, with a note, or raises InputError."""
        try:
            yield from container.demux(stream)
        except self._av.FFmpegError as error:
            words = f"{self.path} breaks off: {reason_of(error)}"
            if self.request.damage == "refuse":
                raise InputError(words) from error
            self._note(words)

    def _size(self, frame: Any) -> tuple[int, int]:
        """Return the frame's width and height upright, in square pixels."""
        width, height = self._header.size(frame)
        width = max(1, round(width * self._aspect))
        return (height, width) if is_turned(frame) else (width, height)

    def _converted(self, frame: Any) -> Frame:
        """Convert to sRGB, upright, with transparent parts in the colours around them."""
        if any(data.type.name == "A53_CC" for data in frame.side_data):
            self._note(_CAPTIONS)
        high = colour.is_high_range(frame)
        if high and not self.request.hdr:
            self._note(HIGH_RANGE)
        alpha = colour.alpha_of(frame)
        if alpha is not None and not self.request.alpha:
            self._note(TRANSPARENT)
        pixels, headroom = colour.to_pixels(frame), None
        if high and self.request.hdr:
            headroom = self._upright(colour.headroom_of(frame), frame)
        turned = None if alpha is None else self._upright(alpha, frame)
        picture = Picture(self._upright(pixels, frame), turned)
        return frame_of(picture, alpha=self.request.alpha, headroom=headroom)

    def _upright(self, pixels: NDArray[np.float32], frame: Any) -> NDArray[np.float32]:
        """Return the shown part of ``pixels`` of ``frame``, turned upright."""
        return turn_upright(self._header.crop(pixels, frame), frame)

    def _finished(self, picture: Any, ticks: int) -> Frame:
        """Convert to sRGB, upright, at the requested size."""
        frame, info = self._converted(picture), self.info
        own, shape = self._size(picture), self._shape
        if own[0] * shape[1] == own[1] * shape[0]:
            return frame.fit(info.width, info.height)
        if own not in self._others:
            self._others.add(own)
            seconds = float(ticks * self._time_base - self._begin)
            self.notes.append(
                f"at {seconds:.3f} s the frames become {own[0]} x {own[1]}, after {shape[0]} x {shape[1]}: "
                "they were fitted in, with black around them"
            )
        scale = min(shape[0] / own[0], shape[1] / own[1])
        width = max(1, round(own[0] * scale * info.width / shape[0]))
        height = max(1, round(own[1] * scale * info.height / shape[1]))
        return frame.fit(width, height).pad(info.width, info.height)


def _ticks(row: _Row) -> int:
    """Return when a frame is shown; -1 if unknown."""
    return -1 if row[1] is None else row[1]


_CAPTIONS = "closed captions, which are within the pictures, were left out"
_UNALIGNED = 0x1
"""AV_CODEC_FLAG_UNALIGNED: without it, decoders do not crop the left side as the codec states."""
_DEFAULT = 0x1
"""The track that players show: AV_DISPOSITION_DEFAULT."""
_ATTACHED = 0x400
"""A cover picture: AV_DISPOSITION_ATTACHED_PIC."""
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9", "libvpx": "libvpx", "libvpx-vp9": "libvpx-vp9"}
"""The decoders that support a codec's alpha."""
