"""Sound pictures are read, whatever is wrong with what stands beside their pixels."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from impasto import imaging
from impasto.errors import PictureError
from impasto.imaging.decoder import decode
from impasto.imaging.headers import read_size
from impasto.types import Picture
from tests.conftest import blobs

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def chunk(kind: bytes, body: bytes, *, sound: bool = True) -> bytes:
    check = zlib.crc32(kind + body) ^ (not sound)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)


def large_profile(size: int) -> bytes:
    whole = PROFILE + np.random.default_rng(0).bytes(size)
    return b"printer\0\0" + zlib.compress(struct.pack(">I", len(whole)) + whole[4:])


WORKFLOW = b"workflow\0\0" + zlib.compress(b'{"nodes": []}' * 200_000)
CASES = {
    "a text of a workflow": chunk(b"zTXt", WORKFLOW),
    "an international one": chunk(b"iTXt", b"prompt\0\1\0\0\0" + zlib.compress(b"x" * 3_000_000)),
    "many texts": b"".join(chunk(b"tEXt", b"k%d\0" % k + b"x" * 900_000) for k in range(80)),
    "a text with a wrong checksum": chunk(b"tEXt", b"Comment\0hello", sound=False),
    "a large profile": chunk(b"iCCP", large_profile(1_700_000)),
}


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("name", CASES)
def test_a_png_is_read_whatever_stands_beside_its_pixels(name: str, bits: int, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    imaging.write(Picture(blobs(16, 12, 1), bits=bits), path, parameters={"a": 1})
    data, pixels = path.read_bytes(), imaging.read(path).pixels
    if b"iCCP" in CASES[name][:8]:
        at = data.index(b"iCCP") - 4
        data = data[:at] + data[at + 12 + int.from_bytes(data[at : at + 4], "big") :]
    path.write_bytes(data[:33] + CASES[name] + data[33:])
    assert np.allclose(imaging.read(path).pixels, pixels, atol=2 / 255)
    assert imaging.read_parameters(path) == {"a": 1}
    assert read_size(path) == (16, 12)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        *[
            (kind, b"")
            for kind in (b"cHRM", b"gAMA", b"sRGB", b"iCCP", b"pHYs", b"tRNS", b"acTL", b"fcTL", b"fdAT")
        ],
        (b"cHRM", bytes(31)),
        (b"tRNS", bytes(5)),
        (b"iCCP", b"name\0\1junk"),
        (b"fcTL", bytes(26)),
        (b"fdAT", bytes(8)),
    ],
)
def test_a_png_with_a_chunk_that_is_cut_short_is_read(kind: bytes, body: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    image = Image.fromarray((blobs(16, 12, 1) * 255).astype(np.uint8))
    image.save(path)
    data = path.read_bytes()
    for at in (33, len(data) - 12):
        path.write_bytes(data[:at] + chunk(kind, body) + data[at:])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = imaging.read(path)
        assert np.array_equal(np.rint(found.pixels * 255), np.asarray(image))
        stray = kind in (b"fcTL", b"fdAT") and bool(body)
        assert len(caught) == (not stray), [str(one.message) for one in caught]


def test_an_animated_png_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    images = [Image.new("RGB", (16, 12), (shade, 0, 0)) for shade in (9, 99)]
    images[0].save(path, save_all=True, append_images=images[1:])
    with pytest.warns(imaging.ImagingWarning, match="1 other frame"):
        imaging.read(path)


@pytest.mark.parametrize(("kind", "name"), [(b"iCCP", "the colour profile"), (b"eXIf", "EXIF data")])
def test_what_is_damaged_and_matters_is_said(kind: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    Image.fromarray((blobs(16, 12, 1) * 255).astype(np.uint8)).save(path)
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk(kind, b"x\0\0junk", sound=False) + data[33:])
    with pytest.warns(imaging.ImagingWarning, match=f"{name} in the file cannot be read"):
        imaging.read(path)


def test_damaged_pixels_of_a_png_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    imaging.write(Picture(blobs(16, 12, 1)), path)
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 9] ^= 255
    path.write_bytes(bytes(data))
    with pytest.raises(PictureError, match="damaged") as caught:
        imaging.read(path)
    path.write_bytes(data[:12] + b"IHDX" + data[16:])
    with pytest.raises(PictureError, match=r"is invalid|damaged") as caught:
        imaging.read(path)
    assert "0x" not in str(caught.value)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_only_its_end_marker_is_read(progressive: bool, tmp_path: Path) -> None:
    stream = io.BytesIO()
    whole = Image.fromarray((blobs(200, 120, 1, 40) * 255).astype(np.uint8))
    whole.save(stream, "JPEG", progressive=progressive)
    data, path = stream.getvalue(), tmp_path / "x.jpg"
    path.write_bytes(data)
    pixels = imaging.read(path).pixels
    path.write_bytes(data[:-2])
    assert np.array_equal(imaging.read(path).pixels, pixels)
    for cut in (8, 60, len(data) // 3):
        path.write_bytes(data[:-cut])
        with pytest.raises(PictureError, match="cut short"):
            imaging.read(path)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_transparent_grey_of_a_png_of_few_bits_is_transparent(depth: int) -> None:
    top = 2**depth - 1
    samples = np.array([[0, top] * 4], np.uint8)
    bits = np.unpackbits(samples[..., None], axis=2)[..., -depth:]
    header = struct.pack(">IIBBBBB", 8, 1, depth, 0, 0, 0, 0)
    row = zlib.compress(b"\0" + np.packbits(bits).tobytes())
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tRNS", bytes([0, top]))
    found = decode(data + chunk(b"IDAT", row) + chunk(b"IEND", b""))
    assert np.array_equal(found.pixels[0, :, 0], samples[0] // top)
    assert found.alpha is not None
    assert np.array_equal(found.alpha, 1 - samples // top)
