"""Writing of sound, subtitles and labels into the file of a film.

Tracks are copied unchanged if the container supports them, and encoded again otherwise.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any

from impasto.clips.codecs import (
    VideoOutput,
)
from impasto.clips.index import VideoIndex
from impasto.clips.libav import container_format, load_av, open_video, readable
from impasto.clips.sound import SoundEncoder, add_sound_stream
from impasto.clips.tracks import Track, Tracks, labels_of, list_tracks, plain_labels
from impasto.errors import InputError
from impasto.files import reason_of

Row = tuple[float, int, Any]
"""When a packet is due, in seconds, the number of its track, and the packet."""
_EARLY = Fraction(1, 10)
"""In seconds: sound that begins earlier than the pictures by more than this is heard before them."""
_PREROLL = Fraction(1, 10)
"""In seconds: the length of the part hidden by an edit list at the beginning that prepares the decoder."""
_MILLISECOND = Fraction(1, 1000)


@dataclass
class TrackWriter:
    """Writes ``tracks`` into a container of ``target``'s kind. ``notes``: differences from the source, as far
    as they are known."""

    tracks: Tracks
    target: VideoOutput
    notes: list[str] = field(default_factory=list)
    _damaged: dict[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        return self.target.path.suffix.lower()

    def begin(self, stack: contextlib.ExitStack, output: Any, video: Any) -> list[Iterator[Row]]:
        """Add the tracks and the labels to ``output``, and return the packets of each track.

        ``video``: the stream of the pictures in ``output``, or None.
        """
        source = stack.enter_context(open_video(self.tracks.path))
        own = source.streams[self.tracks.index.stream]
        if video is not None:
            labels = labels_of(own, self.suffix)
            known = {name: text for name, text in labels.items() if name in ("language", "title")}
            _label(video, known, int(own.disposition))
        output.metadata.update(plain_labels(source.metadata))
        chapters = list(self._chapters(source))
        if chapters:
            output.set_chapters(chapters)
        found, notes = list_tracks(source, self.tracks, self.suffix)
        self.notes += notes
        rows = []
        for order, track in enumerate(found, 1):
            opened = stack.enter_context(open_video(self.tracks.path))
            stream = opened.streams[track.index]
            if track.kind == "subtitle":
                rows.append(self._subtitles(output, opened, stream, track, order))
            elif track.encoder:
                copy = add_sound_stream(output, stream, track.encoder)
                rows.append(self._encoded(opened, stream, copy, track, order))
            else:
                copy = output.add_stream_from_template(stream, opaque=True)
                trial = stack.enter_context(_Trial(stream, self.suffix))
                rows.append(self._copied(opened, stream, copy, order, trial))
            _label(output.streams[-1], track.labels, track.disposition)
        return rows

    def finish(self) -> list[str]:
        """Return the notes, after all packets are written."""
        for what, (count, first) in self._damaged.items():
            packets = "a damaged packet" if count == 1 else f"{count} damaged packets"
            self.notes.append(f"{packets} of the {what} skipped, at {first:.3f} s and later")
        self._damaged.clear()
        return self.notes

    def _passed_over(self, what: str, seconds: float) -> None:
        count, first = self._damaged.get(what, (0, seconds))
        self._damaged[what] = count + 1, min(first, seconds)

    def _chapters(self, source: Any) -> Iterator[dict[str, Any]]:
        """Yield the chapters within the result, relative to its beginning."""
        tracks = self.tracks
        for number, chapter in enumerate(source.chapters()):
            begin, end = (chapter[edge] * chapter["time_base"] for edge in ("start", "end"))
            if not tracks.within(begin, end - begin):
                continue
            last = end if tracks.end is None else min(end, tracks.end)
            times = [round(max(Fraction(0), time - tracks.origin) / _MILLISECOND) for time in (begin, last)]
            labels = {readable(name): readable(text) for name, text in chapter["metadata"].items()}
            known = {"id": number + 1, "time_base": _MILLISECOND, "metadata": labels}
            yield known | {"start": times[0], "end": times[1]}

    def _copied(self, source: Any, stream: Any, copy: Any, order: int, trial: _Trial) -> Iterator[Row]:
        tracks, newest = self.tracks, None
        for packet in _on_one_clock(source, stream, tracks.index):
            unit = packet.time_base
            begin = packet.pts * unit
            if packet.is_discard and begin < tracks.origin - _PREROLL:
                continue
            inside = tracks.within(begin, (packet.duration or 0) * unit)
            if inside is None:
                return
            if not inside:
                continue
            shift = round(tracks.origin / unit)
            packet.pts -= shift
            packet.dts = packet.pts if packet.dts is None else packet.dts - shift
            if newest is not None and packet.dts <= newest:
                continue  # where two clocks meet
            newest = packet.dts
            if not trial.takes(packet):
                self._passed_over("sound", float(begin - tracks.origin))
                continue
            packet.stream = copy
            yield float(begin - tracks.origin), order, packet

    def _subtitles(self, output: Any, source: Any, stream: Any, track: Track, order: int) -> Iterator[Row]:
        """Add the stream for subtitles at once, and return its packets."""
        if not track.encoder:
            copy = output.add_stream_from_template(stream, opaque=True)
        else:
            stream.codec_context.open()
            copy = output.add_stream(track.encoder)
            context = copy.codec_context
            context.subtitle_header = stream.codec_context.subtitle_header
            context.time_base = copy.time_base = _MILLISECOND
            context.open()
        return self._subtitle_rows(source, stream, copy, track, order)

    def _subtitle_rows(self, source: Any, stream: Any, copy: Any, track: Track, order: int) -> Iterator[Row]:
        av, tracks = load_av(), self.tracks
        for packet in _on_one_clock(source, stream, tracks.index):
            unit = packet.time_base
            begin, length = packet.pts * unit, (packet.duration or 0) * unit
            inside = tracks.within(begin, length)
            if inside is None:
                return
            if not inside:
                continue
            try:
                ready = packet
                if track.encoder:
                    read = stream.codec_context.decode2(packet)
                    if read is None or not len(read.rects):
                        continue
                    ready = copy.codec_context.encode_subtitle(read)
            except (av.FFmpegError, ValueError):
                self._passed_over("subtitles", float(begin - tracks.origin))
                continue
            shown = max(begin, tracks.origin)
            ready.time_base = _MILLISECOND
            ready.pts = ready.dts = round((shown - tracks.origin) / _MILLISECOND)
            over = begin + length if tracks.end is None else min(begin + length, tracks.end)
            ready.duration = round(max(over - shown, Fraction(0)) / _MILLISECOND)
            ready.stream = copy
            yield float(shown - tracks.origin), order, ready

    def _encoded(self, source: Any, stream: Any, copy: Any, track: Track, order: int) -> Iterator[Row]:
        copy.codec_context.open()
        sound = SoundEncoder(copy)
        for frame in self._decoded(source, stream, track):
            begin = sound.end  # if the frame has no time of its own
            if frame.pts is not None:
                begin = frame.pts * frame.time_base - self.tracks.origin
            for ready in sound.encode(frame, begin, self._length(begin, frame)):
                yield float(ready.pts * ready.time_base), order, ready
        for ready in sound.finish():
            yield float(ready.pts * ready.time_base), order, ready

    def _decoded(self, source: Any, stream: Any, track: Track) -> Iterator[Any]:
        """Yield the frames of sound up to the end; damaged packets are skipped."""
        av = load_av()
        for packet in _on_one_clock(source, stream, self.tracks.index):
            if self.tracks.within(packet.pts * packet.time_base, Fraction(1)) is None:
                return
            try:
                yield from packet.decode()
            except av.FFmpegError:
                begin = packet.pts * packet.time_base
                if self.tracks.within(begin, (packet.duration or 0) * packet.time_base):
                    seconds = float(begin - self.tracks.origin)
                    self._passed_over(track.kind.replace("audio", "sound"), seconds)
        with contextlib.suppress(av.FFmpegError):
            yield from stream.codec_context.decode(None)

    def _length(self, begin: Fraction, frame: Any) -> int:
        """Return how many samples of a frame of sound are before the end."""
        if self.tracks.end is None:
            return int(frame.samples)
        left = (self.tracks.end - self.tracks.origin - begin) * frame.sample_rate
        return int(max(0, min(frame.samples, round(left))))


def sound_before(tracks: Tracks, suffix: str) -> Fraction:
    """Return how many seconds before the first picture the sound of a film with this ``suffix`` begins; 0 for
    negligible times, such as the priming of encoders."""
    if tracks.start is not None:
        return Fraction(0)
    with open_video(tracks.path) as source:
        found = [track.index for track in list_tracks(source, tracks, suffix)[0] if track.kind == "audio"]
    early = Fraction(0)
    for index in found:
        with open_video(tracks.path) as source:
            packets = _on_one_clock(source, source.streams[index], tracks.index)
            begins = (packet.pts * packet.time_base for packet in packets if not packet.is_discard)
            early = max(early, tracks.origin - next(begins, tracks.origin))
    return early if early > _EARLY else Fraction(0)


def check_tracks(target: VideoOutput, tracks: Tracks) -> None:
    """Raise InputError if ``tracks`` cannot be written as ``target``, after a complete trial without
    output."""
    if target.kind != "file":
        return
    av, suffix = load_av(), target.path.suffix.lower()
    with open_video(tracks.path) as source:
        found, _ = list_tracks(source, tracks, suffix)
        for track in found:
            if track.kind == "audio" and track.encoder:
                _check_encoder(source.streams[track.index], track, tracks.path, suffix)
    if not found:
        return
    writer = TrackWriter(tracks, target)
    try:
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(av.open(_NullFile(), "w", format=container_format(suffix)))
            for row in merge(*writer.begin(stack, output, None), key=lambda row: row[:2]):
                output.mux(row[2])
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(
            f"{tracks.path}: its sound or subtitles cannot be written into {suffix}: expected another "
            f"suffix, or no sound ({reason_of(error)})"
        ) from error


def _check_encoder(stream: Any, track: Track, path: Path, suffix: str) -> None:
    av = load_av()
    try:
        with av.open(io.BytesIO(), "w", format=container_format(suffix)) as output:
            add_sound_stream(output, stream, track.encoder).codec_context.open()
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(
            f"{path}: its sound ({track.codec}) cannot be encoded as {track.encoder.removeprefix('lib')}, "
            f"which {suffix} needs: expected another suffix, or no sound "
            f"({reason_of(error)})"
        ) from error


class _Trial:
    """A container for one track that discards its data, to find damaged packets: a container with several
    tracks writes packets later, and reports damage too late."""

    def __init__(self, stream: Any, suffix: str) -> None:
        av = load_av()
        self._invalid = av.FFmpegError
        self._new = av.Packet
        self._container = av.open(_NullFile(), "w", format=container_format(suffix))
        self._copy = self._container.add_stream_from_template(stream, opaque=True)

    def __enter__(self) -> _Trial:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(self._invalid):
            self._container.close()

    def takes(self, packet: Any) -> bool:
        """Return whether ``packet`` can be written."""
        own = self._new(bytes(packet))
        own.pts, own.dts, own.time_base = packet.pts, packet.dts, packet.time_base
        own.duration, own.is_keyframe = packet.duration, packet.is_keyframe
        own.stream = self._copy
        try:
            self._container.mux(own)
        except self._invalid:
            return False
        return True


class _NullFile:
    """A file that discards its data."""

    def __init__(self) -> None:
        self._place = self._size = 0

    def write(self, data: bytes) -> int:
        self._place += len(data)
        self._size = max(self._size, self._place)
        return len(data)

    def seek(self, place: int, whence: int = 0) -> int:
        self._place = place + [0, self._place, self._size][whence]
        return self._place

    def tell(self) -> int:
        return self._place


def _label(stream: Any, labels: Mapping[str, str], disposition: int) -> None:
    stream.metadata.clear()
    stream.metadata.update(labels)
    stream.disposition = load_av().stream.Disposition(disposition)


def _on_one_clock(source: Any, stream: Any, index: VideoIndex) -> Iterator[Any]:
    """Yield the packets of a track that have a time, on the clock of ``index``, up to where a truncated file
    ends."""
    number = 0
    with contextlib.suppress(load_av().FFmpegError):
        for packet in source.demux(stream):
            if not packet.size:
                continue
            if packet.pts is not None:
                shift = round(index.shift(stream.index, number) / packet.time_base)
                packet.pts += shift
                packet.dts = None if packet.dts is None else packet.dts + shift
            number += 1
            if packet.pts is not None:
                yield packet
