from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from impasto import imaging
from impasto.clips import Request, open_clip
from impasto.clips.clip import TRANSPARENT
from impasto.clips.codecs import find_target
from impasto.clips.pictures import find
from impasto.clips.writer import SegmentWriter
from impasto.errors import InputError, OptionError, OutputError
from impasto.optimize.options import OptimizeOptions
from impasto.pipelines.video.film import Film, video
from impasto.pipelines.video.folder import FilmFolder
from impasto.pipelines.video.options import FilmOptions
from impasto.pipelines.video.segments import LINES
from impasto.progress import Progress
from impasto.types import Picture, Pixels
from tests.clips.clips import (
    Negative,
    bars,
    flashes_and_beeps,
    moving,
    sound_packets,
    write_clip,
    write_flashes,
)
from tests.conftest import blobs


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """22 frames that move, with a tone."""
    return write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(22)], sound=True)


def fast(source: Path, output: Path, *, painter: Any = None, **more: Any) -> Film:
    wanted = {"segment": 5} | more.pop("film", {})
    return video(
        source, "negative", output, painter=painter or Negative(), film=FilmOptions(**wanted), **more
    )


def pictures(path: Path) -> list[Pixels]:
    return [frame.pixels for frame in open_clip(path, Request(even=False)).frames()]


@pytest.mark.parametrize(
    "name", ["out.mp4", "out.mkv", "out.webm", "out.mov", "out.gif", "out.y4m", "out", "f%04d.png"]
)
def test_every_kind_of_output_has_every_frame_painted(clip: Path, tmp_path: Path, name: str) -> None:
    output = tmp_path / "results" / name
    output.parent.mkdir()
    done = fast(clip, output, film={"keep": 0})
    assert (done.engine, done.frames, done.width, done.height, done.cancelled) == ("fast", 22, 64, 48, False)
    found, photos = pictures(output), pictures(clip)
    assert len(found) == 22
    pairs = zip(photos, found, strict=True)
    error = [float(np.abs(1 - photo - painting).mean()) for photo, painting in pairs]
    assert max(error) < 0.05  # the colours of a scene change slowly, those of these frames do not
    assert not FilmFolder.of(output).path.exists()


@pytest.mark.parametrize("shown", [[2, 10, 4, 50, 1, 10], [1000, 4, 4, 4, 4, 4, 4], [4, 4, 4, 4, 4, 4, 900]])
@pytest.mark.parametrize("name", ["out.mp4", "out.m4v"])
def test_a_film_lasts_as_long_as_its_frames_however_uneven(
    tmp_path: Path, shown: list[int], name: str
) -> None:
    """Of MP4, the length is the sum of the distances of decoding times, and of the last packet's."""
    images = [Image.fromarray(np.rint(moving(n) * 255).astype(np.uint8)) for n in range(len(shown))]
    source = tmp_path / "in.gif"
    images[0].save(source, save_all=True, append_images=images[1:], duration=[10 * time for time in shown])
    fast(source, tmp_path / name, film={"segment": 50, "keep": 0})
    with av.open(str(tmp_path / name)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(video=0) if packet.size]
        times = [(packet.pts or 0, packet.dts or 0) for packet in packets]
        unit, length = float(stream.time_base or 0), stream.duration or 0
        assert float(length) * unit == pytest.approx(sum(shown) / 100)
    assert [time * unit for time in sorted(time for time, _ in times)] == [
        pytest.approx(sum(shown[:number]) / 100) for number in range(len(shown))
    ]
    assert all(a[1] < b[1] for a, b in itertools.pairwise(times))
    assert all(decoded <= time for time, decoded in times)


