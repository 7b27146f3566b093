"""Encoding: a run of frames into a file of its own, whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.clips.codecs import Target
from impasto.clips.colour import to_frame
from impasto.clips.libav import cannot_write, load_av
from impasto.errors import OptionError, OutputError
from impasto.types import Pixels

_BT709 = 1
_LIMITED = 1


class SegmentWriter:
    """Writes frames to ``path`` as ``target`` says; ``close`` puts the file in its place.

    Times are in units of ``time_base`` and start anew in each segment. Raises OutputError where the file
    cannot be written, or does not hold in the end what was put in.
    """

    def __init__(
        self, path: Path, target: Target, width: int, height: int, rate: Fraction, time_base: Fraction
    ) -> None:
        assert target.codec is not None
        self._av = load_av()
        self.path = path
        self.target = target
        self.ticks: list[int] = []
        self._part = path.with_name(f".{path.name}.part{path.suffix}")
        self._container: Any = None
        with self._guarded():
            self._file = Checked(self._part)
            self._container = self._av.open(self._file, "w", format=container_format(path.suffix))
            self._stream = add_video_stream(self._container, target, width, height, rate, time_base)

    def write(self, pixels: Pixels, ticks: int) -> None:
        """Write one frame (H, W, 3) in [0, 1], shown from ``ticks`` on."""
        self.ticks.append(ticks)
        with self._guarded():
            frame = to_frame(pixels, self.target.pixel_format)
            frame.pts, frame.time_base = ticks - self.ticks[0], self._stream.codec_context.time_base
            for packet in self._stream.encode(frame):
                self._container.mux(packet)

    def close(self, last: int) -> None:
        """Finish the file. ``last``: how long the last frame is shown, in ticks."""
        with self._guarded():
            for packet in self._stream.encode(None):
                if not packet.duration:
                    packet.duration = last
                self._container.mux(packet)
            self._container.close()
            self._container = None
            self._file.close()
            self._check()
            self._part.replace(self.path)

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._container is not None:
            with contextlib.suppress(self._av.FFmpegError, OSError, OutputError):
                self._container.close()
            self._container = None
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _check(self) -> None:
        """Check that the file on disk holds every frame: a full disk must not go unnoticed."""
        with self._av.open(str(self._part)) as container:
            found = sum(1 for packet in container.demux(video=0) if packet.size)
        if found != len(self.ticks):
            raise OutputError(f"{self.path}: expected {len(self.ticks)} frames in it; there are {found}")

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OutputError:
            self.discard()
            raise
        except (self._av.FFmpegError, OSError) as error:
            self.discard()
            raise cannot_write(self.path, self._file.error or error) from error
        except BaseException:
            self.discard()
            raise


@dataclass(frozen=True)
class Segment:
    """A finished segment: its file, and the ticks of its frames from the first frame of all."""

    path: Path
    ticks: tuple[int, ...]


class Checked:
    """A file for libav that remembers the first error, which libav itself may forget."""

    def __init__(self, path: Path) -> None:
        self.error: OSError | None = None
        try:
            self._file = path.open("w+b")
        except OSError as error:
            raise cannot_write(path, error) from error

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = self.error or error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        """Finish writing to disk. Raises the first error, if there was one."""
        try:
            if not self._file.closed:
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._file.close()
        if self.error is not None:
            raise self.error


def check_encoder(target: Target, width: int, height: int, rate: Fraction, time_base: Fraction) -> None:
    """Raise OptionError where the encoder of ``target`` does not take frames of this size. Nothing is
    written; the encoder is opened and closed again."""
    av, codec = load_av(), target.codec
    assert codec is not None
    try:
        with av.open(io.BytesIO(), "w", format=container_format(target.segment_suffix)) as container:
            add_video_stream(container, target, width, height, rate, time_base).codec_context.open()
    except (av.FFmpegError, OSError, ValueError) as error:
        raise OptionError(
            f"{codec.encoder} does not take frames of {width} x {height} pixels: expected a smaller size, or "
            f"another codec or suffix ({getattr(error, 'strerror', None) or error})"
        ) from error


def container_format(suffix: str) -> str:
    """Return FFmpeg's name of the container a suffix stands for."""
    names = {".mkv": "matroska", ".webm": "webm", ".mov": "mov", ".m4v": "mp4", ".mp4": "mp4", ".gif": "gif"}
    return names[suffix.lower()]


def add_video_stream(
    container: Any, target: Target, width: int, height: int, rate: Fraction, time_base: Fraction
) -> Any:
    """Return a stream of ``container`` that encodes as ``target`` says, its colours tagged as BT.709."""
    codec = target.codec
    assert codec is not None
    options = dict(codec.options) | dict(target.options)
    if codec.quality is not None:
        name, default = codec.quality
        options[name] = str(default if target.quality is None else target.quality)
    os.environ.setdefault("SVT_LOG", "1")  # which would tell of itself on standard error otherwise
    stream = container.add_stream(codec.encoder, rate=rate, options=options)
    context = stream.codec_context
    stream.width, stream.height = width, height
    stream.pix_fmt = target.pixel_format
    context.time_base = time_base
    stream.time_base = time_base
    # Fixed, so that a resumed video is the uninterrupted one whatever the machine has.
    context.thread_count = 1 if codec.encoder in ("libvpx-vp9", "libsvtav1") else 2
    if codec.tag and target.path.suffix.lower() in (".mp4", ".m4v", ".mov"):
        context.codec_tag = codec.tag
    if "yuv" in target.pixel_format:
        context.color_range, context.colorspace = _LIMITED, _BT709
        context.color_primaries, context.color_trc = _BT709, _BT709
    return stream
