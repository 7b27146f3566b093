"""Reading: kinds of pictures, alpha, orientation."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from impasto import imaging

from .pictures import chunk, encoded, noise, png16, smooth

RGB = noise(6, 9, 3)
ALPHA = noise(6, 9, 1, seed=5)[..., 0]


def put(folder: Path, data: bytes, name: str = "a.bin") -> Path:
    place = folder / name
    place.write_bytes(data)
    return place


def eight(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Read values back as the integers they came from, which they must be exactly."""
    values = pixels * np.float32(255)
    np.testing.assert_allclose(values, np.rint(values), atol=1e-4)
    return np.rint(values).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_lossless_rgb_is_read_exactly(tmp_path: Path, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    result = imaging.read(put(tmp_path, encoded(Image.fromarray(RGB), kind, **options)))
    np.testing.assert_array_equal(eight(result.pixels), RGB)
    assert result.pixels.dtype == np.float32
    assert result.pixels.flags.c_contiguous
    assert (result.alpha, result.bits, result.width, result.height) == (None, 8, 9, 6)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "GIF", "HEIF"])
def test_lossy_formats_are_read_close_to_what_was_written(tmp_path: Path, kind: str) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    colours = np.rint(smooth(48, 64) * 255).astype(np.uint8)
    result = imaging.read(put(tmp_path, encoded(Image.fromarray(colours), kind, quality=95)))
    assert result.pixels.shape == (48, 64, 3)
    assert np.abs(result.pixels - colours / 255).mean() < (0.05 if kind == "GIF" else 0.02)


def test_the_bytes_count_and_not_the_name(tmp_path: Path) -> None:
    result = imaging.read(str(put(tmp_path, encoded(Image.fromarray(RGB), "PNG"), "photo.jpg")))
    np.testing.assert_array_equal(eight(result.pixels), RGB)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_becomes_three_equal_channels(tmp_path: Path, kind: str) -> None:
    result = imaging.read(put(tmp_path, encoded(Image.fromarray(ALPHA), kind)))
    np.testing.assert_array_equal(eight(result.pixels), np.repeat(ALPHA[..., None], 3, axis=2))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF"])
def test_one_bit_becomes_black_and_white(tmp_path: Path, kind: str) -> None:
    bits = Image.fromarray(ALPHA).convert("1", dither=Image.Dither.NONE)
    result = imaging.read(put(tmp_path, encoded(bits, kind)))
    expected = np.asarray(bits).astype(np.float32)
    np.testing.assert_array_equal(result.pixels[..., 1], expected)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF"])
def test_a_palette_becomes_its_colours(tmp_path: Path, kind: str) -> None:
    image = Image.fromarray(RGB).quantize(16)
    result = imaging.read(put(tmp_path, encoded(image, kind)))
    np.testing.assert_array_equal(eight(result.pixels), np.asarray(image.convert("RGB")))
    assert result.alpha is None


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_kept_apart_and_straight(tmp_path: Path, kind: str) -> None:
    image = Image.fromarray(np.dstack([RGB, ALPHA]))
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    result = imaging.read(put(tmp_path, encoded(image, kind, **options)))
    np.testing.assert_array_equal(eight(result.pixels), RGB)
    assert result.alpha is not None
    np.testing.assert_array_equal(eight(result.alpha), ALPHA)


def test_alpha_of_grey_pictures_is_kept(tmp_path: Path) -> None:
    image = Image.merge("LA", [Image.fromarray(RGB[..., 0].copy()), Image.fromarray(ALPHA)])
    result = imaging.read(put(tmp_path, encoded(image, "PNG")))
    np.testing.assert_array_equal(eight(result.pixels[..., 2]), RGB[..., 0])
    assert result.alpha is not None
    np.testing.assert_array_equal(eight(result.alpha), ALPHA)


def test_an_opaque_alpha_channel_counts_as_none(tmp_path: Path) -> None:
    image = Image.fromarray(np.dstack([RGB, np.full((6, 9), 255, np.uint8)]))
    assert imaging.read(put(tmp_path, encoded(image, "PNG"))).alpha is None


@pytest.mark.parametrize("transparency", [3, bytes([255, 128, 0, 255])])
def test_transparency_in_a_palette_becomes_alpha(tmp_path: Path, transparency: int | bytes) -> None:
    image = Image.fromarray(np.arange(8, dtype=np.uint8).reshape(2, 4) % 4, mode=None)
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    result = imaging.read(put(tmp_path, encoded(image, "PNG", transparency=transparency)))
    expected = [255, 255, 255, 0] if isinstance(transparency, int) else list(transparency)
    assert result.alpha is not None
    assert eight(result.alpha)[0].tolist() == expected
    assert eight(result.pixels)[0, 1].tolist() == [40, 50, 60]


