"""The recordings of painted frames: a folder, an animation, or a stream to a browser on this machine."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OptionError

Frame = NDArray[np.uint8]

_BOUNDARY = "impasto-frame"
_PAGE = (
    "<!doctype html><title>Impasto</title><body style='margin:0;background:#111;display:grid;"
    "place-items:center;height:100vh'><img src='/frames' alt='What the camera sees, painted' "
    "style='max-width:100%;max-height:100vh'>"
)


@contextlib.contextmanager
def open_recording(output: Path, quality: int) -> Iterator[Any]:
    """Yield an output with ``add(frame)``: numbered JPEG files in a folder, or one GIF or animated WebP."""
    from impasto.imaging import check_writable
    from impasto.imaging.formats import ANIMATIONS

    suffix = output.suffix.lower()
    if suffix in ANIMATIONS:
        check_writable(output, suffixes=ANIMATIONS)
        animation = Animation(output, quality)
        yield animation
        animation.save()
        return
    if suffix and not output.is_dir():
        raise OptionError(f"expected a folder, {' or '.join(ANIMATIONS)} for --camera; got {output}")
    from impasto.files import make_folder

    make_folder(output, "the frames")
    yield Folder(output, quality)


class Folder:
    """A folder of frame-000001.jpg and so on; numbering continues after the last existing one."""

    def __init__(self, folder: Path, quality: int) -> None:
        self.folder, self.quality = folder, quality
        numbers = [p.stem.removeprefix("frame-") for p in folder.glob("frame-*.jpg")]
        self.count = max((int(n) for n in numbers if n.isdigit()), default=0)

    def add(self, frame: Frame) -> None:
        from impasto.files import replace

        self.count += 1
        replace(self.folder / f"frame-{self.count:06d}.jpg", jpeg(frame, self.quality))


class Animation:
    """An animation of frames at their real speed, kept in memory as JPEG until saved."""

    def __init__(self, path: Path, quality: int) -> None:
        self.path, self.quality = path, quality
        self.frames: list[bytes] = []
        self.times: list[float] = []

    def add(self, frame: Frame) -> None:
        self.frames.append(jpeg(frame, 95))
        self.times.append(time.monotonic())

    def save(self) -> None:
        if not self.frames:
            return
        from PIL import Image

        from impasto.files import replace

        gaps = [max(20, round(1000 * (b - a))) for a, b in zip(self.times, self.times[1:], strict=False)]
        durations = [*gaps, gaps[-1] if gaps else 100]
        first, *rest = (Image.open(io.BytesIO(data)) for data in self.frames)
        stream = io.BytesIO()
        kind = self.path.suffix[1:].upper()
        first.save(
            stream, kind, save_all=True, append_images=rest, duration=durations, loop=0, quality=self.quality
        )
        replace(self.path, stream.getvalue())


class FrameServer:
    """A server that sends the newest frame to browsers on this machine, as a stream of JPEG pictures."""

    def __init__(self, port: int) -> None:
        self._change = threading.Condition()
        self._frame = b""
        self._number = 0
        self._stopped = False
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        except OSError as problem:
            raise OptionError(f"cannot listen on port {port}: {problem}; use another --port") from problem
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> FrameServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._change:
            self._stopped = True
            self._change.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def add(self, frame: Frame) -> None:
        data = jpeg(frame, 85)
        with self._change:
            self._frame, self._number = data, self._number + 1
            self._change.notify_all()

    def frames(self) -> Iterator[bytes]:
        """Yield each new frame, until the end."""
        seen = 0
        while True:
            with self._change:
                self._change.wait_for(lambda: self._stopped or self._number > seen)  # noqa: B023
                if self._stopped:
                    return
                seen, frame = self._number, self._frame
            yield frame


def _handler(server: FrameServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):
                if self.path == "/":
                    self._send("text/html; charset=utf-8", _PAGE.encode())
                elif self.path == "/frames":
                    self._stream()
                else:
                    self.send_error(404)

        def _send(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            for frame in server.frames():
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame)}\r\n\r\n"
                self.wfile.write(head.encode() + frame + b"\r\n")

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    return Handler


def jpeg(frame: Frame, quality: int) -> bytes:
    """Return a frame, (H, W, 3) uint8, as JPEG."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(frame).save(stream, "JPEG", quality=quality)
    return stream.getvalue()
