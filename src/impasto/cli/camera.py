"""The frames of a camera, painted as they arrive."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.cli.json_lines import print_result
from impasto.cli.recordings import FrameServer, open_recording
from impasto.cli.standard_streams import print_lines
from impasto.errors import InputError, PictureError
from impasto.imaging.samples import to_bytes, unpacked
from impasto.parameters import counted

if TYPE_CHECKING:
    from impasto.painters.fast import FastPainter

Frame = NDArray[np.uint8]

RENEWED = 30
PACE = 0.1
OTHER = 0.15
"""The mean difference from the last frame, in [0, 1], above which a frame is a very different picture."""

LIVE_SIZE = 512
"""The default long side in pixels."""


def record(
    painter: FastPainter,
    camera: str,
    *,
    output: Path | None,
    port: int | None,
    frames: int | None,
    quality: int,
    show: str,
) -> None:
    """Paint frames until the source ends, ``frames`` are painted, or Ctrl-C; print the frame rate."""
    with contextlib.ExitStack() as stack:
        sinks: list[Any] = []
        if output is not None:
            sinks.append(stack.enter_context(open_recording(output, quality)))
        seen = stack.enter_context(contextlib.closing(capture(camera, painter.options.size or LIVE_SIZE)))
        if port is not None:
            server = stack.enter_context(FrameServer(port))
            sinks.append(server)
            if show != "nothing":
                print(f"painting at {server.address} (Ctrl-C to stop)", file=sys.stderr, flush=True)
        stream = Stream(painter, seen)
        began = time.monotonic()
        with contextlib.suppress(KeyboardInterrupt):
            _run(stream, sinks, frames, show)
    _sum_up(stream, time.monotonic() - began, output, painter.device, show)


def _run(stream: Stream, sinks: list[Any], frames: int | None, show: str) -> None:
    said = time.monotonic()
    for painted in stream:
        for sink in sinks:
            sink.add(painted)
        if show != "nothing" and time.monotonic() - said > 1:
            said = time.monotonic()
            frames_so_far = counted(stream.painted, "frame")
            line = f"{frames_so_far}, {stream.rate:.1f} a second ({stream.painting_rate:.1f} painting)"
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
        if frames is not None and stream.painted >= frames:
            return


class Stream:
    """Painted frames, one for each of ``frames``, (H, W, 3) uint8.

    Features are mapped as in the first frame. The maps are computed again every ``RENEWED`` frames, with a
    gradual transition, and when a frame is a very different picture, with an immediate one.

    ``painted``: the number of frames so far. ``rate``: frames per second over the last 30, including the time
    to get and to use the frames. ``painting_rate``: of the painting alone.
    """

    def __init__(self, painter: FastPainter, frames: Iterable[Frame]) -> None:
        self.painted = 0
        self._painter, self._frames = painter, frames
        self._maps: Mapping[str, Any] = {}
        self._newest: Mapping[str, Any] = {}
        self._last: NDArray[np.float32] | None = None
        self._ends: deque[float] = deque(maxlen=31)
        self._spent: deque[float] = deque(maxlen=30)

    def __iter__(self) -> Iterator[Frame]:
        self._ends.append(time.perf_counter())
        for frame in self._frames:
            began = time.perf_counter()
            painted = self._paint(unpacked(frame))
            now = time.perf_counter()
            self._ends.append(now)
            self._spent.append(now - began)
            self.painted += 1
            yield to_bytes(painted)

    def _paint(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        is_other = self._last is None or float(np.abs(pixels - self._last).mean()) > OTHER
        self._last = pixels
        if is_other or self.painted % RENEWED == 0:
            painted, self._newest = self._painter.paint_pixels(pixels)
            if is_other:
                self._maps = self._newest
                return painted
        self._maps = {name: old + PACE * (self._newest[name] - old) for name, old in self._maps.items()}
        return self._painter.paint_pixels(pixels, self._maps)[0]

    @property
    def rate(self) -> float:
        gone = self._ends[-1] - self._ends[0] if len(self._ends) > 1 else 0.0
        return (len(self._ends) - 1) / gone if gone else 0.0

    @property
    def painting_rate(self) -> float:
        return len(self._spent) / sum(self._spent) if self._spent else 0.0


def _sum_up(stream: Stream, seconds: float, output: Path | None, device: str, show: str) -> None:
    rates = {"frames": stream.painted, "seconds": round(seconds, 2)}
    rate, alone = stream.painted / max(seconds, 1e-9), stream.painting_rate
    if show == "json":
        more = {"rate": round(rate, 2), "painting_rate": round(alone, 2), "device": device}
        print_result(output=None if output is None else str(output), **rates, **more)
    elif show == "words":
        where = "" if output is None else f": {output}"
        print_lines(
            "",
            f"painted{where} ({counted(stream.painted, 'frame')} in {seconds:.1f} s: {rate:.1f} a second, "
            f"painting alone {alone:.1f}{'' if device == 'cpu' else f' on {device}'})",
        )


def capture(camera: str, size: int) -> Generator[Frame]:
    """Return the frames, (H, W, 3) uint8 with long side ``size``, of a camera number, video file or address.

    A camera returns its newest frame and skips older ones; a video returns every frame. Raises InputError if
    it cannot be opened.
    """
    import cv2

    number = int(camera) if camera.isdigit() else None
    if number is None and "://" not in camera and not Path(camera).is_file():
        raise InputError(f"expected a camera's number, or a video's file or address; got {camera!r}")
    with _silent():
        source = cv2.VideoCapture(camera if number is None else number)
    if not source.isOpened():
        source.release()
        what = f"video {camera}" if number is None else f"camera {number}"
        raise InputError(f"cannot open {what}: it does not exist or is in use")
    return _frames(source, size, live=number is not None)


@contextlib.contextmanager
def _silent() -> Generator[None]:
    """Suppress OpenCV's warnings, as errors are reported in one line."""
    import cv2

    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def _frames(source: Any, size: int, *, live: bool) -> Generator[Frame]:
    import cv2

    from impasto.imaging import fit

    newest = Newest(source.read) if live else None
    read = source.read if newest is None else newest.read
    try:
        while True:
            there, frame = read()
            if not there:
                return
            height, width = frame.shape[:2]
            smaller = fit(width, height, size)
            if min(smaller) < 16:
                raise PictureError(
                    f"expected frames of at least 16 x 16 pixels; got {smaller[0]} x {smaller[1]}"
                )
            if smaller != (width, height):
                frame = cv2.resize(frame, smaller, interpolation=cv2.INTER_AREA)
            yield np.ascontiguousarray(frame[:, :, ::-1])
    finally:
        if newest is not None:
            newest.stop()
        source.release()


class Newest:
    """A reader that calls ``read`` continuously in a thread, and returns the newest result, each once."""

    def __init__(self, read: Any) -> None:
        self._read, self._last, self._stopped = read, None, False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        there = True
        while there and not self._stopped:
            found = self._read()
            there = bool(found[0])
            with self._change:
                self._last = found
                self._change.notify_all()

    def read(self) -> Any:
        with self._change:
            self._change.wait_for(lambda: self._last is not None)
            found = self._last
            if found is not None and found[0]:
                self._last = None
            return found

    def stop(self) -> None:
        self._stopped = True
        self._thread.join(timeout=2)
