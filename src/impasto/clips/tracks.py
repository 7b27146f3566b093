"""The tracks beside the pictures, sound and subtitles, and the labels of a file: tags, chapters, languages.

Notes list those that a file cannot hold.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.clips.codecs import (
    SOUND,
    SOUND_INSTEAD,
    SUBTITLES,
    SUBTITLES_INSTEAD,
    WITHOUT_TRACKS,
)
from impasto.clips.index import VideoIndex
from impasto.clips.libav import container_format, load_av, open_video, readable
from impasto.clips.sound import is_unnamed

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
"""The code that FFmpeg writes into QuickTime files, for languages of ISO 639-2 with two codes."""


@dataclass(frozen=True)
class Tracks:
    """Everything but the pictures of the file at ``path``, from ``start`` to ``end``, in seconds of its
    ``index``'s clock. ``origin``: the time that is 0 in the result. ``sound``: whether to include sound."""

    path: Path
    index: VideoIndex
    origin: Fraction
    start: Fraction | None = None
    end: Fraction | None = None
    sound: bool = True

    def within(self, begin: Fraction, length: Fraction) -> bool | None:
        """Return whether what is shown or heard at this time belongs to the result; None if nothing later
        can."""
        if self.end is not None and begin >= self.end:
            return None
        return self.start is None or begin + length > self.start


@dataclass(frozen=True)
class Track:
    """A track to write: ``index``, ``kind`` ("audio" or "subtitle") and ``codec`` in the source; ``encoder``,
    if it is encoded again; its ``labels`` and ``disposition``."""

    index: int
    kind: str
    codec: str
    encoder: str
    labels: Mapping[str, str]
    disposition: int


def list_tracks(source: Any, tracks: Tracks, suffix: str) -> tuple[list[Track], list[str]]:
    """Return the tracks for a file with this ``suffix``, and notes on those that are encoded again or left
    out."""
    found: list[Track] = []
    notes: list[str] = []
    counts: dict[str, int] = {}
    for stream in source.streams:
        if stream.index == tracks.index.stream or (stream.type == "audio" and not tracks.sound):
            continue
        if _is_stated(source, stream):
            continue
        kind = _kind(stream)
        counts[kind] = counts.get(kind, 0) + 1
        name = stream.codec_context.name if stream.codec_context is not None else ""
        is_empty = stream.type in ("audio", "subtitle") and stream.index not in tracks.index.shifts
        held, encoder = (False, "") if is_empty else _held(stream, name, suffix)
        if not held:
            why = _why_not(stream, name, suffix)
            why = "it is empty" if is_empty else why
            what = f"{kind} {counts[kind]}" + (f" ({name})" if name else "")
            notes.append(f"{what} was left out: {why}")
            continue
        labels = labels_of(stream, suffix)
        found.append(Track(stream.index, stream.type, name, encoder, labels, int(stream.disposition)))
        if encoder:
            what = {"audio": "the sound was", "subtitle": "the subtitles were"}[stream.type]
            if sum(other.type == stream.type for other in source.streams) > 1:
                what = f"{kind} {counts[kind]} was"
            again = encoder.removeprefix("lib")
            notes.append(f"{what} encoded again as {again}: {suffix} does not support {name}")
    return found, notes


_NAMES = {
    "audio": "sound track",
    "subtitle": "subtitle track",
    "video": "further video track",
    "attachment": "attachment",
}
_DISCARDED = 48
"""AVDISCARD_ALL: of a track that libav has read as chapters."""
_OTHERS = ("cover picture", "data track")


def _kind(stream: Any) -> str:
    cover, other = _OTHERS
    return cover if stream.disposition & 0x400 else _NAMES.get(stream.type, other)


def _why_not(stream: Any, name: str, suffix: str) -> str:
    """Return the reason why a file with this ``suffix`` cannot have a track of the codec ``name``."""
    kind = _kind(stream)
    if kind == _NAMES["video"]:
        return "only one is painted"
    if stream.type not in ("audio", "subtitle"):
        return f"{kind}s are not copied"
    return f"{suffix or 'frames'} cannot hold it" if name else "its codec is not known"


def _is_stated(source: Any, stream: Any) -> bool:
    """Return whether a track is the film's timecode or the titles of its chapters in MP4, which are read and
    written in another way."""
    if stream.type != "data":
        return False
    return "timecode" in stream.metadata or (int(stream.discard) == _DISCARDED and bool(source.chapters()))


def _held(stream: Any, name: str, suffix: str) -> tuple[bool, str]:
    """Return whether a file with this ``suffix`` gets a track, and the encoder for it; "" for a copy."""
    if not name or stream.type not in ("audio", "subtitle") or suffix not in SOUND:
        return False, ""
    if stream.type == "audio":
        held = any(name.startswith(known) for known in SOUND[suffix]) and _can_hold(stream, suffix)
        return True, "" if held else SOUND_INSTEAD[suffix]
    if name in SUBTITLES[suffix]:
        return True, ""
    return name in _TEXT, SUBTITLES_INSTEAD[suffix]


