"""Animated GIFs with one palette chosen from all frames, in two passes that each keep one frame in memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from impasto.clips.libav import VideoDraft, load_av, open_video
from impasto.clips.writer import Segment

_TICK = Fraction(1, 100)


_SHORTEST, _LONGEST = 2, 65535
"""In hundredths of a second: players slow down shorter frames, and GIF cannot store longer ones."""


def write_gif(segments: Sequence[Segment], path: Path, time_base: Fraction, last: int) -> list[str]:
    """Write the frames of ``segments`` as a GIF that repeats forever; return notes. Raises OutputError.

    GIF counts in hundredths of a second, to which times are rounded. Above 50 frames a second, some are
    dropped, with a note; a frame that lasts longer than GIF can store is repeated.
    """
    times, rest = _schedule([t for s in segments for t in s.ticks], time_base, last)
    av = load_av()
    with VideoDraft(path) as file:
        palette, last_frame = _palette(av, segments)
        options = {"loop": "0", "final_delay": str(rest)}
        with av.open(file, "w", format="gif", options=options) as output:
            stream = output.add_stream("gif", rate=Fraction(100))
            stream.pix_fmt = "pal8"
            stream.codec_context.time_base = _TICK
            stream.width, stream.height = last_frame.width, last_frame.height
            for frame, shown in zip(_painted(av, segments, palette), times, strict=True):
                for time in shown:
                    frame.pts, frame.time_base = time, _TICK
                    output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    out = sum(not shown for shown in times)
    if not out:
        return []
    return [f"{out} of {len(times)} frames were left out: a GIF shows at most {100 // _SHORTEST} a second"]


def _schedule(ticks: Sequence[int], time_base: Fraction, last: int) -> tuple[list[list[int]], int]:
    """Return the times at which each frame is shown, in hundredths of a second (none for a dropped frame,
    several for a long one), and the duration of the last frame after the last of these."""
    due = [round(tick * time_base / _TICK) for tick in [*ticks, ticks[-1] + last]]
    times: list[list[int]] = []
    shown = free = due[0]  # when the newest frame is shown, and the earliest time for the next one
    for wanted, following in pairwise(due):
        time = max(wanted, free)
        if time > wanted and time >= following:
            times.append([])
            continue
        if times:
            _repeat(times, shown, time)
        times.append([time])
        shown, free = time, time + _SHORTEST
    end = max(due[-1], free)
    _repeat(times, shown, end)
    return times, end - next(own[-1] for own in reversed(times) if own)


def _repeat(times: list[list[int]], shown: int, end: int) -> None:
    """Repeat the newest frame as often as needed; it is visible from ``shown`` to ``end``."""
    newest = next(own for own in reversed(times) if own)
    step = _LONGEST - _SHORTEST
    newest.extend(range(shown + step, end - _SHORTEST, step))


def _frames(segments: Sequence[Segment]) -> Iterator[Any]:
    number = 0
    for segment in segments:
        with open_video(segment.path) as container:
            for frame in container.decode(video=0):
                frame.pts, frame.time_base = number, _TICK
                number += 1
                yield frame


def _graph(av: Any, frame: Any, inputs: int, name: str, options: str) -> tuple[Any, list[Any]]:
    graph = av.filter.Graph()
    sources = [
        graph.add_buffer(
            width=frame.width if n == 0 else 16,
            height=frame.height if n == 0 else 16,
            format=frame.format.name if n == 0 else "bgra",
            time_base=_TICK,
        )
        for n in range(inputs)
    ]
    worker = graph.add(name, options) if options else graph.add(name)
    sink = graph.add("buffersink")
    for n, source in enumerate(sources):
        source.link_to(worker, 0, n)
    worker.link_to(sink)
    graph.configure()
    return graph, sources


def _palette(av: Any, segments: Sequence[Segment]) -> tuple[Any, Any]:
    """Return the palette as a picture, and the last frame used for it."""
    graph: Any = None
    for frame in _frames(segments):
        if graph is None:
            graph, sources = _graph(av, frame, 1, "palettegen", "stats_mode=full")
        sources[0].push(frame)
    sources[0].push(None)
    return graph.pull(), frame


def _painted(av: Any, segments: Sequence[Segment], palette: Any) -> Iterator[Any]:
    graph: Any = None
    waits = (av.BlockingIOError, av.EOFError)
    for frame in _frames(segments):
        if graph is None:
            graph, sources = _graph(av, frame, 2, "paletteuse", "dither=sierra2_4a")
            palette.pts, palette.time_base = 0, _TICK
            sources[1].push(palette)
            sources[1].push(None)
        sources[0].push(frame)
        with contextlib.suppress(*waits):
            yield graph.pull()
    sources[0].push(None)
    with contextlib.suppress(*waits):
        while True:
            yield graph.pull()
