"""Colours that a file states without a profile are converted, or a warning says that they are not."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, TiffImagePlugin

from impasto import imaging
from impasto.imaging.colour import linear_to_srgb, srgb_to_linear
from impasto.imaging.icc import SRGB_TO_XYZ
from impasto.imaging.inputs import load_picture
from impasto.imaging.stated_colours import ADOBE, P3, StatedColours

GREEN = (112, 190, 68)
"""In Adobe RGB; (38, 191, 51) in sRGB, to one or two steps of JPEG."""


def camera(path: Path, *, index: str | None = "R03", space: int = 0xFFFF) -> Path:
    exif = Image.Exif()
    inside = exif.get_ifd(0x8769)
    inside[0xA001] = space
    if index is not None:
        inside[0xA005] = {1: index, 2: b"0100"}
    Image.new("RGB", (16, 16), GREEN).save(path, exif=exif, quality=100, subsampling=0)
    return path


def colour(path: Path) -> list[float]:
    found = imaging.read(path).pixels[8, 8] * 255
    return [float(value) for value in found]


def test_adobe_rgb_as_cameras_mark_it_is_converted(tmp_path: Path) -> None:
    assert colour(camera(tmp_path / "a.jpg")) == pytest.approx([38, 191, 51], abs=4)
    assert colour(camera(tmp_path / "_DSC0001.JPG", index=None)) == pytest.approx([38, 191, 51], abs=4)


def test_srgb_as_cameras_mark_it_stays(tmp_path: Path) -> None:
    assert colour(camera(tmp_path / "a.jpg", index="R98", space=1)) == pytest.approx(GREEN, abs=2)
    assert colour(camera(tmp_path / "_DSC1.jpg", index="R98", space=1)) == pytest.approx(GREEN, abs=2)


def test_an_unknown_space_is_read_with_a_warning(tmp_path: Path) -> None:
    camera(tmp_path / "a.jpg", index=None)
    with pytest.warns(imaging.ImagingWarning, match="does not state which they are"):
        assert colour(tmp_path / "a.jpg") == pytest.approx(GREEN, abs=2)


@pytest.mark.parametrize("kind", ["png", "webp", "tif", "mpo"])
def test_an_unknown_space_is_said_in_every_format(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    image = Image.new("RGB", (16, 16), GREEN)
    if kind == "tif":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[0x8769] = {0xA001: 0xFFFF}
        image.save(path, tiffinfo=tags)
    else:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0xA001] = 0xFFFF
        image.save(path, exif=exif.tobytes(), lossless=True, save_all=kind == "mpo")
    with pytest.warns(imaging.ImagingWarning, match="does not state which they are"):
        assert colour(path) == pytest.approx(GREEN, abs=2)


def test_adobe_rgb_in_a_tiff_of_16_bits_is_converted(tmp_path: Path) -> None:
    samples = np.full((16, 16, 3), GREEN, np.uint16) * 257
    inside = struct.pack("<HHHII", 1, 0xA001, 3, 1, 2) + bytes(4)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb", extratags=[(65000, "I", 1, 0, True)])
    data = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        tag = file.pages.first.tags[65000]
    data[tag.offset : tag.offset + 2] = struct.pack("<H", 0x8769)  # which tifffile does not write
    data[tag.valueoffset : tag.valueoffset + 4] = struct.pack("<I", len(data))
    (tmp_path / "a.tif").write_bytes(data + inside)
    assert colour(tmp_path / "a.tif") == pytest.approx([38, 191, 51], abs=4)


def test_an_image_of_pillow_s_states_its_colours_too(tmp_path: Path) -> None:
    with Image.open(camera(tmp_path / "a.jpg")) as image:
        found = load_picture(image)
    assert (found.pixels[8, 8] * 255).tolist() == pytest.approx([38, 191, 51], abs=4)


PROPHOTO_TO_XYZ = np.array(
    [[0.7976749, 0.1351917, 0.0313534], [0.2880402, 0.7118741, 0.0000857], [0, 0, 0.82521]]
)
"""With white D50. Source: B. Lindbloom, RGB/XYZ Matrices."""


def test_any_primaries_and_white_of_a_png_are_converted(tmp_path: Path) -> None:
    prophoto = (0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001)
    body = b"".join(struct.pack(">I", round(n * 100_000)) for n in prophoto)
    for given in ((118, 118, 118), (120, 125, 110)):
        light = srgb_to_linear(np.array(given, np.float32) / 255)
        expected = linear_to_srgb(np.linalg.inv(SRGB_TO_XYZ) @ PROPHOTO_TO_XYZ @ light)
        path = png(tmp_path / "x.png", b"cHRM", body, given)
        assert colour(path) == pytest.approx((expected * 255).tolist(), abs=0.5)


def test_primaries_that_make_no_sense_are_read_with_a_warning(tmp_path: Path) -> None:
    png(tmp_path / "x.png", b"cHRM", bytes(32))
    with pytest.warns(imaging.ImagingWarning, match="invalid primaries"):
        assert colour(tmp_path / "x.png") == pytest.approx(GREEN, abs=1)


def png(path: Path, kind: bytes, body: bytes, given: tuple[int, int, int] = GREEN) -> Path:
    Image.new("RGB", (16, 16), given).save(path)
    data = path.read_bytes()
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    path.write_bytes(data[:33] + chunk + data[33:])
    return path


def imagined(stated: StatedColours) -> list[float]:
    values = np.full((1, 1, 3), np.array(GREEN) / 255, np.float32)
    return [float(value) for value in stated.to_srgb(values)[0, 0] * 255]


def test_a_png_s_display_p3_and_gamma_are_converted(tmp_path: Path) -> None:
    found = imagined(StatedColours(P3))
    assert found[1] > GREEN[1]
    path = tmp_path / "x.png"
    assert colour(png(path, b"cICP", bytes((12, 13, 0, 1)))) == pytest.approx(found, abs=0.6)
    linear = [255 * (1.055 * (c / 255) ** (1 / 2.4) - 0.055) for c in GREEN]
    assert colour(png(path, b"gAMA", struct.pack(">I", 100_000))) == pytest.approx(linear, abs=0.6)
    corners = (0.3127, 0.329, *(n for corner in ADOBE for n in corner))
    body = b"".join(struct.pack(">I", round(n * 100_000)) for n in corners)
    assert colour(png(path, b"cHRM", body))[0] < GREEN[0] - 50


def test_the_display_p3_of_a_png_counts_when_pillow_has_opened_it(tmp_path: Path) -> None:
    path = png(tmp_path / "x.png", b"cICP", bytes((12, 13, 0, 1)))
    expected = imagined(StatedColours(P3))

    def found(image: Image.Image) -> list[float]:
        return [float(value) for value in load_picture(image).pixels[8, 8] * 255]

    stream = io.BytesIO(path.read_bytes())
    assert found(Image.open(stream)) == pytest.approx(expected, abs=0.6)
    with Image.open(path) as image:
        assert found(image) == pytest.approx(expected, abs=0.6)
        assert found(image) == pytest.approx(expected, abs=0.6)  # its file is closed now
        Image.new("RGB", (8, 8)).save(path)
        assert found(image) == pytest.approx(GREEN, abs=0.6)  # the file is of another picture
        path.unlink()
        assert found(image) == pytest.approx(GREEN, abs=0.6)


@pytest.mark.parametrize("kind", [b"sRGB", b"cICP"])
def test_what_a_png_states_itself_counts_and_not_its_exif(kind: bytes, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif.get_ifd(0x8769)[0xA001] = 1, 2  # Adobe RGB
    path = tmp_path / "x.png"
    Image.new("RGB", (16, 16), GREEN).save(path, exif=exif)
    assert colour(path) == pytest.approx([38, 191, 51], abs=2)
    body = {b"sRGB": b"\0", b"cICP": bytes((1, 13, 0, 1))}[kind]
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk + data[33:])
    assert colour(path) == pytest.approx(GREEN, abs=1)
    with Image.open(path) as image:
        found = load_picture(image)
    assert found.pixels[8, 8] * 255 == pytest.approx(GREEN, abs=1)


def test_a_gamma_alone_leaves_the_primaries_to_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif.get_ifd(0x8769)[0xA001] = 1, 2  # Adobe RGB
    path = tmp_path / "x.png"
    Image.new("RGB", (16, 16), GREEN).save(path, exif=exif)
    body = struct.pack(">I", 45455)
    chunk = struct.pack(">I", 4) + b"gAMA" + body + struct.pack(">I", zlib.crc32(b"gAMA" + body))
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk + data[33:])
    assert colour(path) == pytest.approx([38, 191, 51], abs=2)


def test_a_png_s_hdr_is_read_with_a_warning(tmp_path: Path) -> None:
    png(tmp_path / "x.png", b"cICP", bytes((9, 16, 0, 1)))
    with pytest.warns(imaging.ImagingWarning, match="primaries 9 with transfer 16"):
        assert colour(tmp_path / "x.png") == pytest.approx(GREEN, abs=1)


def test_a_narrow_range_that_a_png_states_is_said(tmp_path: Path) -> None:
    png(tmp_path / "x.png", b"cICP", bytes((1, 13, 0, 0)))
    with pytest.warns(imaging.ImagingWarning, match="narrow range"):
        assert colour(tmp_path / "x.png") == pytest.approx(GREEN, abs=1)
