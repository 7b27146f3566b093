"""The shown part of frames and their colours, as stated by containers and codecs."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext

from impasto.clips import Request, open_clip
from impasto.clips.boxes import boxes
from impasto.types import Pixels
from tests.clips.clips import bars, write_clip

_WITHIN = {b"stsd": 16, b"avc1": 86, b"av01": 86}
"""In bytes: how far the boxes within a box are from its beginning, if not 8."""


def add_box(film: Path, sample: bytes, box: bytes) -> None:
    """Append ``box`` to the sample entry of an MP4 whose description follows its frames."""
    data, parents = bytearray(film.read_bytes()), []
    place, end = 0, len(data)
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", sample):
        begin, length = next((b, n) for own, b, n in boxes(bytes(data), place, end) if own == kind)
        parents.append((begin, length))
        place, end = begin + _WITHIN.get(kind, 8), begin + length
    for begin, length in parents:
        struct.pack_into(">I", data, begin, length + len(box))
    data[end:end] = box
    film.write_bytes(data)


def clean_aperture(*numbers: int) -> bytes:
    """The box of a clean aperture: width, height, and the offsets of its centre, as fractions."""
    return struct.pack(">I4s8i", 40, b"clap", *numbers)


def crop_matroska(film: Path, side: bytes, pixels: int) -> None:
    """State cropping in a film, in place of the unit of its size on a screen."""
    film.write_bytes(film.read_bytes().replace(b"\x54\xb2\x81\x04", side + b"\x81" + bytes([pixels]), 1))


def pictures(film: Path) -> list[Pixels]:
    return [frame.pixels for frame in open_clip(film, Request(even=False)).frames()]


def assert_shown(film: Path, expected: Pixels) -> None:
    for found in pictures(film):
        assert found.shape == expected.shape
        assert np.abs(found - expected).mean() < 0.02


@pytest.mark.parametrize(
    ("numbers", "left", "right", "top", "bottom"),
    [
        ((96, 1, 24, 1, 8, 1, -4, 1), 24, 8, 0, 8),
        ((1000, 9, 32, 1, 0, 1, 0, 1), 8, 9, 0, 0),  # 111 1/9 pixels
        ((160, 1, 32, 1, 0, 1, 0, 1), 0, 0, 0, 0),  # more than there are
        ((0, 1, 32, 1, 0, 1, 0, 1), 0, 0, 0, 0),
        ((96, 0, 32, 1, 0, 1, 0, 1), 0, 0, 0, 0),
    ],
)
def test_the_clean_aperture_of_mp4_is_what_is_shown(
    tmp_path: Path, numbers: tuple[int, ...], left: int, right: int, top: int, bottom: int
) -> None:
    film = write_clip(tmp_path / "clip.mp4", [bars()] * 3)
    add_box(film, b"avc1", clean_aperture(*numbers))
    assert_shown(film, bars()[top : 32 - bottom, left : 128 - right])


@pytest.mark.parametrize(
    "numbers", [(160, 1, 32, 1, 0, 1, 0, 1), (0, 1, 32, 1, 0, 1, 0, 1), (96, 0, 32, 1, 0, 1, 0, 1)]
)
def test_a_clean_aperture_that_is_no_part_of_the_pictures_is_told(
    tmp_path: Path, numbers: tuple[int, ...]
) -> None:
    film = write_clip(tmp_path / "clip.mp4", [bars()] * 3)
    add_box(film, b"avc1", clean_aperture(*numbers))
    (remark,) = open_clip(film, Request()).info.remarks
    assert remark == (
        "the cropping that the container states is not part of its 128 x 32 pixels, and was ignored"
    )


def test_a_clean_aperture_is_that_of_the_frame_before_it_is_turned(tmp_path: Path) -> None:
    film = write_clip(tmp_path / "clip.mp4", [bars()] * 3, rotation=90)
    whole = pictures(film)[0]
    add_box(film, b"avc1", clean_aperture(96, 1, 32, 1, 16, 1, 0, 1))
    shown = pictures(film)[0]
    assert whole.shape == (128, 32, 3)
    assert shown.shape == (96, 32, 3)
    assert any(np.array_equal(shown, part) for part in (whole[32:], whole[:96]))


@pytest.mark.parametrize(
    ("side", "shown"),
    [
        (b"\x54\xcc", np.s_[:, 32:]),
        (b"\x54\xdd", np.s_[:, :96]),
        (b"\x54\xbb", np.s_[32:]),
        (b"\x54\xaa", np.s_[:16]),
    ],
)
def test_the_cropping_of_matroska_is_what_is_not_shown(tmp_path: Path, side: bytes, shown: Any) -> None:
    film = write_clip(tmp_path / "clip.mkv", [bars(height=48)] * 3)
    crop_matroska(film, side, 32)
    assert_shown(film, bars(height=48)[shown])


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_the_cropping_of_the_codec_is_what_is_not_shown_on_any_side(tmp_path: Path, codec: str) -> None:
    encoder = {"h264": "libx264", "hevc": "libx265"}[codec]
    whole, film = write_clip(tmp_path / "whole.mkv", [bars()] * 3, codec=encoder), tmp_path / f"clip.{codec}"
    change = f"{codec}_mp4toannexb,{codec}_metadata=crop_left=16:crop_right=32:crop_top=4:crop_bottom=8"
    with av.open(str(whole)) as source, av.open(str(film), "w") as output:
        stream = source.streams.video[0]
        copy: Any = output.add_stream_from_template(stream)
        changes = BitStreamFilterContext(change, stream)
        for packet in source.demux(stream):
            for changed in changes.filter(packet if packet.size else None):
                changed.stream = copy
                output.mux(changed)
    assert_shown(film, bars()[4:24, 16:96])


def test_colours_that_only_the_container_states_are_used(tmp_path: Path) -> None:
    film = write_clip(
        tmp_path / "clip.mp4",
        [bars()] * 3,
        codec="libsvtav1",
        pixel_format="yuv420p10le",
        options={"svtav1-params": "lp=1"},
    )
    assert open_clip(film).info.transfer == 0
    add_box(film, b"av01", struct.pack(">I4s4s3HB", 19, b"colr", b"nclx", 9, 18, 9, 0))
    found = open_clip(film)
    assert found.info.transfer == 18
    assert found.info.remarks == ()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_colours_that_the_container_and_the_pictures_state_differently_are_told(
    tmp_path: Path, suffix: str
) -> None:
    def tagged(context: Any) -> None:
        context.colorspace = context.color_primaries = context.color_trc = 1

    film = write_clip(tmp_path / f"clip{suffix}", [bars()] * 3, prepare=tagged)
    assert open_clip(film).info.remarks == ()
    changes = {
        ".mp4": {b"colrnclx\0\1\0\1\0\1": b"colrnclx\0\5\0\1\0\6"},
        ".mkv": {b"\x55\xb1\x81\x01": b"\x55\xb1\x81\x06", b"\x55\xbb\x81\x01": b"\x55\xbb\x81\x05"},
    }
    data = film.read_bytes()
    for old, new in changes[suffix].items():
        assert old in data
        data = data.replace(old, new)
    film.write_bytes(data)
    assert open_clip(film).info.remarks == (
        "the container states other colours than its pictures, whose own were used: "
        "matrix BT.601, not BT.709, primaries BT.601 (PAL), not BT.709",
    )
