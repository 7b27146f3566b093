"""Encoding of a run of frames into a file, written atomically."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from impasto.clips.codecs import RATES, VideoOutput, check_rate
from impasto.clips.colour import LIMITED, to_frame, to_hdr
from impasto.clips.libav import (
    VideoDraft,
    container_format,
    load_av,
    open_video,
    ordinary_priority,
    timing_options,
)
from impasto.errors import OptionError, OutputError
from impasto.files import reason_of
from impasto.types import Pixels, Plane

_DEEPEST = 16
"""The largest number of frames by which encoders reorder (H.264 and H.265)."""
_NARROW = range(33, 49)
"""In pixels: widths at which x265's vector code for 10 bits writes out of bounds, so that the process
crashes."""
_SLICED = 8
"""In pixels: FFV1 of level 3 divides frames into slices, which frames with a shorter side cannot have."""


class SegmentWriter:
    """Writes frames to ``path`` as described by ``target``; ``close`` puts the file in its place.

    A segment has ``rate`` frames a second, which its stream states as far as its encoder can; ``ticks`` are
    the true times, for the finished file. Raises OutputError if the file cannot be written or is incomplete.
    """

    def __init__(self, path: Path, target: VideoOutput, width: int, height: int, rate: Fraction) -> None:
        assert target.codec is not None
        self._av = load_av()
        self.path = path
        self.target = target
        self.ticks: list[int] = []
        self._packets = 0
        self._draft = VideoDraft(path)
        self._container: Any = None
        with self._guarded():
            # "bitexact": without random numbers, so that the same frames give the same file.
            self._container = self._av.open(
                self._draft.stream,
                "w",
                format=container_format(path.suffix),
                options={"fflags": "+bitexact", **timing_options(path.suffix, rate)},
            )
            self._stream = add_video_stream(self._container, target, width, height, rate)

    def write(
        self, pixels: Pixels, ticks: int, alpha: Plane | None = None, headroom: Plane | None = None
    ) -> None:
        """Write one frame (H, W, 3) in [0, 1], shown from ``ticks`` on.

        ``alpha``: (H, W), if the target has one; None: opaque. ``headroom``: if the target is HDR.
        """
        with self._guarded():
            target = self.target
            if target.transfer:
                pixels = to_hdr(pixels, headroom, target.transfer)
            frame = to_frame(pixels, target.pixel_format, alpha, tags=target.tags)
            frame.pts, frame.time_base = len(self.ticks), self._stream.codec_context.time_base
            self.ticks.append(ticks)
            self._mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file."""
        with self._guarded():
            self._mux(self._stream.encode(None))
            self._container.close()
            self._container = None
            check_frames(self._draft.stream, len(self.ticks), self.path)
            self._draft.commit()

    def discard(self) -> None:
        """Close and delete the unfinished file."""
        if self._container is not None:
            with contextlib.suppress(self._av.FFmpegError, OSError):
                self._container.close()
            self._container = None
        self._draft.discard()

    def _mux(self, packets: Iterable[Any]) -> None:
        """Write packets with decoding times of our own: those of x265 are arbitrary if a stream has fewer
        frames than it reorders (one or two), and MP4 then sometimes rejects them."""
        for packet in packets:
            packet.dts = self._packets - _DEEPEST
            self._packets += 1
            self._container.mux(packet)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.discard()
            self._draft.__exit__(type(error), error, error.__traceback__)
            raise


@dataclass(frozen=True)
class Segment:
    """A finished segment: its file, and the ticks of its frames since the first frame of the film."""

    path: Path
    ticks: tuple[int, ...]


def check_frames(file: BinaryIO, frames: int, path: Path) -> None:
    """Raise OutputError if ``file``, which is to become ``path``, does not have this number of frames on
    disk, as on a full one."""
    file.flush()
    with open_video(Path(file.name)) as container:
        found = sum(1 for packet in container.demux(video=0) if packet.size)
    if found != frames:
        raise OutputError(f"{path}: expected {frames} frames in it; there are {found}")


def check_encoder(target: VideoOutput, width: int, height: int, rate: Fraction) -> None:
    """Raise OptionError if ``target`` cannot have this number of frames a second, or if its encoder does not
    support this size. The encoder is opened and closed; nothing is written."""
    check_rate(target, rate)
    av, codec = load_av(), target.codec
    assert codec is not None
    if codec.encoder == "libx265" and target.bits > 8 and width in _NARROW:
        raise OptionError(
            f"x265 fails on 10 bits in frames of {_NARROW[0]} to {_NARROW[-1]} pixels' width; they would be "
            f"{width} x {height}: expected another size, codec or suffix, or 8 bits"
        )
    try:
        with av.open(io.BytesIO(), "w", format=container_format(target.segment_suffix)) as container:
            add_video_stream(container, target, width, height, rate)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise OptionError(
            f"{codec.encoder} does not take frames of {width} x {height} pixels: expected another size, "
            f"codec or suffix ({reason_of(error)})"
        ) from error


def add_video_stream(container: Any, target: VideoOutput, width: int, height: int, rate: Fraction) -> Any:
    """Add a stream to ``container`` that encodes as described by ``target``, with tagged colours, and return
    it."""
    codec = target.codec
    assert codec is not None
    options = dict(codec.options) | dict(target.options)
    options |= codec.alpha_options if target.alpha else {}
    if target.mastering is not None:
        options[codec.parameters] += f":{target.mastering.words(codec.encoder)}"
    if codec.quality is not None:
        name, default = codec.quality
        options[name] = str(default if target.quality is None else target.quality)
    if codec.encoder == "ffv1" and min(width, height) < _SLICED:
        options["level"] = "1"
    os.environ.setdefault("SVT_LOG", "0")  # else SVT-AV1 prints on standard error, also what is an error here
    rate = max(rate, RATES[0])
    rate = min(rate, Fraction(codec.fastest)) if codec.fastest else rate
    stream = container.add_stream(codec.encoder, rate=rate, options=options)
    context = stream.codec_context
    stream.width, stream.height = width, height
    stream.pix_fmt = target.pixel_format
    # H.264 and H.265 state the rate in the stream itself, and take it from the time base.
    context.time_base = stream.time_base = 1 / rate
    # Fixed, so that a resumed video equals an uninterrupted one on any machine.
    context.thread_count = 1 if codec.encoder in ("libvpx-vp9", "libsvtav1") else 2
    if target.tag:
        context.codec_tag = target.tag
    if "yuv" in target.pixel_format:
        context.color_range = LIMITED
        context.colorspace, context.color_primaries, context.color_trc = target.tags
    with ordinary_priority():
        context.open()
    return stream
