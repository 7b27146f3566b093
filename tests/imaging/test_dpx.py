"""DPX pictures: every packing exactly, and a reason for what cannot be read honestly."""

from __future__ import annotations

import struct
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from impasto import imaging
from impasto.clips import Request, open_clip
from impasto.clips.frame_files import write_frame
from impasto.clips.timecode import Timecode
from impasto.errors import OutputError, PictureError
from impasto.imaging import ImagingWarning, dpx
from impasto.types import PhotoMetadata, Picture


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


@pytest.mark.parametrize(
    ("bits", "channels", "form"), [(10, 3, "gbrp10be"), (16, 3, "rgb48be"), (16, 4, "rgba64be")]
)
def test_codes_are_written_exactly_and_as_ffmpeg_packs_them(
    tmp_path: Path, bits: int, channels: int, form: str
) -> None:
    samples = codes(bits, channels)
    planes = samples.astype(np.float32) / np.float32((1 << bits) - 1)
    alpha = planes[..., 3] if channels == 4 else None
    picture = Picture(planes[..., :3], alpha, bits=16 if bits == 16 else 8)
    path = tmp_path / "a.dpx"
    imaging.write(picture, path)
    data, other = path.read_bytes(), encoded(samples, form)
    begins = [struct.unpack_from(">I", file, 4)[0] for file in (data, other)]
    size = len(other) - begins[1] if bits == 16 else 7 * 33 * 4
    assert data[begins[0] :] == other[begins[1] :][:size]
    assert struct.unpack_from(">I", data, 16) == (len(data),)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no transfer that is not stated
        found = imaging.read(path)
    assert np.array_equal(np.rint(found.pixels * ((1 << bits) - 1)), samples[..., :3])
    if channels == 4:
        assert found.alpha is not None
        assert np.array_equal(np.rint(found.alpha * 65535), samples[..., 3])


def test_the_header_that_is_written_says_what_other_programs_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "a.dpx"
    timecode = Timecode.parse("01:02:03:14", Fraction(24))
    pixels = codes(10).astype(np.float32) / 1023
    write_frame(path, pixels, bits=10, timecode=timecode, rate=Fraction(24))
    data = path.read_bytes()
    # SMPTE 268M: bits, packing, aspect, frame rate twice, what is not stated
    assert data[800:804] == bytes([50, 6, 6, 10])
    assert struct.unpack_from(">HHI", data, 804) == (1, 0, 2048)
    assert struct.unpack_from(">II", data, 1628) == (1, 1)
    assert struct.unpack_from(">f", data, 1724) == struct.unpack_from(">f", data, 1940) == (24,)
    assert struct.unpack_from(">I", data, 660) == (0xFFFFFFFF,)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(video=0))
        context = stream.codec_context
        assert (context.name, context.width, context.height) == ("dpx", 33, 7)
        assert (frame.format.name, frame.color_trc, frame.color_primaries) == ("gbrp10le", 1, 1)
        assert frame.metadata["timecode"] == "01:02:03:14"
        assert context.framerate == 24
    for bits, wanted in ((8, 10), (10, 10), (16, 16)):
        write_frame(path, pixels, bits=bits)
        header = dpx.read_header(path)
        assert (header.bits, header.timecode) == (wanted, None)


def test_the_recipe_the_date_and_the_copyright_of_a_picture_are_in_its_header(tmp_path: Path) -> None:
    path = tmp_path / "a.dpx"
    about = PhotoMetadata(taken="2024:05:31 18:30:00", copyright="Jo", author="Jo")
    pixels = codes(16).astype(np.float32) / 65535
    imaging.write(Picture(pixels, bits=16, metadata=about), path, parameters={"style": "straw-hat" * 900})
    assert imaging.read_parameters(path) == {"style": "straw-hat" * 900}
    assert np.array_equal(imaging.read(path).pixels, pixels)
    data = path.read_bytes()
    assert data[1532:1556].rstrip(b"\0") == b"2024:05:31:18:30:00"
    assert data[460:463] == b"Jo\0"
    imaging.write(Picture(pixels), path)
    assert imaging.read_parameters(path) is None
    with pytest.raises(OutputError, match="DPX has room for"):
        imaging.write(Picture(pixels), path, parameters={"style": "a" * 2_000_000})


def test_dpx_are_the_frames_of_a_clip(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"f.{number:04d}.dpx").write_bytes(encoded(codes(10) // (number + 1), "gbrp10be"))
    clip = open_clip(tmp_path / "f.%04d.dpx", Request(even=False))
    assert (clip.info.bits, clip.info.frames, clip.info.timecode) == (10, 3, None)
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
