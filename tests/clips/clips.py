"""Clips that tests make for themselves."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from impasto.clips.libav import ordinary_priority
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


@ordinary_priority()  # SVT-AV1 would make this process, and those it starts, real-time ones
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


def write_flashes(
    path: Path,
    frames: int = 25,
    *,
    flashes: Sequence[int] = (12,),
    silent: Collection[int] = (),
    video: str = "libx264",
    audio: str = "aac",
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """A film at 25 frames a second, grey, with white frames, at which a beep of 40 ms sounds.

    ``silent``: frames at which there is no sound at all: not silence, but a hole.
    """
    coder: Any = {"libopus": "flt", "mp2": "s16", "pcm_s16le": "s16"}
    size = {"libopus": 960, "mp2": 1152, "pcm_s16le": 960}.get(audio, 1024)
    options = {"g": "10"} if options is None else options
    with av.open(str(path), "w", container_options=container_options or {}) as container:
        stream: Any = container.add_stream(video, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        tone: Any = container.add_stream(audio, rate=48000, layout="mono")
        pieces: Any = av.AudioResampler(coder.get(audio, "fltp"), "mono", 48000, frame_size=size)
        for number in range(frames):
            grey = 0.9 if number in flashes else 0.2 + 0.01 * (number % 10)
            pixels = np.full((48, 64, 3), round(grey * 255), np.uint8)
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(picture))
            wave = np.sin(np.arange(1920) * 0.13) * (0.5 if number in flashes else 0)
            sound = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = 48000, number * 1920, Fraction(1, 48000)
            if number not in silent:
                for piece in pieces.resample(sound):
                    container.mux(tone.encode(piece))
            elif number - 1 not in silent:
                for piece in pieces.resample(None):
                    container.mux(tone.encode(piece))
                pieces = av.AudioResampler(coder.get(audio, "fltp"), "mono", 48000, frame_size=size)
        for piece in [*pieces.resample(None), None]:
            container.mux(tone.encode(piece))
        container.mux(stream.encode(None))
    return path


def flashes_and_beeps(path: Path) -> tuple[list[float], list[float]]:
    """When the film at ``path`` flashes, and when it beeps, in seconds, as a player shows it."""
    with av.open(str(path)) as container:
        seen = [(f.time, f.to_ndarray(format="gray").mean()) for f in container.decode(video=0)]
    heard: list[Any] = []
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            with contextlib.suppress(av.FFmpegError):  # as players go on after damage
                frames: Any = packet.decode()
                heard += [(f.time, f.sample_rate, f.to_ndarray()) for f in frames if f.time is not None]
    levels = [level for _, level in seen]
    middle = (min(levels) + max(levels)) / 2
    odd = np.array(levels) > middle
    if odd.mean() > 0.5:
        odd = ~odd  # a negative
    flashes = [time for (time, _), is_odd in zip(seen, odd, strict=True) if is_odd]
    times = np.concatenate([t + np.arange(wave.shape[-1]) / rate for t, rate, wave in heard])
    loud = np.concatenate([np.abs(np.atleast_2d(wave).astype(np.float64))[0] for *_, wave in heard])
    over = times[loud > loud.max() / 3]
    begins = over[np.diff(over, prepend=-1) > 0.1] if loud.max() else []
    return flashes, [float(time) for time in begins]


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