def _can_hold(stream: Any, suffix: str) -> bool:
    """Return whether this kind of container accepts the sound of ``stream`` unchanged, by writing a header
    that is discarded."""
    av = load_av()
    try:
        with av.open(io.BytesIO(), "w", format=container_format(suffix)) as output:
            output.add_stream_from_template(stream, opaque=True)
            output.start_encoding()
    except (av.FFmpegError, OSError, ValueError):
        return False
    return True


def lost_labels(tracks: Tracks, written: Path) -> list[str]:
    """Return notes on tags and chapters of the source that are missing from the file ``written``."""
    with open_video(tracks.path) as source, open_video(written) as result:
        wanted, found = plain_labels(source.metadata), plain_labels(result.metadata)
        known = {name.lower() for name in found}
        missing = sorted(name for name in wanted if name.lower() not in known)
        notes, suffix = [], written.suffix.lower()
        if missing:
            notes.append(f"tags were left out, which {suffix} does not support: {', '.join(missing)}")
        others = [s for s in result.streams if s.type in ("audio", "subtitle")]
        own = (tracks.index.stream, labels_of(source.streams[tracks.index.stream], suffix))
        listed = [(track.index, track.labels) for track in list_tracks(source, tracks, suffix)[0]]
        for (index, labels), stream in zip([own, *listed], [result.streams.video[0], *others], strict=False):
            language = labels.get("language")
            if language is not None and language != plain_labels(stream.metadata).get("language"):
                what = f"the language {language} of track {index + 1}"
                notes.append(f"{what} was left out: {suffix} does not support it")
            notes += _lost_layout(source.streams[index], stream, suffix)
        if source.chapters() and not result.chapters() and tracks.start is None and tracks.end is None:
            notes.append(f"the {len(source.chapters())} chapters were left out")
        return notes


def _lost_layout(own: Any, written: Any, suffix: str) -> list[str]:
    """Return a note if sound of more than two channels has lost its channel layout, or has another one."""
    if own.type != "audio" or own.codec_context.layout.nb_channels <= 2:
        return []
    before, after = (stream.codec_context.layout for stream in (own, written))
    if is_unnamed(before) or before.name == after.name:
        return []
    what = f"the channel layout {before.name} of track {own.index + 1}"
    if is_unnamed(after):
        return [f"{what} was left out: {suffix} does not support it for {own.codec_context.name}"]
    return [f"{what} became {after.name}, which {written.codec_context.name} supports"]


def left_out(tracks: Tracks, kind: str) -> list[str]:
    """Return notes on what is lost in an output of a ``kind`` without tracks and labels."""
    with open_video(tracks.path) as source:
        kinds = {
            _kind(s) for s in source.streams if s.index != tracks.index.stream and not _is_stated(source, s)
        }
        labels, chapters = plain_labels(source.metadata), source.chapters()
    have = WITHOUT_TRACKS[kind]
    kinds -= set() if tracks.sound else {_NAMES["audio"]}
    words = {_NAMES["audio"]: "sound was", _NAMES["subtitle"]: "subtitles were"}
    lost = [words.get(name, f"{name}s were") for name in (*_NAMES.values(), *_OTHERS) if name in kinds]
    lost += ["chapters were"] if chapters else []
    notes = [f"the {what} left out: {have} none" for what in lost]
    return [*notes, f"the tags were left out: {have} none: {', '.join(sorted(labels))}"] if labels else notes


def plain_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that users set, without those that describe how a file was written."""
    labels = {readable(name): readable(text) for name, text in labels.items()}
    known = {
        name: text
        for name, text in labels.items()
        if text.strip() and not name.lower().startswith(_TECHNICAL) and not _is_repeated(name, labels)
    }
    if "title" not in known and labels.get("name"):
        known["title"] = labels["name"]  # of a track in MP4
    return {name: text for name, text in known.items() if (name, text) != ("language", "und")}


def _is_repeated(name: str, labels: Mapping[str, str]) -> bool:
    """Return whether a label has a language, such as "location-eng", and also exists without it."""
    plain = re.sub("-[a-z]{3}$", "", name)
    return plain != name and labels.get(plain) == labels[name]


def labels_of(stream: Any, suffix: str) -> dict[str, str]:
    """Return the labels of a track, for a container with this suffix."""
    labels = plain_labels(stream.metadata)
    if suffix == ".mov" and labels.get("language") in _QUICKTIME:
        labels["language"] = _QUICKTIME[labels["language"]]
    return labels
