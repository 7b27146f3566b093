"""Pages, frames and gain maps that are not read are said."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from impasto import imaging

RED, TEAL = Image.new("RGB", (20, 16), "red"), Image.new("RGB", (20, 16), "teal")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.tif", "1 other page;"),
        ("x.gif", "1 other frame;"),
        ("x.webp", "1 other frame;"),
        ("x.png", "1 other frame;"),
    ],
)
def test_other_pages_and_frames_are_said(name: str, words: str, tmp_path: Path) -> None:
    RED.save(tmp_path / name, save_all=True, append_images=[TEAL])
    with pytest.warns(imaging.ImagingWarning, match=words):
        found = imaging.read(tmp_path / name)
    assert found.pixels[8, 8].tolist() == pytest.approx([1, 0, 0], abs=0.03)


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_a_thumbnail_before_the_picture_is_not_the_picture(kind: str, tmp_path: Path) -> None:
    top = np.iinfo(kind).max
    with tifffile.TiffWriter(tmp_path / "x.tif") as file:
        file.write(np.zeros((4, 5, 3), kind), photometric="rgb", subfiletype=1)
        file.write(np.full((16, 20, 3), top, kind), photometric="rgb")
    found = imaging.read(tmp_path / "x.tif")
    assert found.pixels.shape == (16, 20, 3)
    assert float(found.pixels.min()) == 1
    assert imaging.read_size(tmp_path / "x.tif") == (20, 16)


def test_a_compressed_picture_behind_a_thumbnail_is_read(tmp_path: Path) -> None:
    pages = [np.full((16, 20, 3), level, np.uint16) for level in (0, 65535)]
    lzw = [cv2.IMWRITE_TIFF_COMPRESSION, 5]
    cv2.imwritemulti(str(tmp_path / "x.tif"), pages, lzw)
    data = bytearray((tmp_path / "x.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "x.tif") as file:
        at = file.pages.first.tags[254].valueoffset
    data[at : at + 4] = (1).to_bytes(4, "little")
    (tmp_path / "x.tif").write_bytes(data)
    assert float(imaging.read(tmp_path / "x.tif").pixels.min()) == 1


def test_other_pages_of_samples_that_pillow_cannot_read_are_said(tmp_path: Path) -> None:
    pages = np.ones((2, 16, 20, 3), np.float32)
    tifffile.imwrite(tmp_path / "x.tif", pages, photometric="rgb", metadata=None)
    with pytest.warns(imaging.ImagingWarning, match="1 other page;"):
        imaging.read(tmp_path / "x.tif")


def test_a_gain_map_is_said(tmp_path: Path) -> None:
    RED.save(
        tmp_path / "x.jpg",
        xmp=b'<x xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>',
    )
    with pytest.warns(imaging.ImagingWarning, match="gain map"):
        imaging.read(tmp_path / "x.jpg")
