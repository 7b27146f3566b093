"""Colours that a file states without a profile are converted, or a warning says that they are not."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import imaging
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
    with pytest.warns(imaging.ImagingWarning, match="does not say whose they are"):
        assert colour(tmp_path / "a.jpg") == pytest.approx(GREEN, abs=2)


def png(path: Path, kind: bytes, body: bytes) -> Path:
    Image.new("RGB", (16, 16), GREEN).save(path)
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


def test_a_png_s_hdr_is_read_with_a_warning(tmp_path: Path) -> None:
    png(tmp_path / "x.png", b"cICP", bytes((9, 16, 0, 1)))
    with pytest.warns(imaging.ImagingWarning, match="primaries 9 with transfer 16"):
        assert colour(tmp_path / "x.png") == pytest.approx(GREEN, abs=1)
