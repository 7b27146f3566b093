from __future__ import annotations

import re
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from impasto import imaging
from impasto.clips import Request, open_clip, parse_time
from impasto.clips.clip import no_frame
from impasto.clips.colour import _LUMA, to_frame, to_pixels, to_srgb
from impasto.errors import InputError, OptionError
from impasto.types import Picture, Pixels
from tests.clips.clips import BARS, bars, moving, write_clip


def code_planes(pixels: Pixels, matrix: int, bits: int, full: bool) -> Any:
    """A 4:4:4 frame of ``pixels``, by the definitions of ITU-R BT.601, BT.709 and BT.2020."""
    red, blue = _LUMA[matrix]
    r, g, b = (pixels[..., n] for n in range(3))
    y = red * r + (1 - red - blue) * g + blue * b
    cb, cr = (b - y) / (2 - 2 * blue), (r - y) / (2 - 2 * red)
    step, top = 2 ** (bits - 8), 2**bits - 1
    if full:
        planes = [y * top, cb * top + 128 * step, cr * top + 128 * step]
    else:
        planes = [(16 + 219 * y) * step, (128 + 224 * cb) * step, (128 + 224 * cr) * step]
    frame = av.VideoFrame(pixels.shape[1], pixels.shape[0], "yuv444p" if bits == 8 else f"yuv444p{bits}le")
    kind: Any = np.uint8 if bits == 8 else np.uint16
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
        rows[:, : plane.width] = np.rint(values)
    return frame


def centres(pixels: Pixels) -> np.ndarray[Any, Any]:
    width = pixels.shape[1] // len(BARS)
    return np.stack([pixels[pixels.shape[0] // 2, n * width + width // 2] for n in range(len(BARS))])


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [1, 6, 9])
def test_colour_bars_of_every_range_matrix_and_depth_come_out_right(
    tmp_path: Path, matrix: int, full: bool, bits: int
) -> None:
    def tagged(context: Any) -> None:
        context.colorspace, context.color_range = matrix, 2 if full else 1

    path = write_clip(
        tmp_path / "bars.mkv",
        [bars()] * 2,
        codec="ffv1",
        pixel_format="yuv444p" if bits == 8 else "yuv444p10le",
        options={},
        prepare=tagged,
        convert=lambda pixels: code_planes(pixels, matrix, bits, full),
    )
    clip = open_clip(path)
    assert clip.info.bits == bits
    found = centres(next(iter(clip.frames())).pixels)
    assert np.abs(found - np.array(BARS)).max() < (2.5 if bits == 8 else 0.8) / 255


def test_an_untagged_film_is_bt601_below_720_lines_and_bt709_from_there() -> None:
    for height, matrix in ((64, 6), (720, 1)):
        frame = code_planes(bars(128, height), matrix, 8, full=False)
        assert np.abs(centres(to_pixels(frame)) - np.array(BARS)).max() < 2.5 / 255


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "yuv422p10le"])
def test_what_is_encoded_and_decoded_again_is_the_same_colour(pixel_format: str) -> None:
    found = centres(to_pixels(to_frame(bars(), pixel_format)))
    assert np.abs(found - np.array(BARS)).max() < 2 / 255


def test_white_stays_white_whatever_the_primaries_and_wide_red_is_clipped() -> None:
    white = np.ones((1, 1, 3), np.float32)
    for primaries in (5, 6, 9, 12):
        assert np.allclose(to_srgb(white, primaries, 1), 1, atol=1e-4)
    assert np.allclose(to_srgb(np.array([[[1, 0, 0]]], np.float32), 9, 1), [[[1, 0, 0]]], atol=1e-6)
    grey = np.full((1, 1, 3), 0.5, np.float32)
    assert np.allclose(to_srgb(grey, 9, 1), 0.5, atol=1e-4)
    assert to_srgb(grey, 1, 1) is grey


def test_pq_at_203_nits_is_bright_and_at_10000_is_white() -> None:
    level = np.array([[[0.5807] * 3, [1.0] * 3, [0.0] * 3]], np.float32)  # BT.2408: 58 % is 203 nits
    found = to_srgb(level, 1, 16)[0, :, 0]
    assert 0.9 < found[0] < 0.95
    assert found[1] > 0.99
    assert found[2] == 0


