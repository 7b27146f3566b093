"""Animated GIFs: one palette for all, chosen from every frame, in two passes that keep one frame each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.clips.libav import VideoDraft, load_av, open_video
from impasto.clips.writer import Segment

_TICK = Fraction(1, 100)


def write_gif(segments: Sequence[Segment], path: Path, time_base: Fraction, last: int) -> None:
    """Write the frames of ``segments`` as a GIF that repeats forever. Raises OutputError.

    GIF counts in hundredths of a second, and players slow down what is shorter than two: frames are
    rounded to hundredths, of which each gets at least two.
    """
    av = load_av()
    with VideoDraft(path) as file:
        palette, last_frame = _palette(av, segments)
        options = {"loop": "0", "final_delay": str(max(2, round(last * time_base / _TICK)))}
        with av.open(file, "w", format="gif", options=options) as output:
            stream = output.add_stream("gif", rate=Fraction(100))
            stream.pix_fmt = "pal8"
            stream.codec_context.time_base = _TICK
            times = _hundredths([t for s in segments for t in s.ticks], time_base)
            stream.width, stream.height = last_frame.width, last_frame.height
            for frame, time in zip(_painted(av, segments, palette), times, strict=True):
                frame.pts, frame.time_base = time, _TICK
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))


def _hundredths(ticks: Sequence[int], time_base: Fraction) -> list[int]:
    times: list[int] = []
    for tick in ticks:
        time = round(tick * time_base / _TICK)
        times.append(max(time, times[-1] + 2) if times else time)
    return times


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
    """Return the palette as a picture, and the last frame it was made from."""
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
