"""The tracks beside the pictures, sound and subtitles, and the labels of a file: tags, chapters, languages.

They are copied as they are where the container holds them, or else encoded again; notes say what is left out.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any

from impasto.clips.codecs import (
    SOUND,
    SOUND_INSTEAD,
    SUBTITLES,
    SUBTITLES_INSTEAD,
    WITHOUT_TRACKS,
    VideoOutput,
)
from impasto.clips.index import VideoIndex
from impasto.clips.libav import container_format, load_av, open_video
from impasto.clips.sound import SoundEncoder, add_sound_stream
from impasto.errors import InputError

Row = tuple[float, int, Any]
"""When a packet is due, in seconds, the number of its track, and the packet."""

_TEXT = ("subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text")
_TECHNICAL: tuple[str, ...] = (
    "duration",
    "encoder",
    "handler_name",
    "vendor_id",
    "number_of_",
    "_statistics_",
    "bps",
)
_TECHNICAL += ("major_brand", "minor_version", "compatible_brands", "name", "timecode", "software")
_TECHNICAL += (  # of MXF
    "application_platform",
    "company_name",
    "file_package_umid",
    "generation_uid",
    "material_package_umid",
    "modification_date",
    "operational_pattern_ul",
    "product_",
    "toolkit_version",
    "uid",
)
_QUICKTIME = {
    "fre": "fra",
    "deu": "ger",
    "nld": "dut",
    "swe": "sve",
    "rum": "ron",
    "cze": "ces",
    "slo": "slk",
}
_QUICKTIME |= {"zho": "chi", "ell": "gre", "isl": "ice", "mkd": "mac", "sqi": "alb", "kat": "geo"}
"""Languages of ISO 639-2 with two codes, to the one that FFmpeg writes into QuickTime files."""
_PREROLL = Fraction(1, 10)
"""In seconds: of what an edit list leaves out at the beginning, so much prepares the decoder."""
_MILLISECOND = Fraction(1, 1000)


@dataclass(frozen=True)
class Tracks:
    """All but the pictures of the file at ``path``, from ``start`` to ``end``, in seconds of its ``index``'s
    clock. What is at ``origin`` is at 0 in the result. ``sound``: whether the sound is wanted."""

    path: Path
    index: VideoIndex
    origin: Fraction
    start: Fraction | None = None
    end: Fraction | None = None
    sound: bool = True

    def within(self, begin: Fraction, length: Fraction) -> bool | None:
        """Return whether what is shown or heard then belongs to the result; None once nothing later can."""
        if self.end is not None and begin >= self.end:
            return None
        return self.start is None or begin + length > self.start


@dataclass(frozen=True)
class Track:
    """A track to write: ``index``, ``kind`` ("audio" or "subtitle") and ``codec`` in the source; ``encoder``,
    where it is encoded again; its ``labels`` and ``disposition``."""

    index: int
    kind: str
    codec: str
    encoder: str
    labels: Mapping[str, str]
    disposition: int


@dataclass
class TrackWriter:
    """Writes ``tracks`` into a container of ``target``'s kind. ``notes``: what is not as in the source, as
    far as it is known."""

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
            labels = _labels(own, self.suffix)
            known = {name: text for name, text in labels.items() if name in ("language", "title")}
            _label(video, known, int(own.disposition))
        output.metadata.update(_plain(source.metadata))
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
        """Return the notes, once all packets are written."""
        for what, (count, first) in self._damaged.items():
            packets = "a damaged packet" if count == 1 else f"{count} damaged packets"
            self.notes.append(f"{packets} of the {what} skipped, at {first:.3f} s and later")
        self._damaged.clear()
        return self.notes

    def _passed_over(self, what: str, seconds: float) -> None:
        count, first = self._damaged.get(what, (0, seconds))
        self._damaged[what] = count + 1, min(first, seconds)

    def _chapters(self, source: Any) -> Iterator[dict[str, Any]]:
        """Yield the chapters that the result has, moved to its beginning."""
        tracks = self.tracks
        for number, chapter in enumerate(source.chapters()):
            begin, end = (chapter[edge] * chapter["time_base"] for edge in ("start", "end"))
            if not tracks.within(begin, end - begin):
                continue
            last = end if tracks.end is None else min(end, tracks.end)
            times = [round(max(Fraction(0), time - tracks.origin) / _MILLISECOND) for time in (begin, last)]
            known = {"id": number + 1, "time_base": _MILLISECOND, "metadata": chapter["metadata"]}
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
        """Return the packets of subtitles, the stream for which is added at once."""
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
            ready.duration = round((begin + length - shown) / _MILLISECOND)
            ready.stream = copy
            yield float(shown - tracks.origin), order, ready

    def _encoded(self, source: Any, stream: Any, copy: Any, track: Track, order: int) -> Iterator[Row]:
        copy.codec_context.open()
        sound = SoundEncoder(copy)
        for frame in self._decoded(source, stream, track):
            begin = sound.end  # where it has no time of its own
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
                seconds = float(packet.pts * packet.time_base - self.tracks.origin)
                self._passed_over(track.kind.replace("audio", "sound"), seconds)
        with contextlib.suppress(av.FFmpegError):
            yield from stream.codec_context.decode(None)

    def _length(self, begin: Fraction, frame: Any) -> int:
        """Return how many samples of a frame of sound are before the end."""
        if self.tracks.end is None:
            return int(frame.samples)
        left = (self.tracks.end - self.tracks.origin - begin) * frame.sample_rate
        return int(max(0, min(frame.samples, round(left))))


def list_tracks(source: Any, tracks: Tracks, suffix: str) -> tuple[list[Track], list[str]]:
    """Return the tracks that a file with this ``suffix`` gets, and notes on those that are encoded again or
    left out."""
    found: list[Track] = []
    notes: list[str] = []
    counts: dict[str, int] = {}
    for stream in source.streams:
        if stream.index == tracks.index.stream or (stream.type == "audio" and not tracks.sound):
            continue
        if _is_timecode(stream):
            continue  # it is stated for the pictures
        kind = _kind(stream)
        counts[kind] = counts.get(kind, 0) + 1
        name = stream.codec_context.name if stream.codec_context is not None else ""
        is_empty = stream.type in ("audio", "subtitle") and stream.index not in tracks.index.shifts
        held, encoder = (False, "") if is_empty else _held(stream, name, suffix)
        if not held:
            why = "its codec is not known" if not name else f"{suffix or 'frames'} cannot hold it"
            why = "it is empty" if is_empty else why
            what = f"{kind} {counts[kind]}" + (f" ({name})" if name else "")
            notes.append(f"{what} was left out: {why}")
            continue
        labels = _labels(stream, suffix)
        found.append(Track(stream.index, stream.type, name, encoder, labels, int(stream.disposition)))
        if encoder:
            what = {"audio": "the sound was", "subtitle": "the subtitles were"}[stream.type]
            if sum(other.type == stream.type for other in source.streams) > 1:
                what = f"{kind} {counts[kind]} was"
            again = encoder.removeprefix("lib")
            notes.append(f"{what} encoded again as {again}: {suffix} does not hold {name}")
    return found, notes


_NAMES = {
    "audio": "sound track",
    "subtitle": "subtitle track",
    "video": "further video track",
    "attachment": "attachment",
}


_OTHERS = ("cover picture", "data track")


def _kind(stream: Any) -> str:
    cover, other = _OTHERS
    return cover if stream.disposition & 0x400 else _NAMES.get(stream.type, other)


def _is_timecode(stream: Any) -> bool:
    return stream.type == "data" and "timecode" in stream.metadata


def _held(stream: Any, name: str, suffix: str) -> tuple[bool, str]:
    """Return whether a file with this ``suffix`` gets a track, and with which encoder; "" for a copy."""
    if not name or stream.type not in ("audio", "subtitle") or suffix not in SOUND:
        return False, ""
    if stream.type == "audio":
        held = any(name.startswith(known) for known in SOUND[suffix]) and _can_hold(stream, suffix)
        return True, "" if held else SOUND_INSTEAD[suffix]
    if name in SUBTITLES[suffix]:
        return True, ""
    return name in _TEXT, SUBTITLES_INSTEAD[suffix]


def _can_hold(stream: Any, suffix: str) -> bool:
    """Return whether a container of this kind takes the sound of ``stream`` as it is: a header is written,
    and not kept."""
    av = load_av()
    try:
        with av.open(io.BytesIO(), "w", format=container_format(suffix)) as output:
            output.add_stream_from_template(stream, opaque=True)
            output.start_encoding()
    except (av.FFmpegError, OSError, ValueError):
        return False
    return True


def check_tracks(target: VideoOutput, tracks: Tracks) -> None:
    """Raise InputError where ``tracks`` cannot be written as ``target``: all is done but keeping it."""
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
            f"suffix, or no sound ({getattr(error, 'strerror', None) or error})"
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
            f"({getattr(error, 'strerror', None) or error})"
        ) from error


class _Trial:
    """A container with one track, which keeps nothing: one with several writes packets later, and finds
    too late which are damaged."""

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
    """A file that keeps nothing."""

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


def lost_labels(tracks: Tracks, written: Path) -> list[str]:
    """Return notes on tags and chapters of the source that the file ``written`` does not have."""
    with open_video(tracks.path) as source, open_video(written) as result:
        wanted, found = _plain(source.metadata), _plain(result.metadata)
        known = {name.lower() for name in found}
        missing = sorted(name for name in wanted if name.lower() not in known)
        notes, suffix = [], written.suffix.lower()
        if missing:
            notes.append(f"tags were left out, which {suffix} does not hold: {', '.join(missing)}")
        others = [s for s in result.streams if s.type in ("audio", "subtitle")]
        own = (tracks.index.stream, _labels(source.streams[tracks.index.stream], suffix))
        listed = [(track.index, track.labels) for track in list_tracks(source, tracks, suffix)[0]]
        for (index, labels), stream in zip([own, *listed], [result.streams.video[0], *others], strict=False):
            language = labels.get("language")
            if language is not None and language != _plain(stream.metadata).get("language"):
                what = f"the language {language} of track {index + 1}"
                notes.append(f"{what} was left out: {suffix} does not hold it")
        if source.chapters() and not result.chapters() and tracks.start is None and tracks.end is None:
            notes.append(f"the {len(source.chapters())} chapters were left out")
        return notes


def left_out(tracks: Tracks, kind: str) -> list[str]:
    """Return notes on what an output of a ``kind`` without tracks and labels leaves out."""
    with open_video(tracks.path) as source:
        kinds = {_kind(s) for s in source.streams if s.index != tracks.index.stream and not _is_timecode(s)}
        labels, chapters = _plain(source.metadata), source.chapters()
    have = WITHOUT_TRACKS[kind]
    kinds -= set() if tracks.sound else {_NAMES["audio"]}
    words = {_NAMES["audio"]: "sound was", _NAMES["subtitle"]: "subtitles were"}
    lost = [words.get(name, f"{name}s were") for name in (*_NAMES.values(), *_OTHERS) if name in kinds]
    lost += ["chapters were"] if chapters else []
    notes = [f"the {what} left out: {have} none" for what in lost]
    return [*notes, f"the tags were left out: {have} none: {', '.join(sorted(labels))}"] if labels else notes


def _plain(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that people give; not those that describe how a file was written."""
    known = {
        name: text
        for name, text in labels.items()
        if text.strip() and not name.lower().startswith(_TECHNICAL) and not _is_repeated(name, labels)
    }
    if "title" not in known and labels.get("name"):
        known["title"] = labels["name"]  # of a track in MP4
    return {name: text for name, text in known.items() if (name, text) != ("language", "und")}


