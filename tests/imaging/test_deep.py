"""Reading 16-bit and floating-point pictures."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from impasto import imaging
from impasto.errors import PictureError
from impasto.imaging.inputs import load_picture

from .pictures import chunk, noise, png16

SAMPLES = noise(7, 5, 4, top=65535)


def put(folder: Path, data: bytes) -> Path:
    place = folder / "a.bin"
    place.write_bytes(data)
    return place


def tiff(samples: np.ndarray[Any, Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, **options)
    return stream.getvalue()


def sixteen(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.rint(values.astype(np.float64) * 65535).astype(np.uint16)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_of_16_bits_is_read_exactly(tmp_path: Path, channels: int) -> None:
    samples = SAMPLES[..., :channels]
    result = imaging.read(put(tmp_path, png16(samples)))
    colours = samples[..., : channels - 1 + channels % 2]
    np.testing.assert_array_equal(sixteen(result.pixels), np.broadcast_to(colours, (7, 5, 3)))
    assert result.bits == 16
    assert (result.alpha is None) == (channels % 2 == 1)
    if result.alpha is not None:
        np.testing.assert_array_equal(sixteen(result.alpha), samples[..., -1])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour_of_a_16_bit_png_becomes_alpha(tmp_path: Path, channels: int) -> None:
    samples = SAMPLES[..., :channels]
    extra = chunk(b"tRNS", samples[2, 1].astype(">u2").tobytes())
    result = imaging.read(put(tmp_path, png16(samples, extra)))
    assert result.alpha is not None
    assert (result.alpha[2, 1], result.alpha.sum()) == (0, 34)
    np.testing.assert_array_equal(sixteen(result.pixels[..., 0]), samples[..., 0])


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tiff_of_16_bits_is_read_exactly(
    tmp_path: Path, byteorder: str, compression: str | None, channels: int
) -> None:
    samples = SAMPLES[..., :channels]
    options = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    photometric = "minisblack" if channels == 1 else "rgb"
    data = tiff(
        samples.squeeze(), photometric=photometric, byteorder=byteorder, compression=compression, **options
    )
    result = imaging.read(put(tmp_path, data))
    np.testing.assert_array_equal(sixteen(result.pixels), np.broadcast_to(samples[..., :3], (7, 5, 3)))
    assert result.bits == 16
    if channels == 4:
        assert result.alpha is not None
        np.testing.assert_array_equal(sixteen(result.alpha), samples[..., 3])


def lzw(samples: np.ndarray[Any, Any], orientation: int = 1) -> bytes:
    """A 16-bit TIFF compressed with LZW, which tifffile alone cannot undo."""
    import cv2

    order = [2, 1, 0] if samples.shape[2] == 3 else [0]
    done, data = cv2.imencode(".tif", samples[..., order], [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    assert done
    with tifffile.TiffFile(io.BytesIO(data.tobytes())) as file:
        page: Any = file.pages.first
        assert page.compression == 5
        planar = page.tags[284]
        order_of_bytes = "little" if file.byteorder == "<" else "big"
    if orientation == 1:
        return data.tobytes()
    patched = bytearray(data.tobytes())  # planar configuration 1 is the default, so its entry can be reused
    patched[planar.offset : planar.offset + 2] = (274).to_bytes(2, order_of_bytes)
    patched[planar.valueoffset : planar.valueoffset + 2] = orientation.to_bytes(2, order_of_bytes)
    return bytes(patched)


@pytest.mark.parametrize("channels", [1, 3])
def test_lzw_tiff_of_16_bits_is_read_exactly(tmp_path: Path, channels: int) -> None:
    samples = SAMPLES[..., :channels]
    result = imaging.read(put(tmp_path, lzw(samples)))
    np.testing.assert_array_equal(sixteen(result.pixels), np.broadcast_to(samples, (7, 5, 3)))


@pytest.mark.filterwarnings("ignore::impasto.imaging.ImagingWarning")
def test_lzw_tiff_of_16_bits_is_turned_upright_once(tmp_path: Path) -> None:
    result = imaging.read(put(tmp_path, lzw(SAMPLES[..., :3], orientation=6)))
    np.testing.assert_array_equal(sixteen(result.pixels), np.rot90(SAMPLES[..., :3], -1))


@pytest.mark.parametrize("compression", [5, 32946])
def test_compressed_tiff_of_floats_is_read_exactly(tmp_path: Path, compression: int) -> None:
    import cv2

    values = (SAMPLES[..., :3] / 65535).astype(np.float32)
    done, data = cv2.imencode(".tif", values[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, compression])
    assert done
    np.testing.assert_array_equal(imaging.read(put(tmp_path, data.tobytes())).pixels, values)


def test_the_header_of_a_tiff_of_floats_is_read(tmp_path: Path) -> None:
    path = put(tmp_path, tiff(np.zeros((7, 5, 3), np.float32), photometric="rgb"))
    assert imaging.read_size(path) == (5, 7)


def test_images_of_pillow_s_with_floats_and_large_integers_are_read_exactly() -> None:
    values = (SAMPLES[..., 0] / 65535).astype(np.float32)
    for image in (Image.fromarray(values), Image.fromarray(SAMPLES[..., 0].astype(np.int32))):
        found = load_picture(image)
        np.testing.assert_array_equal(sixteen(found.pixels[..., 1]), SAMPLES[..., 0])
        assert found.bits == 16
    with pytest.raises(PictureError, match="from 0 to 1, but there are values from 0 to 200"):
        load_picture(Image.fromarray(np.array([[0, 200]], np.float32)))


def test_planes_stored_apart_are_put_together(tmp_path: Path) -> None:
    planes = np.ascontiguousarray(np.moveaxis(SAMPLES[..., :3], 2, 0))
    result = imaging.read(put(tmp_path, tiff(planes, photometric="rgb", planarconfig="separate")))
    np.testing.assert_array_equal(sixteen(result.pixels), SAMPLES[..., :3])


def test_a_tiff_whose_zero_is_white_is_inverted(tmp_path: Path) -> None:
    result = imaging.read(put(tmp_path, tiff(SAMPLES[..., 0].copy(), photometric="miniswhite")))
    np.testing.assert_array_equal(sixteen(result.pixels[..., 0]), 65535 - SAMPLES[..., 0])


def test_premultiplied_colours_of_a_tiff_become_straight(tmp_path: Path) -> None:
    samples = np.array([[[100, 200, 300, 1000], [0, 0, 0, 0], [7, 8, 9, 65535]]], np.uint16)
    result = imaging.read(put(tmp_path, tiff(samples, photometric="rgb", extrasamples=["assocalpha"])))
    np.testing.assert_allclose(result.pixels[0, 0], [0.1, 0.2, 0.3], atol=1e-5)
    np.testing.assert_array_equal(result.pixels[0, 1], 0)
    np.testing.assert_array_equal(sixteen(result.pixels[0, 2]), [7, 8, 9])


def test_samples_of_no_stated_meaning_are_left_out(tmp_path: Path) -> None:
    result = imaging.read(put(tmp_path, tiff(SAMPLES, photometric="rgb", extrasamples=["unspecified"])))
    assert result.alpha is None
    np.testing.assert_array_equal(sixteen(result.pixels), SAMPLES[..., :3])


def test_cmyk_of_16_bits_is_mixed_from_its_inks(tmp_path: Path) -> None:
    inks = np.array([[[0, 0, 0, 0], [65535, 0, 0, 0], [0, 0, 0, 65535], [0, 13107, 0, 0]]], np.uint16)
    result = imaging.read(put(tmp_path, tiff(inks, photometric="separated")))
    np.testing.assert_allclose(result.pixels[0], [[1, 1, 1], [0, 1, 1], [0, 0, 0], [1, 0.8, 1]], atol=1e-5)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floating_point_tiff_in_range_is_read(tmp_path: Path, kind: Any) -> None:
    values = np.linspace(0, 1, 60).reshape(4, 5, 3).astype(kind)
    result = imaging.read(put(tmp_path, tiff(values, photometric="rgb")))
    np.testing.assert_allclose(result.pixels, values, atol=1e-7)
    assert result.bits == 16


@pytest.mark.parametrize("value", [1.5, -0.25, float("nan"), float("inf")])
def test_floating_point_tiff_out_of_range_is_refused(tmp_path: Path, value: float) -> None:
    values = np.full((4, 5, 3), 0.5, np.float32)
    values[1, 1, 1] = value
    with pytest.raises(PictureError, match=r"floating-point samples in \[0, 1\].*the TIFF holds values from"):
        imaging.read(put(tmp_path, tiff(values, photometric="rgb")))


def test_32_bit_integers_are_read(tmp_path: Path) -> None:
    values = np.array([[0, 2**31, 2**32 - 1]], np.uint32)
    result = imaging.read(put(tmp_path, tiff(values, photometric="minisblack")))
    np.testing.assert_allclose(result.pixels[0, :, 0], [0, 0.5, 1], atol=1e-6)


@pytest.mark.parametrize("kind", ["int8", "int16", "int32"])
def test_signed_integers_are_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(PictureError, match=f"unsigned or floating-point samples, but the TIFF holds {kind}"):
        imaging.read(put(tmp_path, tiff(np.zeros((3, 3), kind), photometric="minisblack")))


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_lab_that_is_not_read_is_called_so(tmp_path: Path, kind: str) -> None:
    data = tiff(np.zeros((3, 3, 3), kind), photometric="icclab")
    with pytest.raises(PictureError, match=f"it is a TIFF of {kind.removeprefix('uint')} bits in ICCLAB"):
        imaging.read(put(tmp_path, data))


def test_the_first_page_of_a_tiff_is_read(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(SAMPLES[..., :3], photometric="rgb", metadata=None)
        writer.write(np.zeros((3, 3, 3), np.uint16), photometric="rgb", metadata=None)
    with pytest.warns(imaging.ImagingWarning, match="1 other page"):
        result = imaging.read(put(tmp_path, stream.getvalue()))
    np.testing.assert_array_equal(sixteen(result.pixels), SAMPLES[..., :3])


def test_one_deep_pixel_is_a_picture(tmp_path: Path) -> None:
    pixel = np.array([[[1, 2, 65535]]], np.uint16)
    for data in (png16(pixel), tiff(pixel, photometric="rgb")):
        np.testing.assert_array_equal(sixteen(imaging.read(put(tmp_path, data)).pixels), pixel)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_deep_files_cut_short_are_refused(tmp_path: Path, share: float) -> None:
    large = noise(40, 40, 3, top=65535)
    for data in (
        png16(large),
        tiff(large, photometric="rgb"),
        tiff(large, photometric="rgb", compression="zlib"),
    ):
        with pytest.raises(PictureError, match="damaged, cut short"):
            imaging.read(put(tmp_path, data[: int(len(data) * share)]))


def test_pillow_would_have_lost_the_lower_eight_bits(tmp_path: Path) -> None:
    place = put(tmp_path, png16(SAMPLES[..., :3]))
    with Image.open(place) as image:
        assert np.asarray(image).dtype == np.uint8
    assert len(np.unique(sixteen(imaging.read(place).pixels) % 256)) > 50


def test_next_to_nothing_of_an_associated_alpha_is_read_without_a_warning(tmp_path: Path) -> None:
    samples = np.full((4, 4, 4), 0.5, np.float32)
    samples[0, 0, 3], samples[1, 1, 3] = 1e-44, 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = imaging.read(put(tmp_path, tiff(samples, photometric="rgb", extrasamples=["assocalpha"])))
    assert np.isfinite(result.pixels).all()
    assert result.pixels[0, 0].min() == 1
