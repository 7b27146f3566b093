"""Clips whose containers know little, or something wrong, about their frames."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from impasto.clips import Request, open_clip
from impasto.clips.clip import HIGH_RANGE, TRANSPARENT
from impasto.errors import InputError
from impasto.types import Pixels
from tests.clips.clips import bars, flashes_and_beeps, moving, write_clip, write_flashes

ENCODERS = {
    "ts": ("libx264", "aac"),
    "mkv": ("libx264", "aac"),
    "mp4": ("libx264", "aac"),
    "webm": ("libvpx", "libopus"),
    "avi": ("libx264", "mp2"),
    "flv": ("libx264", "aac"),
    "mpg": ("mpeg2video", "mp2"),
    "vob": ("mpeg2video", "mp2"),
    "wmv": ("wmv2", "ac3"),
    "mxf": ("mpeg2video", "pcm_s16le"),
}


def film(path: Path, frames: int = 25, **more: Any) -> Path:
    video, audio = ENCODERS[path.suffix[1:]]
    options = {"g": "50"} if video in ("libvpx", "wmv2") else {"g": "50", "bf": "2"}
    return write_flashes(path, frames, video=video, audio=audio, **{"options": options} | more)


def times(path: Path, request: Request | None = None) -> list[Fraction]:
    clip = open_clip(path, request)
    return [clip.info.origin - clip.info.begin + f.ticks * clip.info.time_base for f in clip.frames()]


@pytest.mark.parametrize("suffix", ["ts", "mpg", "vob", "mkv", "webm"])
def test_a_clock_that_begins_again_loses_no_frame(tmp_path: Path, suffix: str) -> None:
    once = film(tmp_path / f"once.{suffix}").read_bytes()
    path = tmp_path / f"joined.{suffix}"
    pieces = 2 if suffix in ("mkv", "webm") else 3  # of which libav reads two
    path.write_bytes(once * pieces)
    clip = open_clip(path)
    assert (clip.info.frames, clip.info.rate) == (25 * pieces, 25)
    found = [float(time) for time in times(path)]
    assert found == pytest.approx([n / 25 for n in range(25 * pieces)], abs=0.002)
    assert clip.notes == []


def test_clocks_of_two_recordings_that_are_hours_apart_lose_no_frame(tmp_path: Path) -> None:
    once = film(tmp_path / "once.ts").read_bytes()
    later = film(tmp_path / "later.ts", container_options={"output_ts_offset": "7200"}).read_bytes()
    for name, data in (("forwards.ts", once + later), ("backwards.ts", later + once)):
        (tmp_path / name).write_bytes(data)
        found = [float(time) for time in times(tmp_path / name)]
        assert found == pytest.approx([n / 25 for n in range(50)], abs=0.002)


BARE = {
    "h264": ("libx264", {"bf": "2", "g": "5"}),
    "hevc": ("libx265", {"x265-params": "log-level=error"}),
    "m2v": ("mpeg2video", {"bf": "2"}),
    "avi": ("libx264", {"bf": "2", "g": "5"}),
    "ivf": ("libvpx", {}),
}


@pytest.mark.parametrize("suffix", list(BARE))
def test_a_stream_without_times_has_all_its_frames_at_the_rate_it_states(tmp_path: Path, suffix: str) -> None:
    codec, options = BARE[suffix]
    path = tmp_path / f"bare.{suffix}"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            pixels = np.rint(moving(number) * 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    clip = open_clip(path)
    assert (clip.info.rate, clip.info.frames) == (30, 20)
    assert times(path) == [Fraction(n, 30) for n in range(20)]
    whole = [frame.pixels for frame in clip.frames()]
    assert max(float(np.abs(a - moving(n)).mean()) for n, a in enumerate(whole)) < 0.1
    assert min(float(np.abs(a - b).mean()) for a, b in pairwise(whole)) > 0.03
    part = list(open_clip(path, Request(start=Fraction(1, 3))).frames())
    assert all(np.array_equal(a.pixels, b) for a, b in zip(part, whole[10:], strict=True))


@pytest.mark.parametrize("suffix", sorted(ENCODERS))
def test_a_film_of_one_frame_shows_it_as_long_as_its_codec_says(tmp_path: Path, suffix: str) -> None:
    path = write_clip(
        tmp_path / f"a.{suffix}",
        [moving(0)],
        codec=ENCODERS[suffix][0],
        options={"b": "1M"},
        prepare=lambda context: setattr(context, "time_base", Fraction(1, 25)),
    )
    info = open_clip(path).info
    assert (info.frames, info.rate, info.remarks) == (1, 25, ())


INTRA_REFRESH = {"x264-params": "intra-refresh=1:keyint=20:bframes=0"}


@pytest.mark.parametrize("suffix", list(ENCODERS))
@pytest.mark.parametrize("options", [{"g": "50", "bf": "2"}, {"g": "10", "flags": "-cgop"}, INTRA_REFRESH])
def test_start_is_exact_in_every_container(tmp_path: Path, suffix: str, options: dict[str, str]) -> None:
    video, _ = ENCODERS[suffix]
    if video != "libx264":
        options = {name: value for name, value in options.items() if name == "g"}
    path = film(tmp_path / f"a.{suffix}", 60, options=options)
    clip = open_clip(path)
    whole = list(clip.frames())
    assert len(whole) == 60
    for start in (1, 30, 55):
        at = clip.info.origin - clip.info.begin + whole[start].ticks * clip.info.time_base
        part = open_clip(path, Request(start=at))
        found = list(part.frames())
        assert part.info.frames == len(found) == 60 - start
        assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(found, whole[start:], strict=True))
    assert len(times(path, Request(start=Fraction(1), end=Fraction(2)))) == 25


@pytest.mark.parametrize("suffix", ["mkv", "flv", "ogg"])
def test_a_file_of_which_only_the_very_end_is_missing_is_told(tmp_path: Path, suffix: str) -> None:
    coders = {"video": "libvpx", "audio": "libopus"} if suffix == "ogg" else {}
    path = write_flashes(tmp_path / f"a.{suffix}", 25, options={"g": "10", "crf": "5"}, **coders)
    assert open_clip(path, Request(damage="refuse")).info.remarks == ()
    data = path.read_bytes()
    path.write_bytes(data[:-200])
    assert open_clip(path).info.remarks == ("the file breaks off: the last frames may be missing",)
    with pytest.raises(InputError, match="breaks off"):
        open_clip(path, Request(damage="refuse"))


def test_a_hole_in_a_whole_matroska_is_no_last_frame_that_is_held(tmp_path: Path) -> None:
    path = write_flashes(tmp_path / "a.mkv", 100)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    path.write_bytes(data)
    info = open_clip(path).info
    assert (info.last, len(info.remarks)) == (None, 1)
    assert "of the file cannot be read: damage, or several files joined into one?" in info.remarks[0]


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_frames_before_the_first_that_can_be_decoded_are_told(tmp_path: Path, codec: str) -> None:
    """A broadcast is recorded from any moment on: decoders pass over what refers to frames before."""
    path = write_flashes(tmp_path / "a.ts", 50, video=codec, options={"g": "12", "bf": "2"})
    assert open_clip(path).info.remarks == ()
    data = path.read_bytes()
    path.write_bytes(data[len(data) // 3 // 188 * 188 :])
    clip = open_clip(path)
    seen, there = len(list(clip.frames())), len(clip.index.times)
    first = float(clip.info.origin - clip.info.begin)
    words = f"{there - seen} frames were left out before the first that can be decoded, at {first:.3f} s"
    assert clip.info.remarks == (words,)
    assert (0 < there - seen < 12, clip.notes) == (True, [])
    assert open_clip(path, Request(start=Fraction(1, 2))).info.remarks == ()


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm", "avi", "flv", "wmv", "mxf"])
def test_a_file_that_was_cut_says_how_much_is_missing_or_is_refused(tmp_path: Path, suffix: str) -> None:
    video, audio = ENCODERS.get(suffix, ENCODERS["mp4"])
    whole = write_flashes(
        tmp_path / f"whole.{suffix}",
        60,
        options={"g": "10", "crf": "0"} if video == "libx264" else {"g": "10"},
        video=video,
        audio=audio,
        container_options={"movflags": "faststart"} if suffix in ("mp4", "mov") else None,
    )
    assert open_clip(whole).info.remarks == ()
    path = tmp_path / f"cut.{suffix}"
    data = whole.read_bytes()
    head = max(0, data.find(b"mdat"))
    path.write_bytes(data[: head + (len(data) - head) * 2 // 5])
    clip = open_clip(path)
    seconds, seen = clip.info.remarks[0].removeprefix("the clip ends ").split(" s early: ")
    frames, of, total, _ = seen.split()
    assert (of, int(frames)) == ("of", len(list(clip.frames())))
    assert int(total) == pytest.approx(60, abs=3)
    assert float(seconds) == pytest.approx((int(total) - int(frames)) / 25, abs=0.06)
    with pytest.raises(InputError, match=r"the clip ends .* s early"):
        open_clip(path, Request(damage="refuse"))
    assert open_clip(path, Request(end=Fraction(1, 5))).info.remarks == ()


def test_a_subtitle_that_outlasts_the_pictures_is_no_end_missing(tmp_path: Path) -> None:
    cues = [(600, 9000)]
    with av.open(str(film(tmp_path / "film.mkv"))) as source, av.open(str(tmp_path / "a.mkv"), "w") as new:
        words = tmp_path / "a.srt"
        words.write_text("1\n00:00:00,100 --> 00:00:00,300\na\n")
        with av.open(str(words)) as text:
            told = new.add_stream_from_template(text.streams[0], opaque=True)
        streams = [new.add_stream_from_template(stream, opaque=True) for stream in source.streams]
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
                if packet.stream_index == streams[0].index and cues and packet.pts * packet.time_base > 0.5:
                    begin, end = cues.pop(0)
                    cue = av.Packet(b"a")
                    cue.pts, cue.duration, cue.time_base = begin, end - begin, Fraction(1, 1000)
                    cue.stream = told
                    new.mux(cue)
    clip = open_clip(tmp_path / "a.mkv")
    assert clip.info.remarks == ()
    assert [float(time) for time in times(clip.path)] == pytest.approx([n / 25 for n in range(25)], abs=0.002)


def test_empty_chunks_of_an_avi_which_repeat_the_frame_before_are_not_missing(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.avi", [moving(n) for n in range(20)], codec="mpeg4", options={"g": "5"})
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames > 20
    assert open_clip(path).info.remarks == ()
    data = path.read_bytes()
    head = data.index(b"movi")
    path.write_bytes(data[: head + (len(data) - head) // 2])
    assert "s early" in open_clip(path).info.remarks[0]


def test_empty_chunks_at_the_end_of_an_avi_hold_the_last_frame(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "a.avi",
        [moving(n) for n in range(8)],
        codec="mjpeg",
        pixel_format="yuvj420p",
        options={"q": "2"},
        prepare=lambda context: setattr(context, "time_base", Fraction(1, 25)),
    )
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        states = int(container.streams.video[0].frames)
        unit = container.streams.video[0].time_base
    place, movi = data.index(b"idx1"), data.index(b"movi")
    data[place:place] = b"00dc\0\0\0\0" * 10
    for where, more in (
        (4, 80),
        (movi - 4, 80),
        (data.index(b"avih") + 24, 10),
        (data.index(b"strh") + 40, 10),
    ):
        struct.pack_into("<I", data, where, struct.unpack_from("<I", data, where)[0] + more)
    path.write_bytes(data)
    clip = open_clip(path)
    newest = clip.index.times[-1]
    assert clip.info.remarks == ()
    assert clip.info.last == (states + 10 - newest) * unit
    assert len(list(clip.frames())) == 8


def test_a_stream_that_states_how_many_frames_it_has_says_how_many_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.ivf"
    write_clip(path, [moving(number) for number in range(20)], codec="libvpx", options={"g": "5"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert open_clip(path).info.remarks[0].endswith("of 20 frames")
    path.write_bytes(data[:24] + b"\xff" * 4 + data[28:])  # as where the end was not known
    assert open_clip(path).info.remarks == ()


@pytest.mark.parametrize("suffix", ["mkv", "webm", "mp4", "flv", "ts", "wmv", "avi"])
def test_a_film_whose_clock_begins_late_is_whole(tmp_path: Path, suffix: str) -> None:
    path = film(tmp_path / f"a.{suffix}", container_options={"output_ts_offset": "7.3"})
    clip = open_clip(path)
    assert (clip.info.remarks, clip.info.frames, clip.info.last) == ((), 25, None)


def test_a_clock_that_jumps_by_days_loses_no_frame(tmp_path: Path) -> None:
    """Flash videos that begin before 0 are read so."""
    options = {"output_ts_offset": "-0.4", "avoid_negative_ts": "disabled"}
    path = film(tmp_path / "a.flv", options={"g": "50", "bf": "0"}, container_options=options)
    found = [float(time) for time in times(path)]
    assert found == pytest.approx([n / 25 for n in range(25)], abs=0.01)


def displayed(path: Path, matrix: list[int]) -> Path:
    """The MP4 file ``path`` with another display matrix."""
    plain = np.array([1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30], ">i4").tobytes()
    data = path.read_bytes()
    at = data.index(plain, data.index(b"tkhd"))
    turned = np.array([x << 16 for x in matrix[:2]] + [0] + [x << 16 for x in matrix[2:]], ">i4").tobytes()
    path.write_bytes(data[:at] + turned + data[at + len(turned) :])
    return path


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_all_eight_orientations_are_shown_as_players_show_them(
    tmp_path: Path, turns: int, mirrored: bool
) -> None:
    stored = np.ascontiguousarray(bars(64, 48) * np.linspace(0.2, 1, 48, dtype=np.float32)[:, None, None])
    shown = np.rot90(stored[:, ::-1] if mirrored else stored, turns)
    # Where the unit vectors of the stored picture, x to the right and y down, point on the screen.
    across, down = np.array([-1 if mirrored else 1, 0]), np.array([0, 1])
    quarter = np.array([[0, 1], [-1, 0]])  # to the left, with y down
    for _ in range(turns):
        across, down = quarter @ across, quarter @ down
    path = displayed(write_clip(tmp_path / "a.mp4", [stored] * 2), [*across.tolist(), *down.tolist()])
    clip = open_clip(path)
    found = next(iter(clip.frames())).pixels
    assert (clip.info.width, clip.info.height) == shown.shape[1::-1]
    assert np.abs(found - shown).mean() < 0.03


@pytest.mark.parametrize("suffix", ["ts", "h264"])
def test_frames_that_change_their_shape_are_fitted_in_and_told(tmp_path: Path, suffix: str) -> None:
    wide = write_clip(tmp_path / f"wide.{suffix}", [np.full((48, 64, 3), 0.6, np.float32)] * 5)
    tall = write_clip(tmp_path / f"tall.{suffix}", [np.full((64, 48, 3), 0.6, np.float32)] * 5)
    path = tmp_path / f"both.{suffix}"
    path.write_bytes(wide.read_bytes() + tall.read_bytes())
    clip = open_clip(path)
    frames = list(clip.frames())
    assert len(frames) == 10
    assert {frame.pixels.shape for frame in frames} == {(48, 64, 3)}
    last = frames[-1].pixels[..., 1]
    assert np.abs(last[:, 16:48] - 0.6).max() < 0.05
    assert max(last[:, :13].max(), last[:, 51:].max()) < 0.05
    assert [note.partition(" s ")[2] for note in clip.notes] == [
        "the frames become 48 x 64, after 64 x 48: they were fitted in, with black around them"
    ]


def test_interlaced_frames_are_deinterlaced_and_told(tmp_path: Path) -> None:
    def interlaced(context: Any) -> None:
        context.options = {"crf": "1", "x264-params": "tff=1"}

    def fields(number: int) -> Any:
        even, odd = moving(2 * number, speed=4), moving(2 * number + 1, speed=4)
        return np.where((np.arange(48) % 2 == 0)[:, None, None], even, odd)

    path = write_clip(tmp_path / "a.mp4", [fields(n) for n in range(8)], prepare=interlaced)
    clip = open_clip(path)
    frames = list(clip.frames())
    assert clip.notes == ["interlaced frames were deinterlaced"]
    assert [f.ticks * clip.info.time_base for f in frames] == [Fraction(n, 25) for n in range(8)]

    def combs(pixels: Any) -> float:
        return float(np.abs(2 * pixels[1:-1] - pixels[:-2] - pixels[2:]).mean())

    assert np.mean([combs(f.pixels) for f in frames]) < 0.6 * np.mean([combs(fields(n)) for n in range(8)])
    part = list(open_clip(path, Request(start=Fraction(1, 25))).frames())
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(part, frames[1:], strict=True))


def test_hdr_and_transparency_are_told(tmp_path: Path) -> None:
    def pq(context: Any) -> None:
        context.color_trc, context.color_primaries, context.colorspace = 16, 9, 9

    path = write_clip(tmp_path / "hdr.mp4", [bars(64, 48)] * 2, pixel_format="yuv420p10le", prepare=pq)
    clip = open_clip(path)
    assert (len(list(clip.frames())), clip.notes) == (2, [HIGH_RANGE])

    def half(pixels: Any) -> Any:
        alpha = np.zeros((48, 64, 1), np.uint8)
        alpha[:, :32] = 255
        codes = np.concatenate([np.rint(pixels * 255).astype(np.uint8) * (alpha > 0), alpha], axis=2)
        return av.VideoFrame.from_ndarray(codes.astype(np.uint8), format="rgba").reformat(format="bgra")

    grey = np.full((48, 64, 3), 0.6, np.float32)
    path = write_clip(
        tmp_path / "alpha.mkv", [grey] * 2, codec="ffv1", pixel_format="bgra", options={}, convert=half
    )
    clip = open_clip(path)
    frames = list(clip.frames())
    assert clip.notes == [TRANSPARENT]
    assert np.abs(frames[0].pixels - 0.6).max() < 0.01  # not black where nothing was


@pytest.mark.parametrize("suffix", [".png", ".webp", ".avif", ".gif"])
def test_moving_pictures_have_all_their_frames_as_long_as_they_say(tmp_path: Path, suffix: str) -> None:

    path = tmp_path / f"moving{suffix}"
    grey = [np.full((48, 64, 3), 40 * n + 20, np.uint8) for n in range(6)]
    images = [Image.fromarray(pixels) for pixels in grey]
    lengths = [40, 80, 40, 120, 40, 40]
    images[0].save(path, save_all=True, append_images=images[1:], duration=lengths, loop=0)
    clip = open_clip(path)
    frames = list(clip.frames())
    assert (clip.info.frames, len(frames)) == (6, 6)
    assert [f.ticks * clip.info.time_base * 1000 for f in frames] == [0, 40, 120, 160, 280, 320]
    assert [float(f.pixels.mean()) * 255 for f in frames] == pytest.approx(
        [40 * n + 20 for n in range(6)], abs=3
    )
    part = open_clip(path, Request(start=Fraction(1, 10), end=Fraction(3, 10)))
    assert [float(f.pixels.mean()) * 255 for f in part.frames()] == pytest.approx([100, 140, 180], abs=3)


def test_the_picture_before_an_animation_is_not_one_of_its_frames(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 12), (40 * n, 40 * n, 40 * n)) for n in range(4)]
    path = tmp_path / "a.png"
    Image.new("RGB", (16, 12), "white").save(
        path, save_all=True, append_images=frames, default_image=True, duration=100
    )
    found = [float(frame.pixels.mean()) * 255 for frame in open_clip(path).frames()]
    assert found == pytest.approx([40 * n for n in range(4)], abs=2)


@pytest.mark.parametrize("suffix", ["png", "webp", "gif"])
def test_the_last_picture_of_an_animation_is_shown_as_long_as_it_says(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (16, 12), (40 * n, 40 * n, 40 * n)) for n in range(4)]
    path = tmp_path / f"a.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[40, 100, 200, 60])
    assert open_clip(path).info.last == Fraction(6, 100)
    assert open_clip(path, Request(end=Fraction(36, 100))).info.last == Fraction(2, 100)
    assert open_clip(path, Request(end=Fraction(2, 10))).info.last == Fraction(6, 100)


def test_a_gif_that_breaks_off_says_so_or_is_refused(tmp_path: Path) -> None:
    noise = [np.random.default_rng(n).integers(0, 255, (12, 16), np.uint8) for n in range(4)]
    frames = [Image.fromarray(picture) for picture in noise]
    path = tmp_path / "a.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    assert open_clip(path).info.remarks == ()
    path.write_bytes(path.read_bytes()[:-200])
    assert open_clip(path).info.remarks == ("the file breaks off: the last frames may be missing",)
    with pytest.raises(InputError, match="breaks off"):
        open_clip(path, Request(damage="refuse"))


def test_closed_captions_within_the_pictures_are_told(tmp_path: Path) -> None:
    """ATSC A/53 part 4, in a message of H.264 (ITU-T T.35) before each picture."""
    path = write_clip(tmp_path / "a.h264", [moving(number) for number in range(3)])
    told = b"\xb5\0\x31GA94\3\x41\xff\xfc\x94\x20\xff"
    message = b"\0\0\0\1\6\4" + bytes([len(told)]) + told + b"\x80"
    data = path.read_bytes()
    assert open_clip(path).notes == []
    at = data.index(b"\0\0\1\x65") if b"\0\0\1\x65" in data else data.index(b"\0\0\1\x25")
    path.write_bytes(data[:at] + message + data[at:])
    clip = open_clip(path)
    assert len(list(clip.frames())) == 3
    assert clip.notes == ["closed captions, which are within the pictures, were left out"]


@pytest.mark.parametrize("suffix", ["avi", "mov"])
def test_frames_with_the_exif_of_a_camera_are_read(tmp_path: Path, suffix: str) -> None:
    """FFmpeg hands it on as data beside the pixels, of a kind that PyAV may not know."""
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    header = exif.tobytes()
    path = tmp_path / f"a.{suffix}"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for number in range(3):
            image = Image.fromarray(np.rint(moving(number) * 255).astype(np.uint8))
            data = io.BytesIO()
            image.save(data, "jpeg", exif=header, quality=95)
            packet = av.Packet(data.getvalue())
            packet.pts = packet.dts = number
            packet.time_base, packet.is_keyframe, packet.stream = Fraction(1, 25), True, stream
            container.mux(packet)
    frames = list(open_clip(path).frames())
    assert len(frames) == 3
    assert all(np.abs(frame.pixels - moving(number)).mean() < 0.05 for number, frame in enumerate(frames))


JOINED = [("flv", 2, 1), ("mkv", 3, 2), ("mp4", 2, 1), ("mov", 4, 1), ("asf", 2, 1)]
JOINED += [("nut", 2, 1), ("ivf", 3, 1), ("y4m", 2, 1), ("cpk", 2, 1), ("rm", 3, 1), ("swf", 2, 1)]


@pytest.mark.parametrize(("suffix", "pieces", "read"), JOINED)
def test_what_cannot_be_read_of_joined_files_is_told(
    tmp_path: Path, suffix: str, pieces: int, read: int
) -> None:
    pictures = [moving(number) for number in range(25)]
    codecs = {"ivf": "libvpx", "y4m": "wrapped_avframe", "nut": "mpeg4", "cpk": "cinepak"}
    codecs |= {"rm": "rv10", "swf": "flv"}
    codec, how = codecs.get(suffix, "libx264"), "rgb24" if suffix == "cpk" else "yuv420p"
    once = write_clip(
        tmp_path / f"once.{suffix}", pictures, codec=codec, pixel_format=how, options={"b": "500k"}
    )
    assert open_clip(once).info.remarks == ()
    path = tmp_path / f"joined.{suffix}"
    path.write_bytes(once.read_bytes() * pieces)
    clip = open_clip(path)
    assert len(list(clip.frames())) == 25 * read
    share = 1 - read / pieces
    words = f"the last {share:.0%} of the file cannot be read: damage, or several files joined into one?"
    assert words in clip.info.remarks
    if suffix in ("nut", "ivf", "y4m"):
        assert clip.notes == []  # what libav makes of the second file's header is no frame
    with pytest.raises(InputError, match="cannot be read"):
        open_clip(path, Request(damage="refuse"))


FRAGMENTS = ["empty_moov", "empty_moov+default_base_moof", "dash+global_sidx", "frag_keyframe"]


def fragmented(path: Path, pictures: list[Pixels], kind: str) -> bytes:
    """Write an MP4 of a fragment for each second picture."""
    with av.open(str(path), "w", options={"movflags": f"frag_keyframe+{kind}"}) as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"g": "2", "crf": "10", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.rint(pixels * 255).astype(np.uint8), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize("kind", FRAGMENTS)
def test_of_joined_fragmented_files_the_first_is_read_and_the_rest_told(tmp_path: Path, kind: str) -> None:
    first = fragmented(tmp_path / "1.mp4", [moving(number) for number in range(8)], kind)
    second = fragmented(tmp_path / "2.mp4", [moving(60 - number) for number in range(12)], kind)
    once = list(open_clip(tmp_path / "1.mp4", Request(damage="refuse")).frames())
    path = tmp_path / "joined.mp4"
    path.write_bytes(first + second)
    clip = open_clip(path)
    frames = list(clip.frames())
    assert [frame.ticks for frame in frames] == [frame.ticks for frame in once]
    for frame, other in zip(frames, once, strict=True):
        np.testing.assert_array_equal(frame.pixels, other.pixels)
    share = len(second) / len(first + second)
    words = f"the last {share:.0%} of the file cannot be read: damage, or several files joined into one?"
    assert (clip.info.remarks, clip.notes) == ((words,), [])
    with pytest.raises(InputError, match="cannot be read"):
        open_clip(path, Request(damage="refuse"))


def test_fragmented_files_that_continue_each_other_are_one(tmp_path: Path) -> None:
    """As recorders of live streams write them, each with its header."""
    kind, pictures = "empty_moov+default_base_moof", [moving(number) for number in range(8)]
    whole, parts, path = bytearray(), [], tmp_path / "whole.mp4"
    for begin in (0, 4):
        data = bytearray(fragmented(path, pictures[begin : begin + 4], kind))
        parts += list(open_clip(path).frames())
        place = 0
        while (place := data.find(b"tfdt", place) + 8) > 8:  # a time in 64 bits
            (time,) = struct.unpack_from(">Q", data, place)
            struct.pack_into(">Q", data, place, time + begin * 512)
        whole += data[: data.rindex(b"mfra") - 4]
    path.write_bytes(whole)
    clip = open_clip(path, Request(damage="refuse"))
    frames = list(clip.frames())
    assert [frame.ticks * clip.info.time_base for frame in frames] == [Fraction(n, 25) for n in range(8)]
    for frame, part in zip(frames, parts, strict=True):
        np.testing.assert_array_equal(frame.pixels, part.pixels)
    assert (clip.info.remarks, clip.notes) == ((), [])


@pytest.mark.parametrize("suffix", ["swf", "cws.swf", "rm", "fragmented.mp4"])
def test_a_film_whose_parts_say_how_long_they_are_is_told_to_break_off(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    pictures = [moving(number) for number in range(8)]
    if suffix.endswith("mp4"):
        fragmented(path, pictures, "empty_moov")
    else:
        write_clip(path, pictures, codec="rv10" if suffix == "rm" else "flv", options={"b": "500k"})
    data = path.read_bytes()
    if suffix.startswith("cws"):  # a compressed one
        data = b"C" + data[1:8] + zlib.compress(data[8:])
    path.write_bytes(data)
    assert open_clip(path, Request(damage="refuse")).info.remarks == ()
    path.write_bytes(data[: len(data) * 4 // 5])
    words = "the file breaks off: the last frames may be missing"
    clip = open_clip(path)
    assert 0 < len(list(clip.frames())) < 8
    assert clip.info.remarks == (words,)
    with pytest.raises(InputError, match=words):
        open_clip(path, Request(damage="refuse"))
    path.write_bytes(data * 2)
    clip = open_clip(path)
    assert len(list(clip.frames())) == 8
    words = "the last 50% of the file cannot be read: damage, or several files joined into one?"
    assert clip.info.remarks == (words,)


@pytest.mark.parametrize("suffix", ["png", "webp", "avif"])
@pytest.mark.parametrize("pieces", [2, 3])
def test_what_is_not_read_of_joined_animations_is_told(tmp_path: Path, suffix: str, pieces: int) -> None:
    frames = [Image.new("RGB", (16, 12), (40 * n, 40 * n, 40 * n)) for n in range(4)]
    path = tmp_path / f"a.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    assert open_clip(path, Request(damage="refuse")).info.remarks == ()
    path.write_bytes(path.read_bytes() * pieces)
    clip = open_clip(path)
    assert len(list(clip.frames())) == 4
    words = (
        f"the last {1 - 1 / pieces:.0%} of the file cannot be read: damage, or several files joined into one?"
    )
    assert clip.info.remarks == (words,)
    with pytest.raises(InputError, match="several files joined into one"):
        open_clip(path, Request(damage="refuse"))


def test_a_picture_with_something_else_after_it_is_whole(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 12), (40 * n, 40 * n, 40 * n)) for n in range(4)]
    for suffix in ("png", "webp"):
        path = tmp_path / f"a.{suffix}"
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
        path.write_bytes(path.read_bytes() + b"notes of a camera" * 99)
        assert open_clip(path, Request(damage="refuse")).info.remarks == ()


def test_a_y4m_that_breaks_off_within_a_frame_is_told(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "a.y4m", [moving(n) for n in range(3)], codec="wrapped_avframe", options={"b": "1k"}
    )
    assert open_clip(path).info.remarks == ()
    path.write_bytes(path.read_bytes()[:-1000])
    clip = open_clip(path)
    assert len(list(clip.frames())) == 2
    assert clip.info.remarks == ("the file breaks off: the last frames may be missing",)
    with pytest.raises(InputError, match="breaks off"):
        open_clip(path, Request(damage="refuse"))


@pytest.mark.parametrize("suffix", [".asf", ".mp4"])
def test_pictures_with_decoding_times_only_are_shown_evenly_and_in_step_with_the_sound(
    tmp_path: Path, suffix: str
) -> None:
    film = write_flashes(tmp_path / "film.asf", 30, flashes=(6, 20), options={"bf": "3"})
    if suffix == ".mp4":
        with av.open(str(film)) as source, av.open(str(film := tmp_path / "film.mp4"), "w") as output:
            copies = [output.add_stream_from_template(stream) for stream in source.streams]
            for packet in source.demux():
                if packet.size:
                    packet.pts = packet.dts
                    packet.stream = copies[packet.stream_index]
                    output.mux(packet)
    clip = open_clip(film)
    frames = list(clip.frames())
    times = [float(frame.ticks * clip.info.time_base) for frame in frames]
    assert times == pytest.approx([number / 25 for number in range(30)], abs=0.002)
    bright = [number for number, frame in enumerate(frames) if frame.pixels.mean() > 0.6]
    assert bright == [6, 20]
    beeps = flashes_and_beeps(film)[1]
    flashes = [float(clip.info.origin) + times[number] for number in bright]
    assert flashes == pytest.approx(beeps, abs=0.03)
