"""OpenEXR pictures: linear light in and out, of every layout that can be honest."""

from __future__ import annotations

import struct
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto import imaging
from impasto.errors import PictureError
from impasto.imaging import ImagingWarning, decoder, exr, light
from impasto.imaging.inputs import load_picture
from impasto.types import Picture, Plane

ATTRIBUTES = {"compression": ("compression", b"\0"), "lineOrder": ("lineOrder", b"\0")}


def bright(width: int = 40, height: int = 24) -> NDArray[np.float32]:
    """A ramp of light from 0.02 to 6 times white, dark parts tinted."""
    ramp = np.geomspace(0.02, 6, width, dtype=np.float32)[None, :, None].repeat(height, 0)
    tint = np.array([1, 0.8, 0.6], np.float32)
    return np.asarray(np.where(ramp < 0.5, ramp * tint, ramp), np.float32)


def written(path: Path, values: NDArray[np.float32], alpha: Plane | None = None) -> Path:
    path.write_bytes(exr.encode(values, alpha))
    return path


def header(values: NDArray[np.float32], **more: tuple[str, bytes]) -> bytes:
    """The header of an uncompressed picture of 32-bit floats."""
    height, width = values.shape[:2]
    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(name + b"\0" + struct.pack("<iB3xii", 2, 0, 1, 1) for name in (b"B", b"G", b"R"))
    attributes = ATTRIBUTES | {
        "channels": ("chlist", channels + b"\0"),
        "dataWindow": ("box2i", box),
        "displayWindow": ("box2i", box),
        "pixelAspectRatio": ("float", struct.pack("<f", 1)),
        "screenWindowCenter": ("v2f", bytes(8)),
        "screenWindowWidth": ("float", struct.pack("<f", 1)),
    }
    rows = [
        f"{name}\0{kind}\0".encode() + struct.pack("<i", len(value)) + value
        for name, (kind, value) in (attributes | more).items()
    ]
    return b"".join(rows) + b"\0"


def plain(values: NDArray[np.float32]) -> bytes:
    """The samples of lines: of each line all blue, all green, all red ones."""
    return np.ascontiguousarray(values[..., ::-1].transpose(0, 2, 1)).tobytes()


def chunked(begin: bytes, tables: list[list[bytes]]) -> bytes:
    """A file of chunks, with a table of their places for each part."""
    place = len(begin) + 8 * sum(map(len, tables))
    offsets = b""
    for chunk in (chunk for table in tables for chunk in table):
        offsets += struct.pack("<Q", place)
        place += len(chunk)
    return begin + offsets + b"".join(chunk for table in tables for chunk in table)