def test_variable_frame_rate_is_kept(tmp_path: Path) -> None:
    ticks = [0, 4, 5, 20, 24, 31]
    path = write_clip(tmp_path / "vfr.mp4", [moving(n) for n in range(6)], ticks=ticks)
    clip = open_clip(path)
    assert [frame.ticks * clip.info.time_base * 100 for frame in clip.frames()] == ticks


def test_frames_skipped_are_the_frames_left_out(tmp_path: Path) -> None:
    clip = open_clip(write_clip(tmp_path / "a.mp4", [moving(n) for n in range(8)]))
    whole = list(clip.frames())
    rest = list(clip.frames(5))
    assert [(f.number, f.ticks) for f in rest] == [(f.number, f.ticks) for f in whole[5:]]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(rest, whole[5:], strict=True))


def test_a_rotated_film_comes_upright(tmp_path: Path) -> None:
    upright = bars(64, 32)
    for turns in (1, 2, 3):
        lying = np.ascontiguousarray(np.rot90(upright, -turns))
        path = write_clip(tmp_path / f"{turns}.mp4", [lying] * 2, rotation=90 * turns)
        clip = open_clip(path)
        assert (clip.info.width, clip.info.height) == (64, 32)
        assert np.abs(centres(next(iter(clip.frames())).pixels) - centres(upright)).max() < 0.04


def test_start_and_end_choose_frames_by_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [moving(n) for n in range(25)])
    whole = list(open_clip(path).frames())
    clip = open_clip(path, Request(start=Fraction(1, 5), end=Fraction(2, 5)))
    part = list(clip.frames())
    assert clip.info.frames == len(part) == 5
    assert [frame.ticks for frame in part] == [frame.ticks for frame in whole[:5]]
    assert np.array_equal(part[0].pixels, whole[5].pixels)


def test_sizes_are_even_where_asked() -> None:
    assert Request(size=101).fit(200, 100) == (100, 50)
    assert Request(size=101, even=False).fit(200, 100) == (101, 51)
    assert Request(size=(33, 17)).fit(200, 100) == (32, 16)


def test_pictures_are_frames_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (2, 10, 1):
        imaging.write(Picture(np.full((32, 32, 3), number / 20, np.float32)), tmp_path / f"f{number}.png")
    for source in (tmp_path, tmp_path / "f%d.png", tmp_path / "f*.png"):
        clip = open_clip(source, Request(rate=Fraction(10)))
        assert [round(float(f.pixels.mean()) * 20) for f in clip.frames()] == [1, 2, 10]
        assert clip.info.time_base == Fraction(1, 10)


def damaged(tmp_path: Path) -> Path:
    """A film whose sixth frame is garbage."""
    frames = [moving(n) for n in range(12)]
    good = write_clip(
        tmp_path / "good.mkv", frames, codec="ffv1", pixel_format="yuv420p", options={"slicecrc": "1"}
    )
    path = tmp_path / "bad.mkv"
    with av.open(str(good)) as source, av.open(str(path), "w") as target:
        copy = target.add_stream_from_template(source.streams.video[0], opaque=True)
        for number, packet in enumerate(p for p in source.demux(video=0) if p.size):
            data = bytes(packet)
            if number == 5:
                data = b"\x00" * 3
            fresh = av.Packet(data)
            fresh.pts, fresh.dts, fresh.time_base = packet.pts, packet.dts, packet.time_base
            fresh.stream, fresh.is_keyframe = copy, packet.is_keyframe
            target.mux(fresh)
    return path


def test_start_and_end_count_from_the_first_frame_that_an_edit_list_shows(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [moving(n) for n in range(25)], options={"g": "25"})
    data = bytearray(path.read_bytes())
    place = data.find(b"elst") + 12
    length, begin = struct.unpack_from(">II", data, place)
    struct.pack_into(">II", data, place, length - 280, begin + 7 * 512)  # of 12800 a second
    path.write_bytes(data)
    whole = open_clip(path)
    frames = list(whole.frames())
    assert (whole.info.begin, whole.info.frames, len(frames), whole.info.remarks) == (0, 18, 18, ())
    assert np.argmin([np.abs(frames[0].pixels - moving(n)).mean() for n in range(25)]) == 7
    part = open_clip(path, Request(start=Fraction(1, 5), end=Fraction(2, 5)))
    found = list(part.frames())
    assert (part.info.frames, len(found), part.info.origin) == (5, 5, Fraction(1, 5))
    for one, other in zip(found, frames[5:10], strict=True):
        assert np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize("pattern", ["a.%04d.png", "%04d.png", "a%04d.png", "a-%04d.png", "a %04d.png"])
