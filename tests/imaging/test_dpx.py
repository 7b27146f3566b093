"""DPX pictures: every packing exactly, and a reason for what cannot be read honestly."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from impasto import imaging
from impasto.clips import Request, open_clip
from impasto.errors import PictureError
from impasto.imaging import ImagingWarning


def codes(bits: int, channels: int = 3) -> NDArray[Any]:
    found = np.random.default_rng(1).integers(0, 1 << bits, (7, 33, channels))
    return found.astype(np.uint8 if bits == 8 else np.uint16)


def encoded(samples: NDArray[Any], pixel_format: str) -> bytes:
    """A file with ``samples``, as FFmpeg writes it."""
    encoder: Any = av.CodecContext.create("dpx", "w")
    encoder.width, encoder.height = samples.shape[1], samples.shape[0]
    encoder.pix_fmt, encoder.time_base = pixel_format, Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(samples, format=pixel_format)
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def changed(data: bytes, place: int, value: bytes) -> bytes:
    return data[:place] + value + data[place + len(value) :]


@pytest.mark.parametrize(
    ("bits", "pixel_format"),
    [
        (8, "rgb24"),
        (10, "gbrp10le"),
        (10, "gbrp10be"),
        (12, "gbrp12le"),
        (12, "gbrp12be"),
        (16, "rgb48le"),
        (16, "rgb48be"),
    ],
)
def test_codes_are_read_exactly(tmp_path: Path, bits: int, pixel_format: str) -> None:
    samples = codes(bits)
    (tmp_path / "a.dpx").write_bytes(encoded(samples, pixel_format))
    picture = imaging.read(tmp_path / "a.dpx")
    assert (picture.bits, picture.alpha) == (8 if bits == 8 else 16, None)
    assert np.array_equal(np.rint(picture.pixels * ((1 << bits) - 1)), samples)
    found = imaging.read_header(tmp_path / "a.dpx")
    assert (found.width, found.height, found.alpha) == (33, 7, False)


def test_alpha_grey_linear_light_black_and_white_and_orientation_are_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.dpx"
    samples = codes(8, 4)
    path.write_bytes(encoded(samples, "rgba"))
    picture = imaging.read(path)
    assert picture.alpha is not None
    assert np.array_equal(np.rint(picture.alpha * 255), samples[..., 3])

    grey = codes(16, 1)[..., 0]
    path.write_bytes(encoded(grey, "gray16be"))
    assert np.array_equal(np.rint(imaging.read(path).pixels * 65535), grey[..., None].repeat(3, 2))

    deep = codes(10)
    data = encoded(deep, "gbrp10be")
    path.write_bytes(changed(data, 801, b"\2"))
    assert np.allclose(imaging.srgb_to_linear(imaging.read(path).pixels), deep / 1023, atol=1e-5)
    path.write_bytes(changed(changed(data, 784, struct.pack(">I", 64)), 792, struct.pack(">I", 940)))
    wanted = np.clip((deep.astype(np.float32) - 64) / 876, 0, 1)
    assert np.allclose(imaging.read(path).pixels, wanted, atol=1e-6)
    path.write_bytes(changed(data, 768, b"\0\2"))
    assert np.allclose(imaging.read(path).pixels, deep[::-1] / 1023, atol=1e-6)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (801, b"\1", "logarithmic densities of film"),
        (801, b"\3", "logarithmic densities of film"),
        (770, b"\0\2", "it has 2 elements"),
        (800, b"\x64", "of kind 100"),
        (768, b"\0\5", "orientation 5"),
        (806, b"\0\1", "cannot be decoded"),
    ],
)
def test_what_cannot_be_read_honestly_is_refused(
    tmp_path: Path, place: int, value: bytes, words: str
) -> None:
    path = tmp_path / "a.dpx"
    path.write_bytes(changed(encoded(codes(10), "gbrp10be"), place, value))
    with pytest.raises(PictureError, match=words):
        imaging.read(path)


def test_an_unstated_transfer_is_told_and_damage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.dpx"
    data = encoded(codes(10), "gbrp10be")
    path.write_bytes(changed(data, 801, b"\xff"))
    with pytest.warns(ImagingWarning, match="does not state the transfer"):
        imaging.read(path)
    for keep in (10, 700, len(data) // 2, len(data) - 20):
        path.write_bytes(data[:keep])
        with pytest.raises(PictureError, match=r"a\.dpx"):
            imaging.read(path)


def test_dpx_are_the_frames_of_a_clip(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"f.{number:04d}.dpx").write_bytes(encoded(codes(10) // (number + 1), "gbrp10be"))
    clip = open_clip(tmp_path / "f.%04d.dpx", Request(even=False))
    assert (clip.info.bits, clip.info.frames) == (10, 3)
    assert [np.rint(frame.pixels.max() * 1023) for frame in clip.frames()] == [
        codes(10).max() // (number + 1) for number in range(3)
    ]


@pytest.mark.parametrize(("place", "value"), [(780, 1), (808, 8192), (812, 4), (4, 100)])
def test_padded_lines_other_offsets_and_signed_samples_are_refused(
    tmp_path: Path, place: int, value: int
) -> None:
    data = encoded(codes(8), "rgb24")
    order = ">" if data[:4] == b"SDPX" else "<"
    (tmp_path / "a.dpx").write_bytes(changed(data, place, struct.pack(f"{order}I", value)))
    with pytest.raises(PictureError, match="line after line"):
        imaging.read(tmp_path / "a.dpx")
