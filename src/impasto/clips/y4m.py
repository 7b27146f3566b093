"""Y4M (YUV4MPEG2): raw frames to pipe to another program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.clips.libav import VideoDraft, load_av, open_video
from impasto.clips.writer import Segment


def write_y4m(segments: Sequence[Segment], path: Path, time_base: Fraction, rate: Fraction) -> list[str]:
    """Write the frames of ``segments``, whose ticks are in ``time_base``, ``rate`` a second; return notes.

    Y4M has one rate and no times: a note says if differing times were lost. Raises OutputError.
    """
    av = load_av()
    with open_video(segments[0].path) as container:
        first = container.streams.video[0]
        size = first.width, first.height
        pixel_format = first.codec_context.pix_fmt
    # The original description of the format has no more than 8 bits.
    options = {"strict": "-1"}
    with VideoDraft(path) as file, av.open(file, "w", format="yuv4mpegpipe", options=options) as output:
        stream = output.add_stream("wrapped_avframe", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        for number, frame in enumerate(_frames(segments)):
            frame.pts, frame.time_base = number, 1 / rate
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    ticks = [tick for segment in segments for tick in segment.ticks]
    even = all(abs((tick - ticks[0]) * time_base * rate - n) < 0.25 for n, tick in enumerate(ticks))
    return [] if even else [f"the times of frames were left out: Y4M shows {float(rate):g} a second"]


def _frames(segments: Sequence[Segment]) -> Iterator[Any]:
    for segment in segments:
        with open_video(segment.path) as container:
            yield from container.decode(video=0)