def test_a_transparent_colour_of_rgb_and_of_grey_becomes_alpha(tmp_path: Path) -> None:
    flat = RGB.copy()
    flat[2, 3] = (1, 2, 3)
    result = imaging.read(put(tmp_path, encoded(Image.fromarray(flat), "PNG", transparency=(1, 2, 3))))
    assert result.alpha is not None
    assert (result.alpha[2, 3], result.alpha.sum()) == (0, 53)
    grey = np.arange(54, dtype=np.uint8).reshape(6, 9)
    result = imaging.read(put(tmp_path, encoded(Image.fromarray(grey), "PNG", transparency=7)))
    assert result.alpha is not None
    assert (result.alpha[0, 7], result.alpha.sum()) == (0, 53)


def test_a_gif_gives_its_first_frame_and_its_transparency(tmp_path: Path) -> None:
    first, second = (Image.fromarray(np.full((4, 5, 3), v, np.uint8)) for v in (40, 200))
    data = encoded(first, "GIF", save_all=True, append_images=[second])
    with pytest.warns(imaging.ImagingWarning, match="1 other frame"):
        np.testing.assert_array_equal(eight(imaging.read(put(tmp_path, data)).pixels), 40)
    indices = Image.frombytes("P", (2, 1), b"\0\1")
    indices.putpalette([9, 9, 9, 77, 77, 77])
    result = imaging.read(put(tmp_path, encoded(indices, "GIF", transparency=0)))
    assert result.alpha is not None
    assert result.alpha[0].tolist() == [0, 1]


def test_one_pixel_is_a_picture(tmp_path: Path) -> None:
    for kind in ("PNG", "JPEG", "TIFF", "GIF", "WEBP", "AVIF"):
        result = imaging.read(put(tmp_path, encoded(Image.new("RGB", (1, 1), "white"), kind)))
        assert result.pixels.shape == (1, 1, 3)
        assert result.pixels.min() > 0.98


QUADRANTS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)
"""Red, green; blue, white: tells every orientation from every other."""
ROTATE_OF_PILLOW = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turned(pixels: np.ndarray[Any, Any], orientation: int) -> np.ndarray[Any, Any]:
    if orientation == 1:
        return pixels
    return np.asarray(Image.fromarray(pixels).transpose(ROTATE_OF_PILLOW[orientation]))


def blocks() -> np.ndarray[Any, Any]:
    return QUADRANTS.repeat(16, axis=0).repeat(32, axis=1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_every_orientation_is_turned_upright(tmp_path: Path, kind: str, orientation: int) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = imaging.read(put(tmp_path, encoded(Image.fromarray(blocks()), kind, exif=exif.tobytes())))
    expected = turned(blocks(), orientation) / 255
    assert result.pixels.shape == expected.shape
    assert np.abs(result.pixels - expected).mean() < 0.06
    assert imaging.read_size(tmp_path / "a.bin") == (result.width, result.height)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate"])
def test_compressed_tiff_is_turned_upright_once(tmp_path: Path, compression: str, orientation: int) -> None:
    data = encoded(Image.fromarray(RGB), "TIFF", compression=compression, tiffinfo={274: orientation})
    result = imaging.read(put(tmp_path, data))
    np.testing.assert_array_equal(eight(result.pixels), turned(RGB, orientation))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pictures_and_their_alpha_are_turned_upright(tmp_path: Path, orientation: int) -> None:
    samples = noise(5, 7, 4, top=65535)
    exif = Image.Exif()
    exif[0x0112] = orientation
    png = png16(samples, chunk(b"eXIf", exif.tobytes()[6:]))
    stream = io.BytesIO()
    tags = [(274, "H", 1, orientation, True)]
    tifffile.imwrite(stream, samples, photometric="rgb", extrasamples=["unassalpha"], extratags=tags)
    for data in (png, stream.getvalue()):
        result = imaging.read(put(tmp_path, data))
        assert result.alpha is not None
        for plane, channel in ((result.pixels[..., 0], 0), (result.alpha, 3)):
            high = np.rint(plane * 65535).astype(np.uint16) // 256
            expected = turned((samples[..., channel] // 256).astype(np.uint8), orientation)
            np.testing.assert_array_equal(high, expected)


def test_alpha_is_turned_with_the_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.fromarray(np.dstack([RGB, ALPHA])), "PNG", exif=exif.tobytes())
    result = imaging.read(put(tmp_path, data))
    assert result.alpha is not None
    np.testing.assert_array_equal(eight(result.alpha), turned(ALPHA, 6))


def test_an_orientation_that_does_not_exist_counts_as_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 42
    result = imaging.read(put(tmp_path, encoded(Image.fromarray(RGB), "PNG", exif=exif.tobytes())))
    np.testing.assert_array_equal(eight(result.pixels), RGB)