@pytest.mark.parametrize("first", ["a.mp4", "a.mkv", "a.mov", "a.webm"])
def test_the_last_frame_is_shown_as_long_as_in_the_film(tmp_path: Path, first: str) -> None:
    images = [Image.fromarray(np.rint(moving(n) * 255).astype(np.uint8)) for n in range(6)]
    source = tmp_path / "in.gif"
    images[0].save(source, save_all=True, append_images=images[1:], duration=[40, 40, 800, 40, 40, 40])
    fast(source, tmp_path / first)
    fast(tmp_path / first, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert (container.duration or 0) / 1_000_000 == pytest.approx(1, abs=0.001)
    images[0].save(source, save_all=True, append_images=images[1:], duration=[*[40] * 5, 2000])
    fast(source, tmp_path / first)
    for name in ("b.mp4", "b.mkv"):
        fast(tmp_path / first, tmp_path / name)
        with av.open(str(tmp_path / name)) as container:
            assert (container.duration or 0) / 1_000_000 == pytest.approx(2.2, abs=0.001)
    whole = open_clip(tmp_path / first, Request(damage="refuse"))
    assert (whole.info.last, whole.info.remarks) == (2, ())
    assert open_clip(tmp_path / first, Request(end=Fraction(1))).info.last == pytest.approx(0.8)
    if first in ("a.mkv", "a.webm"):
        data = (tmp_path / first).read_bytes()
        (tmp_path / first).write_bytes(data[: len(data) * 2 // 3])
        broken = open_clip(tmp_path / first).info
        assert broken.last is None
        assert "early" in broken.remarks[0]


@pytest.mark.parametrize(
    ("name", "codec"), [("a.flv", "libx264"), ("b.flv", "flv"), ("a.wmv", "wmv2"), ("a.mkv", "libx264")]
)
def test_a_last_frame_that_only_the_length_of_the_file_tells_of_is_held(
    tmp_path: Path, name: str, codec: str
) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(codec, rate=25, options={"g": "1", "bf": "0", "qmax": "2"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in (*range(6), None):
            frame = None
            if number is not None:
                pixels = np.rint(moving(number) * 255).astype(np.uint8)
                frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
            for packet in stream.encode(frame):
                shown = 2 if packet.pts * packet.time_base == Fraction(5, 25) else Fraction(1, 25)
                packet.duration = int(shown / packet.time_base)
                output.mux(packet)
    if name.endswith(".mkv"):  # as of programs that write no statistics
        path.write_bytes(path.read_bytes().replace(b"DURATION", b"XXXXXXXX"))
    whole = open_clip(path, Request(damage="refuse")).info
    assert (whole.last, whole.remarks) == (2, ())
    fast(path, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert (container.duration or 0) / 1_000_000 == pytest.approx(2.2, abs=0.001)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    broken = open_clip(path).info
    assert (broken.last, "early" in broken.remarks[0]) == (None, True)
    path.write_bytes(data[: data.find(b"\0\0\0") + 400])
    with pytest.raises(InputError, match=r"cannot be opened|no frame that can be decoded"):
        open_clip(path)


@pytest.mark.parametrize("name", ["shot.%s.png", "f_%s.png", "%s.png"])
@pytest.mark.parametrize("way", ["folder", "pattern", "wildcard"])
def test_numbers_below_nought_come_first_and_are_kept(tmp_path: Path, name: str, way: str) -> None:
    folder, numbers = tmp_path / "in", ["-010", "-005", "0000", "0005"]
    folder.mkdir()
    for number, text in enumerate(numbers):
        imaging.write(Picture(np.full((32, 32, 3), 0.2 * number, np.float32)), folder / (name % text))
    source = {"folder": folder, "pattern": folder / (name % "%04d"), "wildcard": folder / (name % "*")}[way]
    done = fast(source, tmp_path / "out.%04d.png")
    assert [path.name for path in find(tmp_path / "out.%04d.png")] == [f"out.{text}.png" for text in numbers]
    found = [float(picture.mean()) for picture in pictures(tmp_path / "out.%04d.png")]
    assert found == sorted(found, reverse=True), "the photographs become brighter, their negatives darker"
    assert done.notes == ()
    (folder / (name % "-005")).unlink()
    words = "picture -5 is missing between -10 and 5; the film continues without it"
    assert any(words in note for note in fast(source, tmp_path / "out.%04d.png").notes)


def test_numbers_that_are_far_apart_are_not_counted_one_by_one(tmp_path: Path) -> None:
    for number in (10**15, 10**15 + 1, 5 * 10**15):
        imaging.write(Picture(np.zeros((32, 32, 3), np.float32)), tmp_path / f"{number}.png")
    words = f"pictures {10**15 + 2} to {5 * 10**15 - 1} are missing between {10**15} and {5 * 10**15}"
    assert words in open_clip(tmp_path).info.remarks[0]


def test_a_dash_before_a_number_is_no_sign(tmp_path: Path) -> None:
    for text in ("2024-01-05", "2024-01-03", "IMG-2", "IMG-10"):
        (tmp_path / f"{text}.png").touch()
    assert [path.stem for path in find(tmp_path)] == ["2024-01-03", "2024-01-05", "IMG-2", "IMG-10"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.webm", {}),
        ("b.webm", {"bits": 10}),
        ("a.mov", {}),
        ("a.mkv", {"codec": "ffv1"}),
        ("a.y4m", {}),
        ("a.gif", {}),
    ],
)
def test_odd_sides_are_kept_where_the_codec_holds_them(tmp_path: Path, name: str, wanted: Any) -> None:
    source = tmp_path / "in.mkv"
    photos = [moving(n, 65, 47) for n in range(4)]
    write_clip(source, photos, codec="ffv1", pixel_format="bgr0", options={"level": "3"})
    assert fast(source, tmp_path / name, film={"keep": 0, **wanted}).notes == ()
    for photo, painting in zip(photos, pictures(tmp_path / name), strict=True):
        assert painting.shape == (47, 65, 3)
        assert float(np.abs(1 - photo - painting).mean()) < 0.06


@pytest.mark.parametrize(
    ("wanted", "made", "asked"),
    [
        ({}, (64, 46), "65 x 47: H.264"),
        ({"bits": 10}, (64, 46), "65 x 47: H.265"),
        ({"size": (51, 33)}, (50, 32), "51 x 33: H.264"),
        ({"size": 51}, (50, 36), "51 x 37: H.264"),
        ({"size": 52}, (52, 38), ""),
    ],
)
def test_odd_sides_that_the_codec_does_not_hold_are_told(
    tmp_path: Path, wanted: Any, made: tuple[int, int], asked: str
) -> None:
    source = write_clip(tmp_path / "in.webm", [moving(n, 65, 47) for n in range(3)], codec="libvpx-vp9")
    done = fast(source, tmp_path / "out.mp4", film=wanted)
    words = (
        f"the frames are {made[0]} x {made[1]}, not {asked} supports even sides only (VP9, AV1, ProRes and "
    )
    assert done.notes == ((f"{words}FFV1 support all)",) if asked else ())
    assert (done.width, done.height) == made


def test_times_of_a_variable_frame_rate_are_kept(tmp_path: Path) -> None:
    ticks = [0, 4, 5, 20, 24, 31, 40, 41, 60, 61, 62, 63]
    source = write_clip(tmp_path / "vfr.mp4", [moving(n) for n in range(12)], ticks=ticks)
    for name in ("out.mp4", "out.mov", "out.webm"):
        fast(source, tmp_path / name)
        found = open_clip(tmp_path / name)
        assert [round(f.ticks * found.info.time_base * 100) for f in found.frames()] == ticks


def test_sound_is_copied_byte_for_byte(clip: Path, tmp_path: Path) -> None:
    done = fast(clip, tmp_path / "out.mp4")
    assert sound_packets(tmp_path / "out.mp4") == sound_packets(clip)
    assert done.notes == ()


def test_sound_that_the_container_does_not_hold_is_encoded_again_and_told(clip: Path, tmp_path: Path) -> None:
    done = fast(clip, tmp_path / "out.webm")
    assert open_clip(tmp_path / "out.webm").info.audio == ("opus",)
    assert done.notes == ("the sound was encoded again as opus: .webm does not support aac",)
    with av.open(str(tmp_path / "out.webm")) as container:
        heard = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert heard == pytest.approx(0.88, abs=0.06)


@pytest.mark.parametrize(
    ("codec", "layout", "rate", "channels"),
    [("ac3", "5.1(side)", 48000, 6), ("pcm_s16le", "stereo", 96000, 2), ("pcm_s16le", "mono", 192000, 1)],
)
@pytest.mark.parametrize("suffix", [".webm", ".mp4"])
def test_sound_of_any_layout_and_rate_is_encoded(
    tmp_path: Path, codec: str, layout: str, rate: int, channels: int, suffix: str
) -> None:
    silent = write_clip(tmp_path / "silent.mp4", [moving(n) for n in range(10)])
    source = with_sound(silent, tmp_path / "clip.mkv", codec, layout, rate)
    fast(source, tmp_path / f"out{suffix}")
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        found = list(container.decode(audio=0))
    assert {frame.layout.nb_channels for frame in found} == {channels}
    assert sum(frame.samples / frame.sample_rate for frame in found) == pytest.approx(0.4, abs=0.07)


def with_sound(silent: Path, path: Path, codec: str, layout: str, rate: int) -> Path:
    """The film ``silent`` with 0.4 s of a tone. Matroska does not keep the layout of PCM."""
    with av.open(str(silent)) as source, av.open(str(path), "w") as container:
        video: Any = container.add_stream_from_template(source.streams.video[0])
        tone: Any = container.add_stream(codec, rate=rate, layout=layout)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                container.mux(packet)
        channels = tone.codec_context.layout.nb_channels
        wave = np.sin(np.arange(int(0.4 * rate)) * 0.05).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.repeat(0.3 * wave[None], channels, 0), "fltp", layout)
        frame.sample_rate, frame.pts = rate, 0
        for part in [*tone_parts(tone, frame), None]:
            container.mux(tone.encode(part))
    return path


def tone_parts(tone: Any, frame: Any) -> list[Any]:
    """``frame`` in the format and the pieces that the encoder of ``tone`` takes."""
    context = tone.codec_context
    pieces = av.AudioResampler(
        context.format, context.layout, context.sample_rate, context.frame_size or 1024
    )
    return [*pieces.resample(frame), *pieces.resample(None)]


def test_a_film_is_encoded_to_the_same_bytes_every_time(tmp_path: Path) -> None:
    # x264's mbtree is not: of this size and these pictures, it makes one thing or another.
    frames = [blobs(144, 88, seed=number // 8, coarse=6) for number in range(16)]
    target = find_target(tmp_path / "out.mp4", 8)
    found = set()
    for _ in range(12):
        writer = SegmentWriter(target.path, target, 144, 88, Fraction(24))
        for number, pixels in enumerate(frames):
            writer.write(np.roll(pixels, number, 1), number)
        writer.close()
        found.add(b"".join(packets(target.path)))
    assert len(found) == 1


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_sound_of_a_part_is_that_part_s(clip: Path, tmp_path: Path) -> None:
    fast(clip, tmp_path / "out.mp4", film={"start": Fraction(2, 5), "end": Fraction(4, 5)})
    part, whole = sound_packets(tmp_path / "out.mp4"), sound_packets(clip)
    assert len(part) == pytest.approx(0.4 * 44100 / 1024, abs=2)
    assert part == whole[whole.index(part[0]) :][: len(part)]


def test_sound_is_left_out_where_asked(clip: Path, tmp_path: Path) -> None:
    fast(clip, tmp_path / "out.mp4", film={"sound": False})
    assert open_clip(tmp_path / "out.mp4").info.audio == ()


@pytest.mark.parametrize(("bits", "suffix"), [(8, ".mp4"), (10, ".mp4"), (10, ".mov"), (10, ".webm")])
def test_colours_and_depth_survive_the_way_through(tmp_path: Path, bits: int, suffix: str) -> None:
    source = write_clip(tmp_path / "bars.mkv", [bars()] * 3, codec="ffv1", pixel_format="yuv444p", options={})
    output = tmp_path / f"out{suffix}"
    fast(source, output, film={"bits": bits, "keep": 0, "quality": None})
    found = open_clip(output)
    assert found.info.bits == bits
    middle = [n * 16 + 8 for n in range(8)]
    first = next(iter(found.frames())).pixels[16, middle]
    assert np.abs(first - (1 - pictures(source)[0][16, middle])).max() < 6 / 255
    with av.open(str(output)) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_range, context.colorspace) == (1, 1)
        assert (context.color_primaries, context.color_trc) == (1, 1)


class Killer(Negative):
    """A painter that fails at its nth frame."""

    def __init__(self, at: int, error: Exception) -> None:
        super().__init__(flicker=0.1)
        self.at = at
        self.error = error

    def paint(self, pixels: Pixels) -> Pixels:
        if self.painted == self.at:
            raise self.error
        return super().paint(pixels)


@pytest.mark.parametrize("name", ["out.mp4", "frames"])
def test_a_film_that_broke_off_goes_on_and_is_the_uninterrupted_one(
    clip: Path, tmp_path: Path, name: str
) -> None:
    fast(clip, tmp_path / "whole" if name == "frames" else tmp_path / "whole.mp4", painter=Negative(0.1))
    whole = pictures(tmp_path / ("whole" if name == "frames" else "whole.mp4"))
    with pytest.raises(ZeroDivisionError):
        fast(clip, tmp_path / name, painter=Killer(13, ZeroDivisionError()))
    assert not (tmp_path / "out.mp4").exists()
    again = Negative(0.1)
    done = fast(clip, tmp_path / name, painter=again)
    assert (done.frames, done.resumed, again.painted) == (22, 10, 12)
    found = pictures(tmp_path / name)
    assert len(found) == 22
    assert all(np.array_equal(a, b) for a, b in zip(found, whole, strict=True))


def test_another_network_makes_another_film(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fast(clip, tmp_path / "out.mp4", painter=Killer(13, ZeroDivisionError()))
    done = fast(clip, tmp_path / "out.mp4", painter=Negative(0.2))
    assert done.resumed == 0
    assert done.notes[0].startswith("started over: its network was ")


def test_another_share_of_earlier_frames_makes_another_film(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fast(clip, tmp_path / "out.mp4", painter=Killer(13, ZeroDivisionError()))
    done = fast(clip, tmp_path / "out.mp4", painter=Negative(0.1), film={"keep": 0.5})
    assert (done.resumed, [note.split(";")[0] for note in done.notes]) == (
        0,
        [f"started over: its film keep was {FilmOptions().keep}, is 0.5"],
    )


def test_a_dry_run_makes_no_folder_of_frames(clip: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    for output in ("new/folder", "new/%03d.png"):
        dry = fast(clip, tmp_path / output, painter=Negative(0.1), dry_run=True)
        assert dry.path == tmp_path / output
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="file is a file"):
        fast(clip, tmp_path / "file" / "folder", painter=Negative(0.1), dry_run=True)


def test_a_film_with_other_options_is_told_at_once_and_loses_nothing_of_the_one_before(
    clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    fast(clip, tmp_path / "whole.mp4", painter=Negative(0.1))
    with pytest.raises(ZeroDivisionError):
        fast(clip, out, painter=Killer(13, ZeroDivisionError()))
    said: list[str] = []
    words = f"started over: its film keep was {FilmOptions().keep}, is 0.5; what was painted is kept until "
    words += "this film is finished: run with the earlier options to continue it"
    dry = fast(clip, out, painter=Negative(0.1), film={"keep": 0.5}, dry_run=True)
    assert dry.notes == (words.split(";")[0],)
    with pytest.raises(ZeroDivisionError):
        fast(clip, out, painter=Killer(16, ZeroDivisionError()), film={"keep": 0.5}, tell=said.append)
    assert said == [words]
    dry = fast(clip, out, painter=Negative(0.1), dry_run=True)
    assert dry.notes == ("an unfinished painting of it would be continued",)
    with pytest.raises(ZeroDivisionError):
        fast(clip, out, painter=Killer(3, ZeroDivisionError()))
    assert fast(clip, out, painter=Negative(0.1), film={"keep": 0.5}, cancel=lambda: True).cancelled
    again = Negative(0.1)
    done = fast(clip, out, painter=again)
    assert (done.resumed, done.notes, again.painted) == (10, (), done.frames - 10)
    for one, other in zip(pictures(out), pictures(tmp_path / "whole.mp4"), strict=True):
        assert np.array_equal(one, other)
    assert not (tmp_path / ".impasto").exists()


def test_a_cancelled_film_keeps_its_finished_segments_and_writes_nothing(clip: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    done = fast(clip, tmp_path / "out.mp4", on_progress=seen.append, cancel=lambda: len(seen) >= 12)
    assert done.cancelled
    assert not (tmp_path / "out.mp4").exists()
    assert fast(clip, tmp_path / "out.mp4").resumed == 10


def test_progress_counts_frames_and_knows_the_end(clip: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    fast(clip, tmp_path / "out.mp4", on_progress=seen.append)
    assert [event.step for event in seen] == list(range(1, 23))
    assert seen[-1].steps == 22
    assert seen[-1].done == 1
    assert seen[-1].left == 0
    assert seen[-1].preview is not None
    assert seen[-1].preview().shape == (48, 64, 3)


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from impasto import FilmOptions, video
    from tests.clips.clips import Negative

    from tests.waiting import until

    class Killed(Negative):
        def paint(self, pixels):
            if self.painted == int(sys.argv[4]):
                until(lambda: Path(sys.argv[3]).read_text().count("ticks") == int(sys.argv[5]))
                os.kill(os.getpid(), signal.SIGKILL)
            return super().paint(pixels)

    video(sys.argv[1], "negative", sys.argv[2], painter=Killed(0.1), film=FilmOptions(segment=5))
"""


@pytest.mark.slow
@pytest.mark.parametrize("finished", [1, 3])
def test_a_film_killed_by_the_system_goes_on_frame_for_frame(tmp_path: Path, finished: int) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(40)], sound=True)
    fast(source, tmp_path / "whole.mp4", painter=Negative(0.1))
    output = tmp_path / "out.mp4"
    root = Path(__file__).parents[3]
    lines = FilmFolder.of(output).path / "00000" / LINES
    words = [source, output, lines, 5 * finished + 3, finished]
    command = [sys.executable, "-c", textwrap.dedent(KILLED), *map(str, words)]
    assert subprocess.run(command, cwd=root, check=False).returncode == -signal.SIGKILL
    assert not output.exists()
    done = fast(source, output, painter=Negative(0.1))
    assert done.resumed == 5 * finished
    found, whole = pictures(output), pictures(tmp_path / "whole.mp4")
    assert len(found) == 40
    assert all(np.array_equal(a, b) for a, b in zip(found, whole, strict=True))
    assert sound_packets(output) == sound_packets(source)


def test_a_disk_that_is_full_ends_in_one_line_and_leaves_the_output_as_it_was(
    tmp_path: Path,
) -> None:
    noise = [np.random.default_rng(n).random((48, 64, 3), dtype=np.float32) for n in range(30)]
    source = write_clip(tmp_path / "clip.mp4", noise)
    output = tmp_path / "out.mkv"
    output.write_bytes(b"what was there before")
    code = f"""
        import resource
        from impasto.errors import OutputError
        from impasto import FilmOptions, video
        from tests.clips.clips import Negative
        wanted = FilmOptions(segment=10, codec="ffv1")
        resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, 70_000))
        try:
            video({str(source)!r}, "negative", {str(output)!r}, painter=Negative(), film=wanted)
        except OutputError as error:
            print("refused:", error)
    """
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("refused: "), done.stderr
    assert "cannot write" in done.stdout
    assert done.stdout.count("\n") == 1
    assert output.read_bytes() == b"what was there before"
    assert not FilmFolder.of(output).path.exists(), "the first segment is not finished"


def test_outputs_that_cannot_be_written_are_refused_before_painting(clip: Path, tmp_path: Path) -> None:
    negative = Negative()
    for output, error, words in (
        (tmp_path / "none" / "out.mp4", OutputError, "existing folder"),
        (tmp_path / "out.txt", OutputError, "expected a name ending in .mp4"),
        (clip, InputError, "is also the input"),
    ):
        with pytest.raises(error, match=words):
            fast(clip, output, painter=negative)
    with pytest.raises(OptionError, match=r"expected a \.mov or \.mkv file for prores"):
        fast(clip, tmp_path / "out.mp4", painter=negative, film={"codec": "prores"})
    for wanted, words in (
        ({"codec": "h265", "quality": 52}, "quality of h265 from 0 .best. to 51; got 52"),
        ({"codec": "vp9", "bits": 10}, r"out\.mp4 with vp9 has 8 bits per sample; expected another"),
        ({"size": 10_000_000}, "expected frames of at most 180,000,000 pixels"),
    ):
        with pytest.raises(OptionError, match=words):
            fast(clip, tmp_path / "out.mp4", painter=negative, film=wanted)
    with pytest.raises(OptionError, match=r"out\.gif has 8 bits"):
        fast(clip, tmp_path / "out.gif", painter=negative, film={"bits": 10})
    assert negative.painted == 0


def test_a_size_that_cannot_be_encoded_or_painted_is_refused_before_painting(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(2)])
    negative = Negative()
    for output, width, words in (
        ("out.mp4", 16386, "libx264 does not take frames of 16386 x 16 pixels"),
        ("out.webm", 32768, "expected frames of at most 32,766 pixels a side; they would be 32768 x 16"),
    ):
        with pytest.raises(OptionError, match=words):
            fast(source, tmp_path / output, painter=negative, film={"size": (width, 16)})
    assert negative.painted == 0


def test_sound_that_no_encoder_takes_is_refused_before_painting(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.clips import sound, tracks

    monkeypatch.setitem(tracks.SOUND_INSTEAD, ".webm", "ac3_fixed")
    monkeypatch.setitem(sound._LAYOUTS, 1, "7.1")  # which AC-3 has not
    negative = Negative()
    with pytest.raises(
        InputError, match=r"its sound \(aac\) cannot be encoded as ac3_fixed, which .webm needs"
    ):
        fast(clip, tmp_path / "out.webm", painter=negative)
    assert negative.painted == 0
    fast(clip, tmp_path / "out.webm", film={"sound": False})


def test_a_file_where_the_frames_folder_should_be_is_named(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "frames").write_text("no folder")
    for output in (tmp_path / "frames", tmp_path / "frames" / "of" / "it"):
        with pytest.raises(OutputError) as raised:
            fast(clip, output)
        assert str(raised.value) == (
            f"cannot write {output}: {tmp_path / 'frames'} is a file; expected a folder for the frames"
        )


def test_other_files_beside_the_frames_do_not_begin_a_film_anew(tmp_path: Path) -> None:
    for number in range(12):
        imaging.write(Picture(moving(number)), tmp_path / f"{number}.png")
    source = tmp_path / "%d.png"
    stopped = fast(source, tmp_path / "out.mkv", cancel=stops_after(7))
    (tmp_path / "notes.txt").write_text("one")
    imaging.write(Picture(moving(3)), tmp_path / "look.png")
    done = fast(source, tmp_path / "out.mkv")
    assert stopped.cancelled
    assert (done.resumed, done.frames, done.notes) == (5, 12, ())


def stops_after(frames: int) -> Callable[[], bool]:
    asked = itertools.count()
    return lambda: next(asked) >= frames


@pytest.mark.parametrize("name", ["out", "f%03d.png"])
def test_frames_of_an_older_film_behind_the_last_are_told(clip: Path, tmp_path: Path, name: str) -> None:
    longer = fast(clip, tmp_path / name, film={"sound": False})
    shorter = fast(clip, tmp_path / name, film={"sound": False, "end": Fraction(1, 5)})
    assert (longer.notes, shorter.frames) == ((), 5)
    assert [note.partition(",")[0] for note in shorter.notes] == ["17 older frames"]


def test_frames_do_not_go_among_those_of_the_clip(tmp_path: Path) -> None:
    imaging.write(_as_picture(), tmp_path / "1.png")
    with pytest.raises(InputError, match="has the frames of the clip"):
        fast(tmp_path, tmp_path)


def _as_picture() -> Picture:
    return Picture(moving(0))


def test_damage_is_told_at_the_end(tmp_path: Path) -> None:
    for number in range(4):
        imaging.write(_as_picture(), tmp_path / f"{number}.png")
    (tmp_path / "2.png").write_bytes(b"no picture")
    (tmp_path / "out").mkdir()
    done = fast(tmp_path / "%d.png", tmp_path / "out" / "out.mp4")
    assert done.frames == 4
    assert "frame 2 is damaged and was replaced" in done.notes[0]
    with pytest.raises(InputError, match="frame 2 is damaged"):
        fast(tmp_path / "%d.png", tmp_path / "out" / "other.mp4", film={"damage": "refuse"})


FAST: dict[str, Any] = {"iterations": 2, "coarse_iterations": 2}


def optimised(source: Path, output: Path, **more: Any) -> Film:
    wanted = {"segment": 3, "next_iterations": 2, "size": 48, "long_term": (1, 2)} | more
    options = FilmOptions(**wanted)
    return video(source, "starry-night", output, options=OptimizeOptions(**FAST), film=options)


@pytest.mark.parametrize("passes", [1, 2])
def test_an_optimised_film_that_broke_off_goes_on_and_is_the_uninterrupted_one(
    tmp_path: Path, passes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.pipelines.video.segments import SegmentStore

    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(8)])
    assert optimised(source, tmp_path / "whole", passes=passes).engine == "optimize"
    commit = SegmentStore.commit

    def broken(self: SegmentStore, number: int, *rest: Any) -> Any:
        if number == 1:
            raise KeyboardInterrupt
        return commit(self, number, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(SegmentStore, "commit", broken)
        with pytest.raises(KeyboardInterrupt):
            optimised(source, tmp_path / "out", passes=passes)
    assert optimised(source, tmp_path / "out", passes=passes).resumed == 3
    found, whole = pictures(tmp_path / "out"), pictures(tmp_path / "whole")
    assert len(found) == len(whole) == 8
    assert all(np.array_equal(a, b) for a, b in zip(found, whole, strict=True))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
def test_the_peak_of_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    code = """
        import sys
        from pathlib import Path
        from impasto import FilmOptions, video
        from tests.clips.clips import Negative
        video(sys.argv[1], "negative", sys.argv[2], painter=Negative(), film=FilmOptions(segment=20))
        print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    """
    peaks = []
    for length in (120, 280):  # in shorter ones, the encoder and the allocator still fill up
        source = write_clip(tmp_path / f"{length}.mp4", [moving(n % 40, 320, 240) for n in range(length)])
        output = tmp_path / f"out{length}.mp4"
        command = [sys.executable, "-c", textwrap.dedent(code), str(source), str(output)]
        root = Path(__file__).parents[3]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
    frame = 320 * 240 * 3 * 4 / 1024
    assert peaks[1] - peaks[0] < 40 * frame


@pytest.mark.parametrize(
    "name", ["Title [dQw4w9WgXcQ].mp4", "100%d.mp4", "what?.mkv", "12:30.webm", "%05d.gif", "a*.mov"]
)
def test_a_name_of_a_film_is_never_a_pattern(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    source = write_clip(tmp_path / "plain.mp4", [moving(n) for n in range(3)])
    source = source.rename(tmp_path / "in" / f"{Path(name).stem}.mp4")
    done = fast(source, tmp_path / name)
    assert (done.frames, done.notes) == (3, ())
    assert len(pictures(tmp_path / name)) == 3


@pytest.mark.parametrize("name", ["out*.png", "out[1].png", "what?.jpg", "out.png"])
def test_frames_are_numbered_by_an_explicit_number_only(clip: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"a pattern such as out/%05d\.png, or a folder"):
        fast(clip, tmp_path / name)


def test_a_film_named_like_a_pattern_that_is_not_there_is_missing(tmp_path: Path) -> None:
    for name in ("Title [x].mp4", "100%d.mp4", "what?.mp4"):
        with pytest.raises(InputError, match="there is no"):
            fast(tmp_path / name, tmp_path / "out.mp4")


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.webm"])
def test_recordings_that_were_joined_keep_their_sound_in_step(tmp_path: Path, name: str) -> None:
    once = write_flashes(tmp_path / "once.ts").read_bytes()
    source = tmp_path / "joined.ts"
    source.write_bytes(once * 2)
    done = fast(source, tmp_path / name)
    flashes, beeps = flashes_and_beeps(tmp_path / name)
    assert done.frames == 50
    assert flashes == pytest.approx([0.48, 1.48], abs=0.03)
    assert flashes[1] - flashes[0] == pytest.approx(1, abs=0.002)
    assert beeps == pytest.approx(flashes, abs=0.03)


def write_numbered(folder: Path, *names: str, shape: tuple[int, int] = (64, 48)) -> Path:
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        imaging.write(Picture(moving(number, *shape)), folder / name)
    return folder


def test_frames_of_a_sequence_keep_their_names_or_numbers_and_gaps_are_told(tmp_path: Path) -> None:
    source = write_numbered(tmp_path / "in", *(f"shot_{n}.png" for n in (0, 1, 2, 5, 6, 9)))
    done = fast(source, tmp_path / "out")
    words = "pictures 3 to 4 and 7 to 8 are missing between 0 and 9; the film continues without them"
    assert done.notes == (words,)
    assert {path.name for path in (tmp_path / "out").iterdir() if path.suffix} == {
        f"shot_{n}.png" for n in (0, 1, 2, 5, 6, 9)
    }
    (tmp_path / "other").mkdir()
    fast(source / "shot_%d.png", tmp_path / "other" / "%04d.png")
    assert {path.name for path in (tmp_path / "other").iterdir() if path.suffix} == {
        f"{n:04d}.png" for n in (0, 1, 2, 5, 6, 9)
    }
    with pytest.raises(InputError, match="pictures 3 to 4 and 7 to 8 are missing between 0 and 9"):
        fast(source, tmp_path / "more", film={"damage": "refuse"})


def test_every_second_picture_is_no_gap(tmp_path: Path) -> None:
    source = write_numbered(tmp_path / "in", *(f"{n:03d}.png" for n in (100, 102, 104, 106)))
    done = fast(source, tmp_path / "out.mp4")
    assert (done.frames, done.notes) == (4, ())


def test_pictures_of_another_shape_are_refused_before_painting(tmp_path: Path) -> None:
    source = write_numbered(tmp_path / "in", "0001.png", "0002.png")
    write_numbered(source, "cover.png", shape=(48, 64))
    negative = Negative()
    with pytest.raises(InputError, match=r"0001\.png is 64 x 48, .*cover\.png is 48 x 64\. A pattern such"):
        fast(source, tmp_path / "out", painter=negative)
    assert negative.painted == 0
    assert fast(source / "%04d.png", tmp_path / "out").frames == 2


def test_pictures_that_are_not_numbered_alike_are_told_digits_first(tmp_path: Path) -> None:
    source = write_numbered(tmp_path / "in", "b2.png", "cover.png", "10.png", "9.png")
    assert [path.name for path in open_clip(source).paths] == ["9.png", "10.png", "b2.png", "cover.png"]  # type: ignore[attr-defined]
    done = fast(source, tmp_path / "out.mp4")
    assert done.notes == (
        "the 4 pictures are not numbered consistently; they are in the order of their names, from 9.png to "
        "cover.png",
    )


def test_frames_of_a_sequence_are_neither_hidden_files_nor_missing_ones_nor_clips(tmp_path: Path) -> None:
    source = write_numbered(tmp_path / "in", "A1.PNG", "a2.png", "A3.PNG", "1\u00b23.png")
    for name in ("._a1.png", ".hidden.png", "clip.gif"):
        (source / name).write_bytes(b"\0\5\x16\7")
    (source / "a4.png").symlink_to("nowhere")
    (source / "a5.png").mkdir()
    known = ["1\u00b23.png", "A1.PNG", "a2.png", "A3.PNG"]
    with pytest.warns(imaging.ImagingWarning, match=r"skipped .*clip\.gif, a clip of its own"):
        assert [path.name for path in open_clip(source).paths] == known  # type: ignore[attr-defined]
    for pattern, there in (("*.png", ["1\u00b23.png", "a2.png"]), ("a%d.png", ["a2.png"]), (".*.png", None)):
        found = [path.name for path in find(source / pattern)]
        assert found == (there or ["._a1.png", ".hidden.png"])


@pytest.mark.parametrize(("codec", "bare"), [("h264", "h264"), ("h265", "hevc")])
@pytest.mark.parametrize("rate", [Fraction(25), Fraction(24000, 1001)])
def test_the_stream_itself_states_the_rate_of_the_clip(
    tmp_path: Path, codec: str, bare: str, rate: Fraction
) -> None:
    write_numbered(tmp_path / "in", *(f"{n}.png" for n in range(6)))
    fast(tmp_path / "in", tmp_path / "out.mkv", film={"codec": codec, "rate": rate})
    with av.open(str(tmp_path / "out.mkv")) as source, av.open(str(tmp_path / f"out.{bare}"), "w") as raw:
        copy = raw.add_stream_from_template(source.streams.video[0], opaque=True)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = copy
                raw.mux(packet)
    with av.open(str(tmp_path / f"out.{bare}")) as container:
        assert container.streams.video[0].guessed_rate == rate


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_pipes_are_refused_with_the_reason_at_once(clip: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    negative = Negative()
    for source, words in (
        (tmp_path / "pipe.mkv", "which is a pipe or a device"),
        (Path("-"), "standard input"),
    ):
        with pytest.raises(InputError, match=f"expected a file: a film is read several times.*{words}"):
            fast(source, tmp_path / "out.mp4", painter=negative)
    for output, words in (
        (tmp_path / "pipe.mkv", "not a regular file"),
        (Path("-"), "from finished parts at the end, in a file"),
    ):
        with pytest.raises(OutputError, match=words):
            fast(clip, output, painter=negative)
    assert negative.painted == 0


@pytest.mark.parametrize("joined", [False, True])
def test_parts_of_a_clip_without_an_index_have_all_its_frames(tmp_path: Path, *, joined: bool) -> None:
    source = write_flashes(tmp_path / "a.ts", 90, flashes=(12, 70), options={"g": "50", "bf": "2"})
    if joined:
        half = write_flashes(tmp_path / "half.ts", 45, flashes=(12,), options={"g": "50", "bf": "2"})
        source.write_bytes(half.read_bytes() * 2)
    done = fast(source, tmp_path / "out.mkv", film={"keep": 0}, longest=40)
    assert done.frames == 90
    photos, paintings = pictures(source), pictures(tmp_path / "out.mkv")
    assert len(photos) == len(paintings) == 90
    flashes, beeps = flashes_and_beeps(tmp_path / "out.mkv")
    assert beeps == pytest.approx(flashes, abs=0.03)
    assert flashes[1] - flashes[0] == pytest.approx(1.8 if joined else 58 / 25, abs=0.002)


def test_transparency_of_pictures_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    alpha = np.ones((48, 64), np.float32)
    alpha[:, :20] = 0
    for number in range(3):
        imaging.write(Picture(moving(number), alpha=alpha), tmp_path / "in" / f"{number}.png")
    assert fast(tmp_path / "in", tmp_path / "out.mp4").notes == (TRANSPARENT,)


@pytest.mark.parametrize("bits", [8, 10])
def test_y4m_has_the_rate_the_depth_and_no_times_of_its_own(tmp_path: Path, bits: int) -> None:
    ticks = [0, 4, 8, 20, 24, 28]
    source = write_clip(tmp_path / "a.mp4", [moving(n) for n in range(6)], ticks=ticks, sound=True)
    done = fast(source, tmp_path / "out.y4m", film={"bits": bits, "keep": 0})
    with av.open(str(tmp_path / "out.y4m")) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(video=0))
        assert stream.average_rate == open_clip(source).info.rate
    assert len(frames) == 6
    assert frames[0].format.name == {8: "yuv420p", 10: "yuv420p10le"}[bits]
    assert len(done.notes) == 2
    assert done.notes[0].startswith("the times of frames were left out: Y4M shows ")
    assert done.notes[1] == "the sound was left out: Y4M has none"
    for photo, painting in zip(pictures(source), pictures(tmp_path / "out.y4m"), strict=True):
        assert np.abs(1 - photo - painting).mean() < 0.05