def _is_repeated(name: str, labels: Mapping[str, str]) -> bool:
    """Return whether a label is that of a language, such as "location-eng", and there without it too."""
    plain = re.sub("-[a-z]{3}$", "", name)
    return plain != name and labels.get(plain) == labels[name]


def _labels(stream: Any, suffix: str) -> dict[str, str]:
    """Return the labels of a track, for a container with this suffix."""
    labels = _plain(stream.metadata)
    if suffix == ".mov" and labels.get("language") in _QUICKTIME:
        labels["language"] = _QUICKTIME[labels["language"]]
    return labels


def _label(stream: Any, labels: Mapping[str, str], disposition: int) -> None:
    stream.metadata.clear()
    stream.metadata.update(labels)
    stream.disposition = load_av().stream.Disposition(disposition)


def _on_one_clock(source: Any, stream: Any, index: VideoIndex) -> Iterator[Any]:
    """Yield the packets of a track that have a time, on the clock of ``index``, up to where the file breaks
    off."""
    number = 0
    with contextlib.suppress(load_av().FFmpegError):
        for packet in source.demux(stream):
            if not packet.size or not index.holds(packet):
                continue
            if packet.pts is not None:
                shift = round(index.shift(stream.index, number) / packet.time_base)
                packet.pts += shift
                packet.dts = None if packet.dts is None else packet.dts + shift
            number += 1
            if packet.pts is not None:
                yield packet
