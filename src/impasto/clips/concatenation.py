"""The finished file: segments joined without encoding them again, and the tracks beside the pictures."""

from __future__ import annotations

import contextlib
import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from impasto.clips.codecs import WITHOUT_TRACKS, VideoOutput
from impasto.clips.libav import VideoDraft, container_format, load_av, open_video, timing_options
from impasto.clips.timecode import Timecode
from impasto.clips.track_writer import Row, TrackWriter, sound_before
from impasto.clips.tracks import Tracks, left_out, lost_labels
from impasto.clips.writer import Segment, check_frames
from impasto.errors import OutputError


def join(
    segments: Sequence[Segment],
    target: VideoOutput,
    time_base: Fraction,
    last: int,
    rate: Fraction,
    tracks: Tracks | None,
    timecode: Timecode | None = None,
) -> list[str]:
    """Write ``segments`` to ``target.path``, frame for frame; return notes on differences from the clip.

    ``last``: the duration of the last frame. ``rate``: frames a second, on average. ``tracks``: those beside
    the pictures. ``timecode``: that of the first frame. Raises OutputError; an existing file is then left
    unchanged.
    """
    if target.kind in WITHOUT_TRACKS:
        return [
            *_write_pictures(segments, target, time_base, last, rate),
            *([] if tracks is None else left_out(tracks, target.kind)),
        ]
    av = load_av()
    times = [tick for segment in segments for tick in segment.ticks]
    times.append(times[-1] + last)
    if tracks is not None and (early := sound_before(tracks, target.path.suffix.lower())):
        late = math.ceil(early / time_base)
        times = [tick + late for tick in times]
        tracks = replace(tracks, origin=tracks.origin - late * time_base)
    places = _places(segments)
    delay = max(number - place for number, place in enumerate(places))
    options = timing_options(target.path.suffix, rate)
    if target.path.suffix.lower() in _IN_32_BITS:
        time_base, times, more = _within_32_bits(time_base, times, delay)
        options |= more
    with VideoDraft(target.path) as file:
        with contextlib.ExitStack() as stack:
            kind = container_format(target.path.suffix)
            output = stack.enter_context(av.open(file, "w", format=kind, options=options))
            first = stack.enter_context(open_video(segments[0].path))
            template = first.streams.video[0]
            video = output.add_stream_from_template(template, opaque=True)
            video.time_base = time_base
            if target.alpha:
                video.codec_context.pix_fmt = (
                    target.pixel_format
                )  # for VP9, libav sees the frame without its alpha
            if target.tag:
                video.codec_context.codec_tag = target.tag
            rows = [_video_packets(segments, video, time_base, times, places)]
            writer = None if tracks is None else TrackWriter(tracks, target)
            if writer is not None:
                rows += writer.begin(stack, output, video)
            if timecode is not None:
                video.metadata["timecode"] = str(timecode)
                video.codec_context.framerate = rate  # the unit of time in QuickTime
            for row in heapq.merge(*rows, key=lambda row: row[:2]):
                output.mux(row[2])
        check_frames(file, sum(len(s.ticks) for s in segments), target.path)
    if tracks is None or writer is None:
        return []
    return [*writer.finish(), *lost_labels(tracks, target.path)]


def _write_pictures(
    segments: Sequence[Segment], target: VideoOutput, time_base: Fraction, last: int, rate: Fraction
) -> list[str]:
    """Write an output that holds only pictures; return notes."""
    if target.kind == "y4m":
        from impasto.clips.y4m import write_y4m

        return write_y4m(segments, target.path, time_base, rate)
    from impasto.clips.gif import write_gif

    return write_gif(segments, target.path, time_base, last)


_IN_32_BITS = (".mp4", ".m4v", ".mov")
"""Containers that store the duration and the reordering of a frame in 32 bits."""
_MOST_TICKS = (1 << 30) - 1
"""Half of the range, so that frames can be moved both ways, in decoding and in presentation."""
_FINEST = 10_000
"""Ticks a second: libav doubles a lower number until it reaches this one."""


def _within_32_bits(
    time_base: Fraction, times: list[int], delay: int
) -> tuple[Fraction, list[int], dict[str, str]]:
    """Return a unit of time, ``times`` in it, and the muxer's options. The unit is ``time_base``, or a
    coarser one for films with a frame that is too long for it (hours, or minutes in microseconds)."""
    spans = zip(times, times[delay + 1 :] or times[-1:], strict=False)
    seconds = max(after - before for before, after in spans) * time_base
    ticks = time_base.denominator
    while ticks < _FINEST:
        ticks *= 2
    if seconds * ticks <= _MOST_TICKS:
        return time_base, times, {}
    ticks = int(_MOST_TICKS / seconds)
    found: list[int] = []
    for time in times:
        moved = round(time * time_base * ticks)
        found.append(max(moved, found[-1] + 1) if found else moved)
    return Fraction(1, ticks), found, {"video_track_timescale": str(ticks)}


def _video_packets(
    segments: Sequence[Segment], stream: Any, time_base: Fraction, times: Sequence[int], places: Sequence[int]
) -> Iterator[Row]:
    """Yield all packets with their ``times`` in the whole film, the last of which is its end; ``places``: the
    number of each packet's frame.

    Decoding times are the sorted presentation times, moved back until none is later than its own packet's.
    They grow across joins too, and span the length of the film, from which MP4 computes its duration.
    """
    back = max(times[number] - times[place] for number, place in enumerate(places))
    packets = (packet for segment in segments for packet in _packets(segment))
    last = len(places) - 1
    for number, (packet, place) in enumerate(zip(packets, places, strict=True)):
        packet.stream = stream
        packet.time_base = time_base
        packet.pts = times[place]
        packet.dts = times[number] - back
        shown = last if number == last else place
        packet.duration = times[shown + 1] - times[shown]
        yield float(times[number] * time_base), 0, packet


def _packets(segment: Segment) -> Iterator[Any]:
    with open_video(segment.path) as container:
        yield from (packet for packet in container.demux(video=0) if packet.size)


def _ranks(segment: Segment) -> list[int]:
    """Return the number of each packet's frame, in packet order."""
    shown = [packet.pts for packet in _packets(segment)]
    if len(shown) != len(segment.ticks):
        raise OutputError(
            f"{segment.path}: expected {len(segment.ticks)} frames in it; there are {len(shown)}"
        )
    order = sorted(range(len(shown)), key=lambda n: shown[n])
    ranks = [0] * len(shown)
    for rank, packet in enumerate(order):
        ranks[packet] = rank
    return ranks


def _places(segments: Sequence[Segment]) -> list[int]:
    """Return the number of each packet's frame in the whole film, in packet order."""
    places: list[int] = []
    for segment in segments:
        first = len(places)
        places += [first + rank for rank in _ranks(segment)]
    return places
