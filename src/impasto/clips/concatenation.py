"""The finished file: segments one after the other, without encoding anything again, and the sound."""

from __future__ import annotations

import contextlib
import heapq
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.clips.codecs import SOUND, SOUND_INSTEAD, VideoOutput
from impasto.clips.index import VideoIndex
from impasto.clips.libav import VideoDraft, load_av, open_video
from impasto.clips.writer import Segment, check_frames, container_format
from impasto.errors import InputError, OutputError

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""Layouts that both encoders take, by number of channels: a file may name one that they do not know, such as
AC-3's 5.1(side), or none."""
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
"""Those of AAC. Opus has one."""


@dataclass(frozen=True)
class Sound:
    """The sound to copy: that of ``path`` from ``start`` to ``end``, in seconds of its ``index``'s clock.

    The sound at ``origin`` is at 0 in the result."""

    path: Path
    index: VideoIndex
    origin: Fraction
    start: Fraction | None = None
    end: Fraction | None = None


def join(
    segments: Sequence[Segment], target: VideoOutput, time_base: Fraction, last: int, sound: Sound | None
) -> list[str]:
    """Write ``target.path`` out of ``segments``, frame for frame; returns what had to be done to the sound.

    ``last``: how long the last frame is shown. The sound is copied as it is where the container holds
    it; where not, it is encoded again. Raises OutputError; what was at the path before is then still there.
    """
    if target.kind == "gif":
        from impasto.clips.gif import write_gif

        write_gif(segments, target.path, time_base, last)
        return [] if sound is None else ["a GIF has no sound; it was left out"]
    av = load_av()
    with VideoDraft(target.path) as file:
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(av.open(file, "w", format=container_format(target.path.suffix)))
            first = stack.enter_context(open_video(segments[0].path))
            template = first.streams.video[0]
            video = output.add_stream_from_template(template, opaque=True)
            video.time_base = time_base
            if target.codec is not None and target.codec.tag and target.path.suffix.lower() != ".mkv":
                video.codec_context.codec_tag = target.codec.tag
            copied, notes = _sound_streams(stack, output, target, sound)
            streams = [_video_packets(segments, video, time_base, last), *copied]
            for _, _, packet in heapq.merge(*streams, key=lambda row: row[:2]):
                output.mux(packet)
        check_frames(file, sum(len(s.ticks) for s in segments), target.path)
    return notes


Row = tuple[float, int, Any]


def _video_packets(segments: Sequence[Segment], stream: Any, time_base: Fraction, last: int) -> Iterator[Row]:
    """Yield all packets with their times in the whole: decoding times are those of presentation, moved back
    as far as the deepest reordering asks, so that they grow over the joins too.
    """
    times = [tick for segment in segments for tick in segment.ticks]
    delay = max(_reordering(segment) for segment in segments)
    number = 0
    for segment in segments:
        for packet, rank in _ranked(segment):
            place = number - packet[0] + rank
            found = packet[1]
            found.stream = stream
            found.time_base = time_base
            found.pts = times[place]
            if number >= delay:
                found.dts = times[number - delay]
            else:
                ahead = times[min(delay, len(times) - 1)] - times[0]
                found.dts = times[number] - max(ahead, delay)
            following = times[place + 1] if place + 1 < len(times) else times[place] + last
            found.duration = following - times[place]
            yield float(times[number] * time_base), 0, found
            number += 1


def _packets(segment: Segment) -> Iterator[Any]:
    with open_video(segment.path) as container:
        yield from (packet for packet in container.demux(video=0) if packet.size)


def _ranks(segment: Segment) -> list[int]:
    """Return the number of the frame in each packet, in the order of the packets."""
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


def _reordering(segment: Segment) -> int:
    return max(number - rank for number, rank in enumerate(_ranks(segment)))


def _ranked(segment: Segment) -> Iterator[tuple[tuple[int, Any], int]]:
    for number, (packet, rank) in enumerate(zip(_packets(segment), _ranks(segment), strict=True)):
        yield (number, packet), rank


def _sound_streams(
    stack: contextlib.ExitStack, output: Any, target: VideoOutput, sound: Sound | None
) -> tuple[list[Iterator[Row]], list[str]]:
    """Return the packets of every sound track, and what was done to those that could not be copied."""
    if sound is None:
        return [], []
    av, suffix = load_av(), target.path.suffix.lower()
    found: list[Iterator[Row]] = []
    notes: list[str] = []
    for order, (index, name) in enumerate(_tracks(sound), 1):
        source = stack.enter_context(open_video(sound.path))
        track = source.streams[index]
        if _held(name, suffix):
            copy = output.add_stream_from_template(track, opaque=True)
            found.append(_copied(source, track, copy, sound, order))
        else:
            encoder = SOUND_INSTEAD[suffix]
            copy = _encoder(output, track, encoder)
            found.append(_encoded(av, source, track, copy, sound, order))
            held = f"{suffix} does not hold {name}"
            notes.append(f"the sound was encoded again as {encoder.removeprefix('lib')}: {held}")
    return found, notes


