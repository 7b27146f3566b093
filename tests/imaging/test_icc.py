"""Colours: whatever space a file is in, what comes back is sRGB."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from impasto import imaging
from impasto.imaging import icc

from .pictures import (
    ADOBE_TO_XYZ,
    P3_TO_XYZ,
    SRGB_CURVE,
    SRGB_TO_XYZ,
    chunk,
    encoded,
    iccp,
    noise,
    png16,
    profile,
    smooth,
)

SWAPPED = tuple(row[::-1] for row in SRGB_TO_XYZ)
TABLE = tuple(np.linspace(0, 1, 1024) ** 2.2)


def put(folder: Path, data: bytes) -> Path:
    place = folder / "a.bin"
    place.write_bytes(data)
    return place


def srgb_encode(light: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def expected(values: np.ndarray[Any, Any], matrix: Any, gamma: float | None) -> np.ndarray[Any, Any]:
    """The conversion by its definition, in double precision; ``gamma`` None is the curve of sRGB."""
    values = values.astype(np.float64)
    curve = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    light = curve if gamma is None else values**gamma
    return srgb_encode(light @ (np.linalg.inv(SRGB_TO_XYZ) @ np.array(matrix)).T)


PROFILES = {
    "display p3": (profile(P3_TO_XYZ), P3_TO_XYZ, None),
    "adobe rgb, version 2": (profile(ADOBE_TO_XYZ, 2.19921875, 0x02400000), ADOBE_TO_XYZ, 2.19921875),
    "a table for a curve": (profile(P3_TO_XYZ, TABLE), P3_TO_XYZ, 2.2),
    "red and blue swapped": (profile(SWAPPED), SWAPPED, None),
    "linear": (profile(SRGB_TO_XYZ, 1.0), SRGB_TO_XYZ, 1.0),
}


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP", "AVIF"])
def test_eight_bit_pictures_are_converted_from_their_profile(tmp_path: Path, kind: str, name: str) -> None:
    data, matrix, gamma = PROFILES[name]
    colours = np.rint(smooth(32, 48) * 255).astype(np.uint8)
    options = {"lossless": True} if kind == "WEBP" else {}
    plain = imaging.read(put(tmp_path, encoded(Image.fromarray(colours), kind, **options))).pixels
    tagged = put(tmp_path, encoded(Image.fromarray(colours), kind, icc_profile=data, **options))
    result = imaging.read(tagged).pixels
    difference = np.abs(result - expected(plain, matrix, gamma))
    assert np.percentile(difference, 99) < 0.01
    assert np.abs(result - plain).max() > 0.05


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "float TIFF"])
def test_deep_pictures_are_converted_at_full_precision(tmp_path: Path, kind: str, name: str) -> None:
    data, matrix, gamma = PROFILES[name]
    samples = noise(30, 40, 3, top=65535)
    if kind == "PNG":
        place = put(tmp_path, png16(samples, iccp(data)))
    else:
        stream = io.BytesIO()
        values = samples if kind == "TIFF" else samples.astype(np.float32) / np.float32(65535)
        tifffile.imwrite(stream, values, photometric="rgb", iccprofile=data)
        place = put(tmp_path, stream.getvalue())
    result = imaging.read(place)
    assert result.bits == 16
    np.testing.assert_allclose(result.pixels, expected(samples / 65535, matrix, gamma), atol=3e-4)


def test_pure_red_of_display_p3_is_brighter_than_srgb_can_show(tmp_path: Path) -> None:
    colours = np.array([[[255, 0, 0], [128, 128, 128], [200, 100, 100]]], np.uint8)
    data = encoded(Image.fromarray(colours), "PNG", icc_profile=profile(P3_TO_XYZ))
    result = imaging.read(put(tmp_path, data)).pixels[0]
    np.testing.assert_allclose(result[0], [1, 0, 0], atol=0.01)
    np.testing.assert_allclose(result[1], 128 / 255, atol=0.005)
    assert result[2, 0] > 205 / 255


@pytest.mark.parametrize("data", [icc.srgb_profile(), profile(SRGB_TO_XYZ, SRGB_CURVE)])
def test_a_picture_in_srgb_is_not_touched(tmp_path: Path, data: bytes) -> None:
    samples, deep = noise(20, 20, 3), noise(20, 20, 3, top=65535)
    result = imaging.read(put(tmp_path, encoded(Image.fromarray(samples), "PNG", icc_profile=data)))
    np.testing.assert_array_equal(np.rint(result.pixels * 255), samples)
    result = imaging.read(put(tmp_path, png16(deep, iccp(data))))
    np.testing.assert_array_equal(np.rint(result.pixels.astype(np.float64) * 65535), deep)


def test_grey_profiles_are_applied_at_both_depths(tmp_path: Path) -> None:
    grey = profile(None, 1.0)
    samples, deep = noise(20, 20, 1), noise(20, 20, 1, top=65535)
    image = Image.fromarray(samples[..., 0])
    result = imaging.read(put(tmp_path, encoded(image, "PNG", icc_profile=grey))).pixels
    light = np.broadcast_to(samples / 255, (20, 20, 3))
    np.testing.assert_allclose(result, srgb_encode(light), atol=0.006)
    result = imaging.read(put(tmp_path, png16(deep, iccp(grey)))).pixels
    light = np.broadcast_to(deep / 65535, (20, 20, 3))
    np.testing.assert_allclose(result, srgb_encode(light), atol=2e-5)


def test_grey_pictures_may_carry_an_rgb_profile(tmp_path: Path) -> None:
    data = profile(P3_TO_XYZ, 1.0)
    samples, deep = noise(8, 8, 1), noise(8, 8, 1, top=65535)
    result = imaging.read(put(tmp_path, encoded(Image.fromarray(samples[..., 0]), "PNG", icc_profile=data)))
    np.testing.assert_allclose(result.pixels[..., :1], srgb_encode(samples / 255), atol=0.006)
    result = imaging.read(put(tmp_path, png16(deep, iccp(data))))
    np.testing.assert_allclose(result.pixels[..., :1], srgb_encode(deep / 65535), atol=1e-3)


def test_palettes_and_alpha_are_converted_too(tmp_path: Path) -> None:
    data = profile(SWAPPED)
    colours = np.zeros((4, 4, 4), np.uint8)
    colours[..., 0], colours[..., 3] = 255, 77
    for image in (Image.fromarray(colours), Image.fromarray(colours[..., :3].copy()).quantize(4)):
        result = imaging.read(put(tmp_path, encoded(image, "PNG", icc_profile=data)))
        np.testing.assert_allclose(result.pixels, np.broadcast_to([0, 0, 1], (4, 4, 3)), atol=0.01)
        if image.mode == "RGBA":
            assert result.alpha is not None
            np.testing.assert_allclose(result.alpha, 77 / 255, atol=1e-6)


def cmyk_picture() -> Image.Image:
    inks = np.zeros((16, 64, 4), np.uint8)
    for index, ink in enumerate([(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255)]):
        inks[:, 16 * index : 16 * index + 16] = ink
    return Image.frombytes("CMYK", (64, 16), inks.tobytes())


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_is_mixed_from_its_inks(tmp_path: Path, kind: str) -> None:
    result = imaging.read(put(tmp_path, encoded(cmyk_picture(), kind))).pixels
    np.testing.assert_allclose(result[8, 8::16], [[1, 1, 1], [0, 1, 1], [1, 0, 0], [0, 0, 0]], atol=0.02)


def lookup_profile(space: bytes) -> bytes:
    """A profile of one lookup table (mft1, two grid points a channel): 3 or 4 inputs to Lab.

    Full ink (or, for RGB, no light) is black, none is white; every input darkens alike, without
    any colour: nothing a matrix or a naive mix of inks would give.
    """
    channels = 4 if space == b"CMYK" else 3
    corners = np.indices((2,) * channels).reshape(channels, -1).T
    share = corners.mean(axis=1)
    lightness = np.rint(255 * (1 - share if channels == 4 else share)).astype(np.uint8)
    table = np.stack([lightness, np.full_like(lightness, 128), np.full_like(lightness, 128)], axis=1)
    ramp = bytes(range(256))
    identity = np.rint(np.eye(3) * 65536).astype(">i4").tobytes()
    tag = b"mft1" + bytes(4) + bytes([channels, 3, 2, 0]) + identity + ramp * channels
    tag += table.astype(np.uint8).tobytes() + ramp * 3
    whole = bytearray(profile(None))
    count = int.from_bytes(whole[128:132], "big")
    for index in range(count):
        at = 132 + 12 * index
        if whole[at : at + 4] == b"kTRC":
            whole[at : at + 12] = b"A2B1" + len(whole).to_bytes(4, "big") + len(tag).to_bytes(4, "big")
    whole += tag
    whole[8:12] = (0x02400000).to_bytes(4, "big")
    whole[12:24] = (b"prtr" if channels == 4 else b"mntr") + space + b"Lab "
    whole[0:4] = len(whole).to_bytes(4, "big")
    return bytes(whole)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_with_a_profile_is_converted_by_it(tmp_path: Path, kind: str) -> None:
    data = encoded(cmyk_picture(), kind, icc_profile=lookup_profile(b"CMYK"))
    white, cyan, red, black = imaging.read(put(tmp_path, data)).pixels[8, 8::16]
    np.testing.assert_allclose(white, 1, atol=0.02)
    assert np.ptp(cyan) < 0.03
    assert np.ptp(red) < 0.03
    assert white[0] > cyan[0] > red[0]
    assert black[0] == pytest.approx(cyan[0], abs=0.03)


def test_deep_pictures_with_a_lookup_table_are_converted_at_8_bits_and_say_so(tmp_path: Path) -> None:
    samples = noise(6, 6, 3, top=65535)
    place = put(tmp_path, png16(samples, iccp(lookup_profile(b"RGB "))))
    with pytest.warns(imaging.ImagingWarning, match="converted at 8 bits"):
        result = imaging.read(place)
    assert result.bits == 8
    assert np.ptp(result.pixels, axis=2).max() < 0.03


def test_lab_pictures_become_srgb(tmp_path: Path) -> None:
    stream = io.BytesIO()
    source = Image.new("RGB", (4, 4), (200, 30, 60))
    lab = ImageCms.profileToProfile(
        source, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    lab.save(stream, "TIFF")
    result = imaging.read(put(tmp_path, stream.getvalue()))
    np.testing.assert_allclose(result.pixels[0, 0] * 255, (200, 30, 60), atol=3)


BROKEN = {
    "no profile at all": b"this is no colour profile",
    "cut short": profile(P3_TO_XYZ)[:200],
    "empty": bytes(200),
    "of another kind": profile(None),
    "a curve of no known type": profile(P3_TO_XYZ).replace(b"para", b"xxxx"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_profile_is_passed_over_with_a_warning(tmp_path: Path, name: str) -> None:
    samples, deep = noise(6, 6, 3), noise(6, 6, 3, top=65535)
    stream = io.BytesIO()
    tifffile.imwrite(stream, deep, photometric="rgb", iccprofile=BROKEN[name])
    place = put(tmp_path, stream.getvalue())
    with pytest.warns(imaging.ImagingWarning, match=r"a\.bin: the embedded colour profile.*ignored"):
        result = imaging.read(place)
    np.testing.assert_array_equal(np.rint(result.pixels * 65535), deep)
    place = put(tmp_path, encoded(Image.fromarray(samples), "PNG", icc_profile=BROKEN[name]))
    with pytest.warns(imaging.ImagingWarning, match="the embedded colour profile"):
        result = imaging.read(place)
    np.testing.assert_array_equal(np.rint(result.pixels * 255), samples)


def test_the_warning_points_at_whoever_reads(tmp_path: Path) -> None:
    place = put(tmp_path, encoded(Image.new("RGB", (2, 2)), "PNG", icc_profile=b"nonsense"))
    with pytest.warns(imaging.ImagingWarning) as caught:
        imaging.read(place)
    assert caught[0].filename == __file__


def test_a_png_of_16_bits_with_a_gamma_of_its_own_is_converted(tmp_path: Path) -> None:
    samples = noise(3, 3, 3, top=65535)
    plain = imaging.read(put(tmp_path, png16(samples, chunk(b"gAMA", (45455).to_bytes(4, "big")))))
    linear = imaging.read(put(tmp_path, png16(samples, chunk(b"gAMA", (100000).to_bytes(4, "big")))))
    np.testing.assert_allclose(linear.pixels, imaging.linear_to_srgb(plain.pixels), atol=1e-4)


def test_an_avif_in_wide_gamut_without_a_profile_is_read_with_a_warning(tmp_path: Path) -> None:
    data = encoded(Image.new("RGB", (16, 16), "red"), "AVIF")
    at = data.index(b"colrnclx") + 8
    imaging.read(put(tmp_path, data))
    with pytest.warns(imaging.ImagingWarning, match="colour primaries 9 with transfer 16 were read as sRGB"):
        imaging.read(put(tmp_path, data[:at] + b"\0\x09\0\x10" + data[at + 4 :]))


@pytest.mark.parametrize(
    ("curve", "values"),
    [
        ((0, 2.0), [0, 0.25, 1]),
        ((1, 2.0, 2.0, -1.0), [0, 0, 1]),
        ((2, 1.0, 1.0, 0.0, 0.25), [0.25, 0.75, 1.25]),
        ((3, 2.0, 1.0, 0.0, 0.5, 0.6), [0, 0.25, 1]),
        ((4, 2.0, 1.0, 0.0, 0.5, 0.75, 0.125, 0.0625), [0.0625, 0.3125, 1.125]),
        (1.0, [0, 0.5, 1]),
        (tuple(np.linspace(0, 1, 9) ** 2), [0, 0.25, 1]),
    ],
)
def test_every_type_of_curve_is_evaluated_by_its_definition(curve: Any, values: list[float]) -> None:
    parsed = icc.parse(profile(P3_TO_XYZ, curve))
    assert parsed is not None
    points = np.array([0, 0.5, 1], np.float32)
    np.testing.assert_allclose(parsed.curves[0](points), values, atol=2e-5)


def test_our_srgb_profile_is_srgb_and_always_the_same() -> None:
    data = icc.srgb_profile()
    parsed = icc.parse(data)
    assert parsed is not None
    assert parsed.is_srgb()
    icc.srgb_profile.cache_clear()
    assert icc.srgb_profile() == data
