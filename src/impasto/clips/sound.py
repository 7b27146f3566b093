"""Encoding of sound: each sample at its time, in a layout and at a rate that the encoder supports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from impasto.clips.libav import load_av

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""The usual layouts, which all encoders support, by number of channels; a file may name none."""
_USUAL = {"5.0(side)": "5.0", "5.1(side)": "5.1", "downmix": "stereo"}
"""Layouts that players treat as these, which have the same channels in the same order."""
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
"""The sample rates of AAC. Opus has one."""
_HOLE = Fraction(3, 100)
"""In seconds: the gap or overlap between times of sound above which there is a hole or an overlap."""


class SoundEncoder:
    """Encodes frames of sound so that each is heard at its time: holes become silence, overlaps are cut."""

    def __init__(self, stream: Any) -> None:
        self._av = load_av()
        self._stream = stream
        self._context = stream.codec_context
        self._size = self._context.frame_size or 1024
        self._fifo = self._av.AudioFifo()
        self._resampler: Any = None
        self._form: Any = None
        self._put = Fraction(0)  # seconds encoded so far
        self._samples = 0

    @property
    def end(self) -> Fraction:
        """The end of the sound so far, in seconds."""
        return self._put

    def encode(self, frame: Any, begin: Fraction, length: int) -> Iterator[Any]:
        """Yield packets. ``begin``: when the frame is heard, in seconds; ``length``: the number of its
        samples to use."""
        rate, skip = frame.sample_rate, 0
        if begin - self._put > (_HOLE if self._put else 0):
            self._flush()
            self._silence(begin - self._put)
        elif self._put - begin > _HOLE or begin < 0:
            skip = round((max(self._put, Fraction(0)) - begin) * rate)
        if skip < length:
            self._convert(_part(self._av, frame, skip, length))
            self._put += Fraction(length - skip, rate)
        yield from self._packets(self._size)

    def finish(self) -> Iterator[Any]:
        """Yield the last packets."""
        self._flush()
        yield from self._packets(self._size)
        if self._fifo.samples:
            yield from self._packets(self._fifo.samples)
        if self._samples:
            yield from self._stream.encode(None)

    def _convert(self, frame: Any) -> None:
        form = (frame.format.name, frame.layout.name, frame.layout.nb_channels, frame.sample_rate)
        if form != self._form:
            self._flush()
            context = self._context
            self._form = form
            self._resampler = self._av.AudioResampler(context.format, context.layout, context.sample_rate)
        frame.pts = None
        self._take(self._resampler.resample(frame))

    def _flush(self) -> None:
        if self._resampler is not None:
            self._take(self._resampler.resample(None))
        self._resampler = self._form = None

    def _take(self, frames: Sequence[Any]) -> None:
        for frame in frames:
            frame.pts = None
            # Frames that need no conversion still have the container's time base, which the queue would
            # reject.
            frame.time_base = Fraction(1, self._context.sample_rate)
            self._fifo.write(frame)

    def _silence(self, seconds: Fraction) -> None:
        context = self._context
        whole = round((self._put + seconds) * context.sample_rate)
        left = whole - round(self._put * context.sample_rate)
        convert = self._av.AudioResampler(context.format, context.layout, context.sample_rate)
        while left > 0:
            count = min(left, context.sample_rate)
            zeros = np.zeros((1, context.layout.nb_channels * count), np.int16)
            frame = self._av.AudioFrame.from_ndarray(zeros, format="s16", layout=context.layout.name)
            frame.sample_rate = context.sample_rate
            self._take(convert.resample(frame))
            left -= count
        self._put += seconds

    def _packets(self, size: int) -> Iterator[Any]:
        while self._fifo.samples >= size:
            frame = self._fifo.read(size)
            frame.pts, frame.time_base = self._samples, Fraction(1, self._context.sample_rate)
            self._samples += frame.samples
            yield from self._stream.encode(frame)


def _part(av: Any, frame: Any, first: int, last: int) -> Any:
    """Return the samples of a frame of sound from ``first`` to ``last``."""
    if first == 0 and last == frame.samples:
        return frame
    # PyAV miscounts the planes of eight channels.
    whole = av.AudioResampler(frame.format.packed, frame.layout, frame.sample_rate).resample(frame)[0]
    channels = frame.layout.nb_channels
    values = np.ascontiguousarray(whole.to_ndarray()[:, first * channels : last * channels])
    part = av.AudioFrame.from_ndarray(values, format=whole.format.name, layout=frame.layout.name)
    part.sample_rate = frame.sample_rate
    return part


def add_sound_stream(output: Any, stream: Any, encoder: str) -> Any:
    """Add a stream to ``output`` for the sound of ``stream``, and return it."""
    rate = stream.codec_context.sample_rate
    if encoder == "libopus" or rate not in _RATES:
        rate = 48000
    return output.add_stream(encoder, rate=rate, layout=_layout(encoder, stream.codec_context.layout))


def _layout(encoder: str, own: Any) -> str:
    """Return the channel layout in which ``encoder`` encodes sound with the layout ``own``: the same if it
    supports it, or one with a channel for each of its own, as far as there is one."""
    if own.name in _USUAL or own.name in _LAYOUTS.values():
        return _USUAL.get(own.name, str(own.name))
    if _supports(encoder, own):
        return str(own.name)
    usual = _LAYOUTS.get(own.nb_channels, "stereo")
    return "5.1" if own.name in ("2.1", "3.1", "4.1") else "5.0" if own.name == "4.0" else usual


def is_unnamed(layout: Any) -> bool:
    """Return whether a channel layout gives only the number of channels."""
    return any(channel.name == "NONE" for channel in layout.channels)


def _supports(encoder: str, layout: Any) -> bool:
    """Return whether ``encoder`` supports a ``layout`` that names its channels."""
    av = load_av()
    if is_unnamed(layout):
        return False
    context = av.CodecContext.create(encoder, "w")
    context.layout, context.sample_rate, context.format = layout, 48000, context.codec.audio_formats[0]
    try:
        context.open()
    except (av.FFmpegError, ValueError):
        return False
    return True