def test_pictures_with_numbers_below_0_come_first(tmp_path: Path, pattern: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in (-12, -2, -1, 0, 1, 10):
        imaging.write(Picture(moving(number + 12)), folder / (pattern % number))
    for source in (folder, folder / pattern):
        clip = open_clip(source)
        assert clip.paths == tuple(folder / (pattern % number) for number in (-12, -2, -1, 0, 1, 10))
        assert "missing between -12 and 10" in clip.info.remarks[0]


def test_a_hyphen_before_all_numbers_is_no_sign(tmp_path: Path) -> None:
    for number in range(1, 4):
        imaging.write(Picture(moving(number)), tmp_path / f"shot-{number:03d}.png")
    assert [path.name[5:8] for path in open_clip(tmp_path).paths] == ["001", "002", "003"]


def test_a_damaged_frame_is_replaced_by_the_one_before_and_told(tmp_path: Path) -> None:
    clip = open_clip(damaged(tmp_path))
    frames = list(clip.frames())
    assert [frame.concealed for frame in frames] == [n == 5 for n in range(12)]
    assert np.array_equal(frames[5].pixels, frames[4].pixels)
    assert [frame.ticks * clip.info.time_base * 25 for frame in frames] == list(range(12))
    assert len(clip.notes) == 1
    assert "the frame at 0.200 s is damaged" in clip.notes[0]


def test_a_damaged_frame_is_refused_where_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the frame at 0\.200 s is damaged"):
        list(open_clip(damaged(tmp_path), Request(damage="refuse")).frames())


def test_a_damaged_picture_of_a_sequence_is_replaced_or_refused(tmp_path: Path) -> None:
    for number in range(4):
        imaging.write(Picture(moving(number)), tmp_path / f"{number}.png")
    (tmp_path / "2.png").write_bytes(b"no picture")
    clip = open_clip(tmp_path)
    frames = list(clip.frames())
    assert [frame.concealed for frame in frames] == [False, False, True, False]
    assert np.array_equal(frames[2].pixels, frames[1].pixels)
    assert np.array_equal(next(iter(clip.frames(2))).pixels, frames[1].pixels)
    with pytest.raises(InputError, match="frame 2 is damaged"):
        list(open_clip(tmp_path, Request(damage="refuse")).frames())


def test_what_is_no_film_is_refused_in_one_line(tmp_path: Path) -> None:
    text = tmp_path / "film.mp4"
    text.write_text("this is no film" * 50)
    for source, words in (
        (text, "expected a video file"),
        (tmp_path / "none.mp4", "there is no"),
        (tmp_path / "x%d.png", "got none"),
    ):
        with pytest.raises(InputError, match=words) as caught:
            open_clip(source)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), (".5", 0.5), ("1:30.5", 90.5), ("1:00:01", 3601)])
def test_times_are_seconds_or_clocks(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "a", "1:2:3:4", "1:75", "-3", "1:", "1e999999999"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(OptionError, match="to be seconds or"):
        parse_time(text)


@pytest.mark.parametrize("kind", ["a.mp4", "a.png", "pictures"])
def test_a_part_in_which_no_frame_begins_is_told_with_the_nearest(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    grey = [Image.new("RGB", (64, 48), (40 * n, 40 * n, 40 * n)) for n in range(5)]
    if kind == "pictures":
        path.mkdir()
        for number, picture in enumerate(grey):
            picture.save(path / f"{number}.png")
    elif kind == "a.png":
        grey[0].save(path, save_all=True, append_images=grey[1:], duration=40)
    else:
        write_clip(path, [moving(number) for number in range(5)])
    name = re.escape(str(path))
    words = f"^{name}: no frame begins from 0.17 s; its last is at 0.160 s$"
    with pytest.raises(InputError, match=words):
        open_clip(path, Request(start=Fraction(17, 100)))
    words = f"^{name}: no frame begins from 0.09 s to 0.11 s; the nearest are at 0.080 s and 0.120 s$"
    with pytest.raises(InputError, match=words):
        open_clip(path, Request(start=Fraction(9, 100), end=Fraction(11, 100)))


def test_the_time_of_a_frame_in_the_message_that_none_begins_is_one_from_which_it_begins() -> None:
    error = no_frame("clip.mp4", Request(start=Fraction("0.917")), [Fraction(n, 12) for n in range(12)])
    assert str(error) == "clip.mp4: no frame begins from 0.917 s; its last is at 0.916 s"
