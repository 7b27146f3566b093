"""Segments: files that hold what was put into them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from impasto.clips import Request, open_clip
from impasto.clips.codecs import CODECS, VideoOutput, find_target
from impasto.clips.concatenation import join
from impasto.clips.writer import Segment, SegmentWriter, check_encoder
from impasto.errors import OptionError


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


KINDS = [
    ("a.mp4", "h264"),
    ("a.mp4", "h265"),
    ("a.mp4", "av1"),
    ("a.mov", "prores"),
    ("a.mkv", "h265"),
    ("a.mkv", "ffv1"),
    ("a.webm", "vp9"),
    ("a.webm", "av1"),
    ("a.y4m", None),
]


def joined(
    folder: Path, name: str, codec: str | None, rate: Fraction, unit: Fraction, ticks: list[int], last: int
) -> tuple[list[Fraction], list[str]]:
    """Write grey frames in two segments, join them; return the times read back, in seconds, and the notes."""
    target = find_target(folder / name, 8, codec=codec)
    check_encoder(target, 32, 32, rate)
    segments = []
    for number, own in enumerate((ticks[:-1], ticks[-1:])):
        writer = SegmentWriter(folder / f"{number}{target.segment_suffix}", target, 32, 32, rate)
        for tick in own:
            writer.write(np.full((32, 32, 3), ticks.index(tick) % 5 / 5, np.float32), tick)
        writer.close()
        segments.append(Segment(writer.path, tuple(own)))
    notes = join(segments, target, unit, last, rate, None)
    clip = open_clip(target.path, Request(even=False))
    return [frame.ticks * clip.info.time_base for frame in clip.frames()], notes


@pytest.mark.parametrize("rate", [Fraction(1000), Fraction(480), Fraction(1, 3600)])
@pytest.mark.parametrize(("name", "codec"), KINDS)
def test_a_film_keeps_the_rate_of_slow_motion_and_of_time_lapse(
    tmp_path: Path, name: str, codec: str | None, rate: Fraction
) -> None:
    times, notes = joined(tmp_path, name, codec, rate, 1 / rate, [0, 1, 2, 3, 4, 5], 1)
    assert [float(time) for time in times] == pytest.approx([n / rate for n in range(6)], abs=0.00051)
    assert notes == []


@pytest.mark.parametrize(("name", "codec"), KINDS)
def test_a_faster_film_is_written_or_refused_before_any_work(
    tmp_path: Path, name: str, codec: str | None
) -> None:
    rate = Fraction(10_000)
    if name.endswith(("mkv", "webm")):
        with pytest.raises(
            OptionError, match=r"supports at most 1,000 frames per second .*the film has 10,000"
        ):
            joined(tmp_path, name, codec, rate, 1 / rate, [0, 1, 2], 1)
        assert list(tmp_path.iterdir()) == []
        return
    times, _ = joined(tmp_path, name, codec, rate, 1 / rate, [0, 1, 2, 3, 4, 5], 1)
    assert times == [n / rate for n in range(6)]


@pytest.mark.parametrize(("name", "codec"), KINDS[:-1])
def test_frames_shown_for_hours_keep_their_times_in_a_film_that_counts_in_microseconds(
    tmp_path: Path, name: str, codec: str
) -> None:
    seconds = [0.0, 0.04, 0.08, 3600.0, 3600.04, 10000.0, 40000.0, 40000.04]
    unit = Fraction(1, 1_000_000)
    ticks = [round(second * 1e6) for second in seconds]
    times, _ = joined(tmp_path, name, codec, Fraction(1, 1000), unit, ticks, 40000)
    assert [float(time) for time in times] == pytest.approx(seconds, abs=0.001)


@pytest.mark.parametrize(
    ("rate", "wanted"),
    [
        (25, [0, 4, 8, 12, 16, 20]),
        (50, [0, 2, 4, 6, 8, 10]),
        (60, [0, 2, 4, 6, 8]),  # that at 6.7 would be shown at 8, when the next one is due
        (100, [0, 2, 4]),
        (1000, [0]),
    ],
)
def test_a_gif_is_as_fast_as_the_film_and_says_how_many_frames_that_cost(
    tmp_path: Path, rate: int, wanted: list[int]
) -> None:
    times, notes = joined(tmp_path, "a.gif", None, Fraction(rate), Fraction(1, rate), [0, 1, 2, 3, 4, 5], 1)
    assert [time * 100 for time in times] == wanted
    left = 6 - len(wanted)
    words = [f"{left} of 6 frames were left out: a GIF shows at most 50 a second"]
    assert notes == (words if left else [])


@pytest.mark.parametrize("seconds", [655.35, 655.36, 655.37, 1310.69, 3600.0])
def test_a_gif_repeats_a_frame_that_is_shown_for_longer_than_it_can_say(
    tmp_path: Path, seconds: float
) -> None:
    last = round(seconds * 100)
    times, notes = joined(tmp_path, "a.gif", None, Fraction(1), Fraction(1, 100), [0, last], last)
    assert Fraction(last, 100) in times
    with av.open(str(tmp_path / "a.gif")) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    assert sum(packet.duration or 0 for packet in packets) == 2 * last
    assert notes == []


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 7), (7, 3), (8, 8), (9, 41)])
@pytest.mark.parametrize(("bits", "alpha"), [(8, False), (16, True)])
def test_frames_of_any_size_are_stored_without_loss(
    tmp_path: Path, size: tuple[int, int], bits: int, alpha: bool
) -> None:
    width, height = size
    target = VideoOutput(tmp_path / "a.avi", "file", CODECS["ffv1"], bits, alpha=alpha)
    frames = np.random.default_rng(0).integers(0, 256, (3, height, width, 3)).astype(np.float32) / 255
    writer = SegmentWriter(target.path, target, width, height, Fraction(25))
    for number, frame in enumerate(frames):
        writer.write(frame, number)
    writer.close()
    found = [frame.pixels for frame in open_clip(target.path, Request(even=False)).frames()]
    assert np.abs(np.stack(found) - frames).max() < 1e-4


@pytest.mark.parametrize("width", [34, 40, 48])
def test_widths_at_which_the_encoder_would_end_the_process_are_refused(tmp_path: Path, width: int) -> None:
    path = tmp_path / "out.mp4"
    with pytest.raises(OptionError, match=f"10 bits in frames of 33 to 48 .* would be {width} x 36"):
        check_encoder(find_target(path, 10), width, 36, Fraction(25))
    check_encoder(find_target(path, 8), width, 36, Fraction(25))
    check_encoder(find_target(path, 10, codec="av1"), 64, 64, Fraction(25))


@pytest.mark.parametrize("width", [16, 32, 50, 62])
def test_narrow_films_of_ten_bits_are_written(tmp_path: Path, width: int) -> None:
    """In a process of its own, since the encoder's vector code would end it."""
    target, path = f"out{width}.mp4", tmp_path / f"out{width}.mp4"
    code = f"""
        from fractions import Fraction
        from pathlib import Path
        import numpy as np
        from impasto.clips.codecs import find_target
        from impasto.clips.writer import SegmentWriter
        for turn in range(3):
            path = Path({str(tmp_path)!r}) / {target!r}
            writer = SegmentWriter(path, find_target(path, 10), {width}, 36, Fraction(25))
            for number in range(8):
                noise = np.random.default_rng(number).random((36, {width}, 3), np.float32)
                writer.write(noise, number)
            writer.close()
    """
    environment = os.environ | {"MALLOC_CHECK_": "3"}  # by which glibc notices
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, env=environment)
    with av.open(str(path)) as container:
        found = [frame.format.name for frame in container.decode(video=0)]
    assert found == ["yuv420p10le"] * 8
