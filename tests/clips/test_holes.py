"""Films with bytes missing from the middle, which demuxers pass over in silence."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from impasto.clips import Request, open_clip
from impasto.errors import InputError
from tests.clips.clips import moving, write_clip, write_flashes

CODERS: dict[str, dict[str, Any]] = {
    "ts": {},
    "m2ts": {"audio": "ac3"},
    "flv": {},
    "mpg": {"video": "mpeg2video", "audio": "mp2"},
    "ogg": {"video": "libvpx", "audio": "libopus"},
    "wmv": {"video": "wmv2", "audio": "ac3"},
    "mkv": {"container_options": {"cluster_time_limit": "400"}},
}


def film(path: Path, frames: int = 100) -> bytes:
    coders = CODERS[path.suffix[1:]]
    options = {"g": "10", "crf": "5"} if "video" not in coders else {"g": "10", "b": "300k"}
    return write_flashes(path, frames, options=options, **coders).read_bytes()


def without(data: bytes, begin: int, end: int) -> bytes:
    return data[:begin] + data[end:]


def overwritten(data: bytes, begin: int, end: int) -> bytes:
    return data[:begin] + bytes(end - begin) + data[end:]


def whole_packets(data: bytes, begin: int, end: int) -> bytes:
    return without(data, begin // 188 * 188, end // 188 * 188)


@pytest.mark.parametrize(
    ("suffix", "damage"),
    [(suffix, damage) for suffix in CODERS for damage in (without, overwritten)] + [("ts", whole_packets)],
)
def test_a_hole_in_a_film_says_how_many_frames_are_missing_or_is_refused(
    tmp_path: Path, suffix: str, damage: Callable[[bytes, int, int], bytes]
) -> None:
    path = tmp_path / f"a.{suffix}"
    data = film(path)
    assert open_clip(path, Request(damage="refuse")).info.remarks == ()
    path.write_bytes(damage(data, len(data) // 2, len(data) * 2 // 3))
    clip = open_clip(path)
    (words,) = [remark for remark in clip.info.remarks if "hole" in remark]
    told = words.removeprefix("the file has a hole at ")
    seconds, missing = told.removesuffix(" frames are missing; others there may be damaged").split(" s: ")
    assert int(missing) == 100 - len(clip.index.times) > 4
    frames = list(clip.frames())
    shown = [float(frame.ticks * clip.info.time_base) for frame in frames]
    assert all(before < after for before, after in pairwise(shown))
    assert shown[-1] == pytest.approx(99 / 25, abs=0.002)  # those after the hole keep their times
    gaps = [before for before, after in pairwise(shown) if after - before > 0.2]
    assert float(seconds) == pytest.approx(gaps[0], abs=0.3)
    with pytest.raises(InputError, match=r"the file has a hole at .* frames are missing"):
        open_clip(path, Request(damage="refuse"))
    first = Request(end=Fraction(1, 5), damage="refuse")
    assert open_clip(path, first).info.remarks == ()


@pytest.mark.parametrize("suffix", ["avi", "mxf"])
def test_a_hole_in_a_film_that_counts_its_frames_tells_how_many_are_missing(
    tmp_path: Path, suffix: str
) -> None:
    coders = {"avi": {"audio": "mp2"}, "mxf": {"video": "mpeg2video", "audio": "pcm_s16le"}}
    path = write_flashes(tmp_path / f"a.{suffix}", 100, **coders[suffix])
    assert open_clip(path, Request(damage="refuse")).info.remarks == ()
    data = path.read_bytes()
    for damage in (without, overwritten):
        path.write_bytes(damage(data, len(data) // 2, len(data) * 2 // 3))
        clip = open_clip(path)
        (words,) = clip.info.remarks
        assert int(words.split(" s: ")[1].split()[0]) == pytest.approx(100 - len(clip.index.times), abs=1)
        with pytest.raises(InputError, match="the file has a hole"):
            open_clip(path, Request(damage="refuse"))


@pytest.mark.parametrize("suffix", ["ts", "flv", "mpg", "mkv"])
def test_a_hole_after_which_only_sound_goes_on_tells_the_frames_that_are_missing(
    tmp_path: Path, suffix: str
) -> None:
    more = {"silent": (), "video": "libx264"} | CODERS[suffix]
    options = {"g": "100", "crf": "5"} if more["video"] == "libx264" else {"g": "100", "b": "300k"}
    path = write_flashes(tmp_path / f"a.{suffix}", 100, options=options, **more)
    data = path.read_bytes()
    path.write_bytes(without(data, len(data) // 2, len(data) - len(data) // 12))
    clip = open_clip(path)
    missing = 100 - len(clip.index.times)
    words = [remark for remark in clip.info.remarks if "missing" in remark]
    told = [int(text) for text in " ".join(words).replace("missing", "").split() if text.isdigit()]
    assert told
    assert told[0] == pytest.approx(missing, abs=9)


def test_bytes_missing_from_a_nut_film_are_told(tmp_path: Path) -> None:
    path = write_flashes(tmp_path / "a.nut", 100, options={"g": "10", "crf": "5"})
    data = path.read_bytes()
    assert open_clip(path, Request(damage="refuse")).info.remarks == ()
    path.write_bytes(without(data, len(data) // 2, len(data) * 2 // 3))
    clip = open_clip(path)
    (words,) = clip.info.remarks
    assert words.startswith("the file has a hole at ")
    assert f"{100 - len(clip.index.times)} frames are missing" in words
    with pytest.raises(InputError, match="the file has a hole"):
        open_clip(path, Request(damage="refuse"))


def test_two_holes_are_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    data = film(path)
    sixth = len(data) // 6
    path.write_bytes(data[:sixth] + data[sixth * 2 : sixth * 4] + data[sixth * 5 :])
    clip = open_clip(path)
    (words,) = clip.info.remarks
    assert words.startswith("the file has 2 holes at ")
    missing = 100 - len(clip.index.times)
    assert words.endswith(f" and later: {missing} frames are missing; others there may be damaged")


def test_a_hole_within_one_frame_is_told(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", [moving(n) for n in range(25)], options={"g": "5", "crf": "5"})
    data = path.read_bytes()
    videos = [place for place in range(0, len(data), 188) if data[place + 1 : place + 3] == b"\x01\x00"]
    middle = videos[len(videos) // 2]
    path.write_bytes(without(data, middle, middle + 188))
    clip = open_clip(path)
    seconds = float(clip.index.holes[0].begin * clip.info.time_base - clip.info.begin)
    assert 0.1 < seconds < 0.9
    assert len(clip.index.times) == 25
    assert clip.info.remarks == (f"the file has a hole at {seconds:.3f} s: frames may be damaged",)


def test_frames_beside_a_hole_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    """Without the keyframe between them, a decoder takes frames after the hole for earlier than others."""
    pictures = [moving(n) for n in range(100)]
    path = write_clip(tmp_path / "a.ts", pictures, options={"g": "10", "crf": "5", "bf": "2"})
    whole = list(open_clip(path).frames())
    data = path.read_bytes()
    middle = len(data) // 376 * 188
    path.write_bytes(without(data, middle, middle + 20 * 188))
    clip = open_clip(path)
    found = {frame.ticks: frame for frame in clip.frames()}
    replaced = [frame for frame in found.values() if frame.concealed]
    assert {ticks + clip.index.times[0] for ticks in found} == set(clip.index.times)
    assert len(replaced) == len(clip.notes) > 0
    assert all(
        "what it refers to is missing) and was replaced by the one before" in note for note in clip.notes
    )
    hole = clip.index.holes[0]
    sound = [f for f in whole if not hole.begin <= f.ticks + clip.index.times[0] < hole.end + 10 * 3600]
    assert len(sound) > 80
    for frame in sound:
        assert np.abs(frame.pixels - found[frame.ticks].pixels).mean() < 0.01


def test_joined_transport_streams_that_count_packets_anew_have_no_hole(tmp_path: Path) -> None:
    first = film(tmp_path / "1.ts", 25)
    later = {"output_ts_offset": "1"}
    second = write_flashes(tmp_path / "2.ts", 25, options={"g": "10"}, container_options=later).read_bytes()
    path = tmp_path / "a.ts"
    path.write_bytes(first + second)
    clip = open_clip(path, Request(damage="refuse"))
    assert (clip.info.remarks, len(list(clip.frames())), clip.index.holes) == ((), 50, ())


def test_a_frame_that_is_held_in_a_whole_film_is_no_hole(tmp_path: Path) -> None:
    ticks = [4 * n if n < 10 else 4 * n + 200 for n in range(20)]
    for suffix in ("ts", "flv", "mkv"):
        path = write_clip(tmp_path / f"a.{suffix}", [moving(n) for n in range(20)], ticks=ticks)
        assert open_clip(path, Request(damage="refuse")).info.remarks == ()


@pytest.mark.parametrize("suffix", ["ts", "m2ts", "mpg"])
def test_a_stream_of_packets_that_ends_within_one_breaks_off(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    data = film(path, 25)
    assert open_clip(path, Request(damage="refuse")).info.remarks == ()
    path.write_bytes(data[:-100])
    assert open_clip(path).info.remarks == ("the file breaks off: the last frames may be missing",)
    with pytest.raises(InputError, match="breaks off"):
        open_clip(path, Request(damage="refuse"))


def test_a_transport_stream_cut_after_a_packet_within_a_frame_breaks_off(tmp_path: Path) -> None:
    frames = [moving(n, 160, 120) for n in range(25)]
    data = write_clip(tmp_path / "whole.ts", frames, options={"crf": "2", "bf": "0"}).read_bytes()
    rows = np.frombuffer(data, np.uint8).reshape(-1, 188)
    is_video = rows[:, 2] == 0
    goes_on = np.flatnonzero(is_video[:-1] & (rows[1:, 1] == 0x01) & is_video[1:])
    path = tmp_path / "a.ts"
    for last in goes_on[-8:].tolist():
        path.write_bytes(data[: 188 * (last + 1)])
        assert open_clip(path).info.remarks == ("the file breaks off: the last frames may be missing",)
    with pytest.raises(InputError, match="breaks off"):
        open_clip(path, Request(damage="refuse"))


def test_a_transport_stream_cut_within_a_packet_of_sound_breaks_off(tmp_path: Path) -> None:
    path = write_flashes(tmp_path / "a.ts", 50, flashes=range(50), options={"g": "10"})
    data = path.read_bytes()
    rows = np.frombuffer(data, np.uint8).reshape(-1, 188)
    sound = np.flatnonzero((rows[:, 2] == 1) & (rows[:, 1] == 0x01))  # which goes on
    path.write_bytes(data[: 188 * int(sound[-1])])
    assert open_clip(path).info.remarks == ("the file breaks off: the last frames may be missing",)


def test_a_transport_stream_cut_before_reordered_frames_breaks_off(tmp_path: Path) -> None:
    frames = [moving(n) for n in range(50)]
    path = write_clip(tmp_path / "a.ts", frames, options={"bf": "2", "b_strategy": "0"})
    data, whole = path.read_bytes(), open_clip(path)
    assert whole.info.remarks == ()
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.pts) for packet in container.demux(video=0) if packet.size]
    times = [time for _, time in places]
    order = next(n for n in range(30, 40) if times[n] > times[n + 1] < times[n + 2] < times[n])
    path.write_bytes(data[: places[order + 2][0]])
    clip = open_clip(path)
    assert clip.info.remarks == ("the file breaks off: the last frames may be missing",)
    with pytest.raises(InputError, match="breaks off"):
        open_clip(path, Request(damage="refuse"))
    assert open_clip(path, Request(end=Fraction(1, 2), damage="refuse")).info.remarks == ()


def test_a_clock_that_jumps_ahead_is_told_with_the_seconds_left_out(tmp_path: Path) -> None:
    first = film(tmp_path / "1.ts", 25)
    for offset, told in (("1", False), ("31", True)):
        later = {"output_ts_offset": offset}
        second = write_flashes(tmp_path / "2.ts", 25, options={"g": "10"}, container_options=later)
        path = tmp_path / f"{offset}.ts"
        path.write_bytes(first + second.read_bytes())
        clip = open_clip(path, Request(damage="refuse"))
        assert len(list(clip.frames())) == 50
        words = "the file's clock jumps ahead by 30 s at 1.000 s: the film continues without that part"
        assert [remark[: len(words)] for remark in clip.info.remarks] == [words] * told
        assert open_clip(path, Request(end=Fraction(1, 2))).info.remarks == ()


def test_an_ogg_without_the_last_page_of_one_stream_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    data = film(path, 25)
    assert open_clip(path, Request(damage="refuse")).info.remarks == ()
    path.write_bytes(data[: data.rfind(b"OggS")])
    assert open_clip(path).info.remarks == ("the file breaks off: the last frames may be missing",)
    path.write_bytes(data + film(tmp_path / "b.ogg", 25))
    clip = open_clip(path)
    (words,) = clip.info.remarks
    assert "several files joined into one" in words
    assert (len(list(clip.frames())), clip.notes) == (25, [])