def tiled(values: NDArray[np.float32], side: int = 16) -> bytes:
    begin = b"v/1\x01" + struct.pack("<I", 2 | 0x200)
    begin += header(values, tiles=("tiledesc", struct.pack("<IIB", side, side, 0)))
    chunks = []
    for top in range(0, values.shape[0], side):
        for left in range(0, values.shape[1], side):
            samples = plain(values[top : top + side, left : left + side])
            chunks.append(struct.pack("<4ii", left // side, top // side, 0, 0, len(samples)) + samples)
    return chunked(begin, [chunks])


def several_parts(pictures: list[NDArray[np.float32]], kind: bytes = b"scanlineimage") -> bytes:
    begin = b"v/1\x01" + struct.pack("<I", 2 | 0x1000)
    tables = []
    for number, values in enumerate(pictures):
        begin += header(
            values,
            name=("string", f"part{number}".encode()),
            type=("string", kind),
            chunkCount=("int", struct.pack("<i", len(values))),
        )
        rows = [plain(values[y : y + 1]) for y in range(len(values))]
        tables.append([struct.pack("<iii", number, y, len(row)) + row for y, row in enumerate(rows)])
    return chunked(begin + b"\0", tables)


def test_light_is_painted_as_srgb_with_what_is_brighter_than_white_apart(tmp_path: Path) -> None:
    values = bright()
    picture = imaging.read(written(tmp_path / "a.exr", values))
    assert (picture.width, picture.height, picture.bits, picture.alpha) == (40, 24, 16, None)
    dark = values.max(2) < 0.7
    assert np.abs(imaging.srgb_to_linear(picture.pixels) - values)[dark].max() < 1e-3
    assert picture.pixels.max() <= 1
    assert picture.headroom is not None
    assert np.abs(picture.headroom[dark]).max() < 1e-4
    assert np.allclose(light.with_headroom(picture.pixels, picture.headroom), values, rtol=0.02)
    found = imaging.read_header(tmp_path / "a.exr")
    assert (found.width, found.height, found.alpha) == (40, 24, False)


def test_an_exr_is_written_as_bright_as_it_was_with_alpha_and_parameters(tmp_path: Path) -> None:
    alpha = np.linspace(0, 1, 40, dtype=np.float32)[None].repeat(24, 0)
    picture = imaging.read(written(tmp_path / "a.exr", bright(), alpha))
    assert picture.alpha is not None
    assert np.abs(picture.alpha - alpha).max() < 1e-3
    imaging.write(picture, tmp_path / "b.exr", parameters={"size": 7, "title": "é"})
    again = imaging.read(tmp_path / "b.exr")
    assert again.alpha is not None
    assert again.headroom is not None
    assert picture.headroom is not None
    seen = picture.alpha > 0.1
    assert np.abs(again.pixels - picture.pixels)[seen].max() < 2e-3
    assert np.abs(again.headroom - picture.headroom)[seen].max() < 2e-3
    assert imaging.read_parameters(tmp_path / "b.exr") == {"size": 7, "title": "é"}
    assert imaging.read_parameters(tmp_path / "a.exr") is None


def test_other_pictures_become_light_and_back(tmp_path: Path) -> None:
    pixels = np.linspace(0, 1, 24 * 40 * 3, dtype=np.float32).reshape(24, 40, 3)
    imaging.write(Picture(pixels, bits=16), tmp_path / "a.exr")
    found = exr.decode((tmp_path / "a.exr").read_bytes(), tmp_path / "a.exr")
    assert np.allclose(found.light, imaging.srgb_to_linear(pixels), rtol=1e-3, atol=1e-6)


def test_formats_without_high_range_say_what_they_leave_out(tmp_path: Path) -> None:
    picture = imaging.read(written(tmp_path / "a.exr", bright()))
    with pytest.warns(ImagingWarning, match="brighter than white were compressed, as PNG cannot hold them"):
        imaging.write(picture, tmp_path / "a.png")
    assert np.abs(imaging.read(tmp_path / "a.png").pixels - picture.pixels).max() < 1e-4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dark = imaging.read(written(tmp_path / "dark.exr", bright() / 12))
        imaging.write(dark, tmp_path / "dark.png")


def test_bytes_are_read_too_and_shrunk_for_a_smaller_painting() -> None:
    data = exr.encode(bright(4000, 2100), None)
    picture = load_picture(data, size=256)
    assert picture.headroom is not None
    assert picture.headroom.shape == picture.pixels.shape[:2] == (538, 1025)
    assert abs(picture.headroom[:, -1].mean() - light.headroom(bright(4000, 1))[0, -1]) < 0.01


def test_tiles_are_read(tmp_path: Path) -> None:
    values = bright()
    found = exr.decode(tiled(values), tmp_path / "a.exr")
    assert np.array_equal(found.light, values)


def test_of_several_parts_the_first_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    values = bright()
    (tmp_path / "a.exr").write_bytes(several_parts([values, values / 2, values / 4]))
    with pytest.warns(ImagingWarning, match="the file has 2 other parts; only the first one was read"):
        picture = imaging.read(tmp_path / "a.exr")
    assert np.allclose(light.with_headroom(picture.pixels, picture.headroom), values, rtol=0.02)


def deep() -> bytes:
    return several_parts([bright()], b"deepscanline")


def deep_alone() -> bytes:
    data = exr.encode(bright(), None)
    return data[:4] + struct.pack("<I", 2 | 0x800) + data[8:]


@pytest.mark.parametrize("make", [deep, deep_alone])
def test_deep_pictures_are_refused_with_the_reason(tmp_path: Path, make: Any) -> None:
    (tmp_path / "a.exr").write_bytes(make())
    with pytest.raises(PictureError, match="expected a flat OpenEXR picture, but it is a deep one"):
        imaging.read(tmp_path / "a.exr")


def test_damage_and_too_many_pixels_are_refused(tmp_path: Path) -> None:
    data = exr.encode(bright(), None)
    for keep in (6, 100, len(data) // 2, len(data) - 3):
        (tmp_path / "a.exr").write_bytes(data[:keep])
        with pytest.raises(PictureError, match=r"a\.exr"):
            imaging.read(tmp_path / "a.exr")
    (tmp_path / "a.exr").write_bytes(data)
    with pytest.raises(PictureError, match="40 x 24 = 960"):
        imaging.read(tmp_path / "a.exr", imaging.ReadOptions(max_pixels=900))


def test_tiles_and_parts_that_are_cut_short_are_refused(tmp_path: Path) -> None:
    for data in (tiled(bright()), several_parts([bright(), bright()])):
        path = tmp_path / "a.exr"
        path.write_bytes(data[: len(data) // 3])
        with pytest.raises(PictureError, match=r"a\.exr"):
            imaging.read(path)


@pytest.mark.parametrize("place", [0.4, 0.45, 0.6, 0.9])
def test_damaged_samples_are_refused_rather_than_left_black(tmp_path: Path, place: float) -> None:
    data = bytearray(exr.encode(bright(64, 64), None))
    data[int(len(data) * place)] ^= 16
    (tmp_path / "a.exr").write_bytes(data)
    with pytest.raises(PictureError, match="damaged"):
        imaging.read(tmp_path / "a.exr")


@pytest.mark.parametrize("corner", [(20, 10), (-10, -10), (200, 200)])
def test_a_window_may_be_anywhere(tmp_path: Path, corner: tuple[int, int]) -> None:
    values = bright()
    left, top = corner
    box = ("box2i", struct.pack("<4i", left, top, left + 39, top + 23))
    begin = header(values, dataWindow=box, displayWindow=box)
    lines = [struct.pack("<ii", top + n, 40 * 12) + plain(values[n : n + 1]) for n in range(24)]
    (tmp_path / "a.exr").write_bytes(chunked(exr.MAGIC + struct.pack("<I", 2) + begin, [lines]))
    written(tmp_path / "b.exr", values)
    found, wanted = imaging.read(tmp_path / "a.exr"), imaging.read(tmp_path / "b.exr")
    assert np.abs(found.pixels - wanted.pixels).max() < 1e-3
    data = (tmp_path / "b.exr").read_bytes()  # compressed, of 16 lines in a chunk
    moved = data.replace(struct.pack("<4i", 0, 0, 39, 23), box[1])
    table = len(exr.MAGIC) + 4 + exr._attributes(moved)[1] + 1 - 8
    for (offset,) in struct.iter_unpack("<Q", data[table : table + 16]):
        (line,) = struct.unpack_from("<i", moved, offset)
        moved = moved[:offset] + struct.pack("<i", line + top) + moved[offset + 4 :]
    (tmp_path / "c.exr").write_bytes(moved)
    assert np.array_equal(imaging.read(tmp_path / "c.exr").pixels, wanted.pixels)


def test_the_display_window_is_the_picture(tmp_path: Path) -> None:
    values = bright()
    begin = header(values, displayWindow=("box2i", struct.pack("<4i", 10, 5, 29, 24)))
    lines = [struct.pack("<ii", n, 40 * 12) + plain(values[n : n + 1]) for n in range(24)]
    (tmp_path / "a.exr").write_bytes(chunked(exr.MAGIC + struct.pack("<I", 2) + begin, [lines]))
    found = imaging.read(tmp_path / "a.exr").pixels
    written(tmp_path / "b.exr", values)
    wanted = imaging.read(tmp_path / "b.exr").pixels
    assert found.shape == (20, 20, 3)
    assert np.abs(found[:19] - wanted[5:24, 10:30]).max() < 1e-3
    assert not found[19:].any()


def test_a_layer_is_read_where_the_plain_channels_are_missing(tmp_path: Path) -> None:
    values = bright()
    for layer, wanted in ((b"beauty.", values), (b"depth.left.", values)):
        names = sorted([layer + b"B", layer + b"G", layer + b"R"])
        channels = b"".join(name + b"\0" + struct.pack("<iB3xii", 2, 0, 1, 1) for name in names) + b"\0"
        begin = header(values, channels=("chlist", channels))
        lines = [struct.pack("<ii", n, 40 * 12) + plain(values[n : n + 1]) for n in range(24)]
        (tmp_path / "a.exr").write_bytes(chunked(exr.MAGIC + struct.pack("<I", 2) + begin, [lines]))
        assert np.abs(exr.decode((tmp_path / "a.exr").read_bytes(), Path("a")).light - wanted).max() < 1e-3


def test_no_light_and_no_primaries_make_pixels_that_are_not_finite(tmp_path: Path) -> None:
    values = bright()
    values[3, 3], values[4, 4], values[5, 5] = 2e38, np.nan, np.inf
    lines = [struct.pack("<ii", n, 40 * 12) + plain(values[n : n + 1]) for n in range(24)]
    (tmp_path / "a.exr").write_bytes(chunked(exr.MAGIC + struct.pack("<I", 2) + header(values), [lines]))
    assert np.isfinite(imaging.read(tmp_path / "a.exr").pixels).all()
    for numbers in ([np.nan] * 8, [np.inf] * 8, [0.3, 0.0] * 4, [0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.31, 0.33]):
        begin = header(values, chromaticities=("chromaticities", struct.pack("<8f", *numbers)))
        (tmp_path / "a.exr").write_bytes(chunked(exr.MAGIC + struct.pack("<I", 2) + begin, [lines]))
        with pytest.warns(ImagingWarning, match="primaries of no colour space"):
            assert np.isfinite(imaging.read(tmp_path / "a.exr").pixels).all()


def placed(path: Path, shown: tuple[int, int, int, int], values: NDArray[np.float32]) -> Path:
    """A picture whose data is 40 x 24 pixels, and whose display window has its edges at ``shown``."""
    begin = header(values, displayWindow=("box2i", struct.pack("<4i", *shown)))
    lines = [struct.pack("<ii", n, 40 * 12) + plain(values[n : n + 1]) for n in range(24)]
    path.write_bytes(chunked(exr.MAGIC + struct.pack("<I", 2) + begin, [lines]))
    return path


@pytest.mark.parametrize(
    "shown",
    [(-9, -7, 59, 33), (5, 5, 12, 9), (-3, 4, 20, 50), (30, -6, 60, 3), (39, 23, 41, 30), (60, 60, 70, 68)],
)
def test_what_of_the_display_window_has_no_data_is_black(
    tmp_path: Path, shown: tuple[int, int, int, int]
) -> None:
    values = bright()
    left, top, right, bottom = shown
    wanted = np.zeros((bottom - top + 1, right - left + 1, 3), np.float32)
    for y in range(24):
        for x in range(40):
            if top <= y <= bottom and left <= x <= right:
                wanted[y - top, x - left] = values[y, x]
    data = placed(tmp_path / "a.exr", shown, values).read_bytes()
    assert np.abs(exr.decode(data, Path("a")).light - wanted).max() < 1e-3


def test_a_huge_display_window_takes_memory_for_the_size_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "STRIP", 1 << 17)
    path = placed(tmp_path / "a.exr", (-2000, -1000, 1999, 1199), bright())  # 8,800,000 pixels
    tracemalloc.start()
    picture = imaging.read(path, size=256)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert picture.pixels.shape[:2] == (563, 1024)
    assert peak < 8_800_000 * 6, "three planes of floats alone are twelve bytes a pixel"


def test_strips_make_the_picture_that_all_of_it_at_once_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha = np.linspace(0, 1, 24 * 40, dtype=np.float32).reshape(24, 40)
    path = written(tmp_path / "a.exr", bright(), alpha)
    whole = imaging.read(path)
    monkeypatch.setattr(decoder, "LARGE", 1)
    monkeypatch.setattr(decoder, "STRIP", 40 * 5)
    strips = imaging.read(path)
    for name in ("pixels", "alpha", "headroom"):
        assert np.array_equal(getattr(whole, name), getattr(strips, name))


@pytest.mark.parametrize("share", [1e-45, 1e-39, 1e-30])
def test_next_to_nothing_of_alpha_gives_finite_light_without_a_warning(tmp_path: Path, share: float) -> None:
    values = np.full((2, 3, 4), 0.5, np.float32)  # A, B, G, R
    values[0, 0, 0], values[1, 2] = share, 0
    channels = b"".join(
        name + b"\0" + struct.pack("<iB3xii", 2, 0, 1, 1) for name in (b"A", b"B", b"G", b"R")
    )
    begin = header(values[..., 1:], channels=("chlist", channels + b"\0"))
    lines = [struct.pack("<ii", n, 3 * 16) + values[n].T.tobytes() for n in range(2)]
    (tmp_path / "a.exr").write_bytes(chunked(exr.MAGIC + struct.pack("<I", 2) + begin, [lines]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = imaging.read(tmp_path / "a.exr")
    assert picture.alpha is not None
    assert picture.headroom is not None
    assert all(np.isfinite(plane).all() for plane in (picture.pixels, picture.alpha, picture.headroom))
    assert picture.pixels[0, 0].min() > 0.99
    assert not picture.pixels[1, 2].any()