def check_sound(target: VideoOutput, sound: Sound) -> None:
    """Raise InputError where ``sound`` would have to be encoded for ``target``, and cannot be. Nothing is
    written; the encoders are opened and closed again."""
    if target.kind != "file":
        return
    av, suffix = load_av(), target.path.suffix.lower()
    wanted = [(index, name) for index, name in _tracks(sound) if not _held(name, suffix)]
    for index, name in wanted:
        instead = SOUND_INSTEAD[suffix]
        try:
            with (
                open_video(sound.path) as source,
                av.open(io.BytesIO(), "w", format=container_format(suffix)) as output,
            ):
                _encoder(output, source.streams[index], instead).codec_context.open()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise InputError(
                f"{sound.path}: its sound ({name}) cannot be encoded as {instead.removeprefix('lib')}, which "
                f"{suffix} needs: expected another suffix, or no sound "
                f"({getattr(error, 'strerror', None) or error})"
            ) from error


def _tracks(sound: Sound) -> list[tuple[int, str]]:
    """Return the tracks that can be decoded: their numbers, and FFmpeg's names of their codecs."""
    with open_video(sound.path) as container:
        found = [s for s in container.streams.audio if s.codec_context is not None]
        return [(stream.index, stream.codec_context.name) for stream in found]


def _held(name: str, suffix: str) -> bool:
    """Return whether a file with this ``suffix`` can hold sound of this codec unchanged."""
    return any(name.startswith(known) for known in SOUND[suffix])


def _encoder(output: Any, track: Any, encoder: str) -> Any:
    """Return a stream of ``output`` for the sound of ``track``."""
    rate = track.codec_context.sample_rate
    if encoder == "libopus" or rate not in _RATES:
        rate = 48000
    layout = _LAYOUTS.get(track.codec_context.layout.nb_channels, "stereo")
    return output.add_stream(encoder, rate=rate, layout=layout)


def _within(sound: Sound, begin: Fraction, length: Fraction) -> bool | None:
    """Return whether a packet of sound belongs to the result; None once no later one can."""
    if sound.end is not None and begin >= sound.end:
        return None
    return sound.start is None or begin + length > sound.start


def _on_one_clock(source: Any, track: Any, index: VideoIndex) -> Iterator[Any]:
    """Yield the packets of a track that have a time, on the clock of ``index``."""
    packets = (packet for packet in source.demux(track) if packet.size)
    for number, packet in enumerate(packets):
        if packet.pts is not None:
            shift = round(index.shift(track.index, number) / packet.time_base)
            packet.pts += shift
            packet.dts = None if packet.dts is None else packet.dts + shift
            yield packet


def _copied(source: Any, track: Any, copy: Any, sound: Sound, order: int) -> Iterator[Row]:
    newest: int | None = None
    for packet in _on_one_clock(source, track, sound.index):
        unit = packet.time_base
        begin = packet.pts * unit
        inside = _within(sound, begin, (packet.duration or 0) * unit)
        if inside is None:
            return
        if not inside:
            continue
        shift = round(sound.origin / unit)
        packet.pts -= shift
        packet.dts = packet.pts if packet.dts is None else packet.dts - shift
        if newest is not None and packet.dts <= newest:
            continue  # where two clocks meet
        newest = packet.dts
        packet.stream = copy
        yield float(begin - sound.origin), order, packet


def _encoded(av: Any, source: Any, track: Any, copy: Any, sound: Sound, order: int) -> Iterator[Row]:
    context = copy.codec_context
    context.open()
    resampler = av.AudioResampler(
        format=context.format, layout=context.layout, rate=context.sample_rate, frame_size=context.frame_size
    )
    samples: int | None = None

    def packets(frames: Any) -> Iterator[Row]:
        nonlocal samples
        for frame in frames:
            assert samples is not None
            frame.pts, frame.time_base = samples, Fraction(1, context.sample_rate)
            samples += frame.samples
            for packet in copy.encode(frame):
                yield float(packet.pts * packet.time_base), order, packet

    for frame in source.decode(track):
        begin = Fraction(frame.pts or 0) * frame.time_base
        inside = _within(sound, begin, Fraction(frame.samples, frame.sample_rate))
        if inside is None:
            break
        if not inside:
            continue
        if samples is None:
            samples = max(0, round((begin - sound.origin) * context.sample_rate))
        frame.pts = None
        yield from packets(resampler.resample(frame))
    if samples is not None:
        yield from packets(resampler.resample(None))
        for packet in copy.encode(None):
            yield float(packet.pts * packet.time_base), order, packet
