"""What a photograph's file says of it is in the result's file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from impasto import imaging
from impasto.imaging.inputs import load_picture
from impasto.types import PhotoMetadata, Picture
from tests.conftest import blobs

KINDS = ["jpg", "png", "webp", "avif", "tif"]
ABOUT = PhotoMetadata(
    taken="2024:05:31 18:30:00",
    offset="+02:00",
    author="Jörg 北斎",
    copyright="© 2024 Jörg",
    title="A <bridge> & a river",
    description="Seen from the east",
    keywords=("bridge", "rivière", "橋"),
    camera=("Maker", "Model 1"),
    resolution=(300.0, 300.0),
)
GPS = {1: "N", 2: (48.0, 12.0, 30.5), 3: "E", 4: (16.0, 22.0, 0.0)}


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", KINDS)
def test_metadata_are_written_and_read_again(kind: str, bits: int, tmp_path: Path) -> None:
    picture = Picture(blobs(24, 16, 1), None, bits, ABOUT)
    path = tmp_path / f"x.{kind}"
    imaging.write(picture, path, parameters={"a": 1})
    found = imaging.read(path).metadata
    assert found is not None
    resolution = found.resolution
    assert resolution == pytest.approx(ABOUT.resolution, abs=0.01)
    assert found == PhotoMetadata(**{**vars(ABOUT), "resolution": resolution})
    assert imaging.read_parameters(path) == {"a": 1}


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "avif"])
def test_the_place_is_written_only_when_asked_for(kind: str, tmp_path: Path) -> None:
    picture = Picture(blobs(24, 16, 1), metadata=PhotoMetadata(location=GPS))
    for location in (False, True):
        imaging.write(picture, tmp_path / f"x.{kind}", location=location)
        with Image.open(tmp_path / f"x.{kind}") as image:
            assert bool(image.getexif().get_ifd(0x8825)) is location


def test_a_tiff_has_the_place_in_xmp_when_asked_for(tmp_path: Path) -> None:
    about = PhotoMetadata(title="Prater", location={**GPS, 5: b"\0", 6: 151.5})
    picture = Picture(blobs(24, 16, 1), metadata=about)
    for location in (False, True):
        imaging.write(picture, tmp_path / "x.tif", location=location)
        found = imaging.read(tmp_path / "x.tif").metadata
        assert found is not None
        assert bool(found.location) is location
    for tag, value in about.location.items():
        assert found.location[tag] == (pytest.approx(value) if tag in (2, 4, 6) else value)


def test_a_place_that_stands_in_xmp_only_is_read(tmp_path: Path) -> None:
    words = 'exif:GPSLatitude="48,12.5S" exif:GPSLongitude="16,22,30W"'
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" {words}/></rdf:RDF></x:xmpmeta>'
    )
    image = Image.fromarray((blobs(24, 16, 1) * 255).astype(np.uint8))
    image.save(tmp_path / "x.jpg", xmp=packet.encode())
    picture = imaging.read(tmp_path / "x.jpg")
    assert picture.metadata is not None
    assert picture.metadata.location == {1: "S", 2: (48, 12, 30), 3: "W", 4: (16, 22, 30)}
    for location in (False, True):
        imaging.write(picture, tmp_path / "y.jpg", location=location)
        assert (imaging.read(tmp_path / "y.jpg").metadata is not None) is location


def test_an_image_of_pillow_s_and_a_tiff_of_floats_have_metadata_too(tmp_path: Path) -> None:
    imaging.write(Picture(blobs(24, 16, 1), metadata=ABOUT), tmp_path / "x.jpg")
    with Image.open(tmp_path / "x.jpg") as image:
        assert load_picture(image).metadata == ABOUT
    tags = [(315, "s", 0, "Jörg".encode(), True)]
    tifffile.imwrite(tmp_path / "x.tif", blobs(24, 16, 1), photometric="rgb", metadata=None, extratags=tags)
    found = imaging.read(tmp_path / "x.tif").metadata
    assert found is not None
    assert found.author == "Jörg"


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_without_metadata_says_nothing(kind: str, tmp_path: Path) -> None:
    imaging.write(Picture(blobs(24, 16, 1)), tmp_path / f"x.{kind}")
    assert imaging.read(tmp_path / f"x.{kind}").metadata is None


def test_a_camera_s_exif_is_read_and_its_orientation_and_thumbnail_are_not_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Maker", "Model 1", 6
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8825).update(GPS)
    pixels = (blobs(24, 16, 1) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "camera.jpg", exif=exif, dpi=(72, 72))
    picture = imaging.read(tmp_path / "camera.jpg")
    assert picture.metadata is not None
    assert picture.metadata.camera == ("Maker", "Model 1")
    assert picture.metadata.taken == "2020:01:02 03:04:05"
    imaging.write(picture, tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as image:
        assert set(image.getexif()) <= {0x010F, 0x0110, 0x0131, 0x8769, 0x011A, 0x011B, 0x0128}


def test_iptc_is_read(tmp_path: Path) -> None:
    def field(number: int, text: bytes) -> bytes:
        return b"\x1c\x02" + bytes([number]) + len(text).to_bytes(2, "big") + text

    rows = field(25, b"bridge") + field(25, b"river") + field(80, b"Ann") + field(55, b"20240531")
    block = b"8BIM\x04\x04\0\0" + len(rows).to_bytes(4, "big") + rows
    Image.fromarray((blobs(24, 16, 1) * 255).astype(np.uint8)).save(tmp_path / "x.jpg")
    data = (tmp_path / "x.jpg").read_bytes()
    segment = b"Photoshop 3.0\0" + block
    part = b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment
    (tmp_path / "x.jpg").write_bytes(data[:2] + part + data[2:])
    found = imaging.read(tmp_path / "x.jpg").metadata
    assert found is not None
    assert (found.keywords, found.author) == (("bridge", "river"), "Ann")
    assert found.taken == "2024:05:31 00:00:00"


def test_damaged_metadata_do_not_spoil_a_picture(tmp_path: Path) -> None:
    pixels = (blobs(24, 16, 1) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff", xmp=b"<x")
    with pytest.warns(imaging.ImagingWarning, match="Corrupt EXIF"):
        assert imaging.read(tmp_path / "x.jpg").width == 24
