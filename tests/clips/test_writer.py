"""Segments: files that hold what was put into them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from impasto.clips.codecs import find_target
from impasto.clips.writer import SegmentWriter


@pytest.mark.parametrize("frames", [1, 2, 3, 9])
@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "h264"),
        ("a.mp4", "h265"),
        ("a.mkv", "h265"),
        ("a.mov", "prores"),
        ("a.mkv", "ffv1"),
        ("a.webm", "vp9"),
        ("a.mp4", "av1"),
    ],
)
def test_segments_of_any_length_are_written(tmp_path: Path, name: str, codec: str, frames: int) -> None:
    target = find_target(tmp_path / name, 10 if codec == "h265" else 8, codec=codec)
    writer = SegmentWriter(target.path, target, 64, 48, Fraction(25))
    random = np.random.default_rng(0)
    for number in range(frames):
        writer.write(random.random((48, 64, 3), np.float32), number)
    writer.close()
    with av.open(str(target.path)) as container:
        packets = [(p.dts, p.pts) for p in container.demux(video=0) if p.pts is not None]
    assert all(decoded is None or decoded <= shown for decoded, shown in packets)
    with av.open(str(target.path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([number / 25 for number in range(frames)], abs=0.001)


class Arbitrary:
    """A stream whose encoder sets decoding times as x265 does in a stream of one or two frames."""

    def __init__(self, stream: Any) -> None:
        self.codec_context = stream.codec_context
        self._encode = stream.encode

    def encode(self, frame: Any) -> list[Any]:
        packets = self._encode(frame)
        for packet in packets:
            packet.dts -= 154618822881
        return packets


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
def test_segments_do_not_depend_on_the_decoding_times_of_the_encoder(tmp_path: Path, name: str) -> None:
    target = find_target(tmp_path / name, 10, codec="h265")
    writer = SegmentWriter(target.path, target, 64, 48, Fraction(25))
    writer._stream = Arbitrary(writer._stream)
    for number in range(2):
        writer.write(np.full((48, 64, 3), 0.5, np.float32), number)
    writer.close()
    with av.open(str(target.path)) as container:
        assert [frame.time for frame in container.decode(video=0)] == pytest.approx([0, 0.04], abs=0.001)
