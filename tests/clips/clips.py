"""Clips that tests make for themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from impasto.types import Pixels
from tests.conftest import blobs

BARS = (
    (0.75, 0.75, 0.75),
    (0.75, 0.75, 0),
    (0, 0.75, 0.75),
    (0, 0.75, 0),
    (0.75, 0, 0.75),
    (0.75, 0, 0),
    (0, 0, 0.75),
    (0.25, 0.5, 0.9),
)
"""Colour bars, from left to right."""


def bars(width: int = 128, height: int = 32) -> Pixels:
    """The bars as a picture."""
    return np.repeat(np.array(BARS, np.float32)[None], height, 0).repeat(width // len(BARS), 1)


def moving(number: int, width: int = 64, height: int = 48, speed: int = 2) -> Pixels:
    """A frame of a picture that moves to the left by ``speed`` pixels a frame."""
    return np.ascontiguousarray(blobs(width + 240, height, seed=4, coarse=24)[:, speed * number :][:, :width])


def write_clip(
    path: Path,
    frames: Sequence[Pixels],
    *,
    ticks: Sequence[int] | None = None,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    sound: bool = False,
    rotation: int = 0,
    options: dict[str, str] | None = None,
    prepare: Callable[[Any], None] | None = None,
    convert: Callable[[Pixels], Any] | None = None,
) -> Path:
    """A video of ``frames`` at 25 a second, or at ``ticks`` in hundredths of a second; with a tone."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=25, options=options or {"crf": "10"})
        height, width = frames[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.time_base = Fraction(1, 100)
        if rotation:
            stream.set_display_rotation(rotation)
        if prepare is not None:
            prepare(stream.codec_context)
        tone: Any = container.add_stream("aac", rate=44100, layout="mono") if sound else None
        for number, pixels in enumerate(frames):
            if convert is None:
                frame = av.VideoFrame.from_ndarray(np.rint(pixels * 255).astype(np.uint8), format="rgb24")
            else:
                frame = convert(pixels)
            frame.pts = 4 * number if ticks is None else ticks[number]
            frame.time_base = Fraction(1, 100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            wave = np.sin(np.arange(len(frames) * 1764) * 0.05).astype(np.float32)[None] * 0.3
            for begin in range(0, wave.shape[1], 1024):
                part = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(wave[:, begin : begin + 1024]), format="fltp", layout="mono"
                )
                part.sample_rate, part.pts = 44100, begin
                container.mux(tone.encode(part))
            container.mux(tone.encode(None))
    return path


def sound_packets(path: Path) -> list[bytes]:
    """The encoded sound of a file."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


class Negative:
    """A fast painter of negatives, with a flicker that depends on the frame only."""

    device = "cpu"

    def __init__(self, flicker: float = 0.0) -> None:
        self.flicker = flicker
        self.network = f"negative {flicker}"
        self.painted = 0

    def paint_pixels(self, pixels: Pixels, _: Any = None) -> tuple[Pixels, dict[str, Any]]:
        return self.paint(pixels), {}

    def paint(self, pixels: Pixels) -> Pixels:
        self.painted += 1
        seed = int(pixels.astype(np.float64).sum() * 1000) % 2**32
        noise = np.random.default_rng(seed).standard_normal(pixels.shape).astype(np.float32)
        return np.clip(1 - pixels + self.flicker * noise, 0, 1).astype(np.float32)
