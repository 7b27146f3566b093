"""Deinterlacing: frames with lines from two moments become frames of one moment (FFmpeg's bwdif)."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from impasto.clips.libav import load_av

Row = TypeVar("Row", bound=tuple[Any, ...])


def deinterlaced(rows: Iterable[Row], on_first: Callable[[], None]) -> Iterator[Row]:
    """Yield ``rows``, whose first item is a frame or None, with interlaced frames deinterlaced.

    ``on_first`` is called at the first interlaced frame; before it, rows are yielded unchanged. Each frame
    remains one frame. It is compared with those before and after it, so rows are delayed by one frame.
    """
    graph: Any = None
    shape: Any = None
    waiting: deque[Row] = deque()
    for row in rows:
        frame = row[0]
        if graph is None and (frame is None or not frame.interlaced_frame):
            yield row
            continue
        if frame is not None and shape != (frame.width, frame.height, frame.format.name):
            if graph is None:
                on_first()
            else:
                graph.push(None)
                yield from _arrived(graph, waiting)
            shape = (frame.width, frame.height, frame.format.name)
            graph = _graph(frame)
        waiting.append(row)
        if frame is not None:
            graph.push(frame)
            yield from _arrived(graph, waiting)
    if graph is not None:
        graph.push(None)
        yield from _arrived(graph, waiting)


def _arrived(graph: Any, waiting: deque[Row]) -> Iterator[Row]:
    """Yield the rows whose frames are ready, and rows without a frame before or after them."""
    av = load_av()
    with contextlib.suppress(av.BlockingIOError, av.EOFError):
        while True:
            frame = graph.pull()
            while waiting[0][0] is None:
                yield waiting.popleft()
            yield (frame, *waiting.popleft()[1:])  # type: ignore[misc]
    while waiting and waiting[0][0] is None:
        yield waiting.popleft()


def _graph(frame: Any) -> Any:
    graph = load_av().filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format.name, time_base=frame.time_base
    )
    worker = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
    sink = graph.add("buffersink")
    source.link_to(worker)
    worker.link_to(sink)
    graph.configure()
    return graph
