"""What cannot be read is refused in one sentence, by one type of error, before any work."""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto import imaging
from impasto.errors import DivergedError, MissingExtraError, OptionError, PictureError
from impasto.files import reason_of
from impasto.imaging.decoder import decode
from impasto.imaging.read_options import READING, ReadOptions
from tests.conftest import stripes
from tests.fuzzing import damaged_bytes

from .pictures import chunk, encoded, iccp, noise, png16, profile, smooth


def refusal(path: Path | str, reading: ReadOptions = READING) -> str:
    with pytest.raises(PictureError) as caught:
        imaging.read(path, reading)
    message = str(caught.value)
    assert message.startswith(f"{path}: expected ")
    assert message.endswith(".")
    assert "\n" not in message
    assert caught.value.expected is not None
    assert caught.value.actual is not None
    return message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(tmp_path / "none.png")


def test_a_folder_is_not_a_picture(tmp_path: Path) -> None:
    assert "it is a folder" in refusal(tmp_path)


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert "the file is empty" in refusal(tmp_path / "a.png")


def test_a_device_and_a_pipe_are_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes on this system")
    os.mkfifo(tmp_path / "pipe.png")
    assert "not a regular file" in refusal(tmp_path / "pipe.png")
    assert "not a regular file" in refusal("/dev/null")


def test_a_name_the_system_cannot_hold_is_refused(tmp_path: Path) -> None:
    refusal(tmp_path / ("x" * 5000 + ".png"))
    refusal(str(tmp_path) + "/a\0b.png")


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    refusal(tmp_path / "a" / "b.png")


def test_a_protected_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_text("x")

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "permission is denied" in refusal(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Dear diary,\nno picture today.\n", "the file holds text"),
        ("Größe: ".encode() * 200, "the file holds text"),
        (b"<?xml version='1.0'?><svg width='3'/>", "an SVG drawing"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"PK\x03\x04....", "a ZIP archive"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomiso2mp41", "a video"),
        (b"\x00\x01\x02\x03\xff\xfe", "unknown data (it begins with 00 01 02 03 ff fe)"),
        (b"\x07", "unknown data (it begins with 07)"),
    ],
)
def test_files_that_are_no_pictures_are_called_what_they_are(tmp_path: Path, data: bytes, words: str) -> None:
    place = tmp_path / "photo.jpg"
    place.write_bytes(data)
    message = refusal(place)
    assert words in message
    assert "a JPEG, PNG, WebP, AVIF, TIFF, GIF, BMP, HEIC, OpenEXR or DPX picture" in message


def test_raw_files_of_cameras_are_refused_instead_of_giving_their_thumbnail(tmp_path: Path) -> None:
    thumbnail = encoded(Image.new("RGB", (16, 12)), "TIFF")
    (tmp_path / "a.NEF").write_bytes(thumbnail)
    assert "raw file" in refusal(tmp_path / "a.NEF")
    stream = io.BytesIO()
    tifffile.imwrite(
        stream, noise(4, 4, 3), photometric="rgb", extratags=[(50706, "B", 4, b"\1\4\0\0", True)]
    )
    (tmp_path / "a.tif").write_bytes(stream.getvalue())
    assert "raw file" in refusal(tmp_path / "a.tif")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "HEIF"])
@pytest.mark.parametrize("share", [0.2, 0.7])
@pytest.mark.filterwarnings("ignore::impasto.imaging.ImagingWarning")
def test_files_cut_short_are_refused(tmp_path: Path, kind: str, share: float) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    data = encoded(Image.fromarray(noise(64, 64, 3)), kind)
    place = tmp_path / "a.bin"
    place.write_bytes(data[: int(len(data) * share)])
    assert "its data is damaged, cut short" in refusal(place)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF"])
def test_more_pixels_than_allowed_are_refused_with_the_numbers_and_the_option(
    tmp_path: Path, kind: str
) -> None:
    place = tmp_path / "a.bin"
    place.write_bytes(encoded(Image.new("RGB", (40, 50)), kind))
    message = refusal(place, ReadOptions(max_pixels=1999))
    assert "at most 1,999 pixels" in message
    assert "40 x 50 = 2,000" in message
    assert "--max-pixels" in message
    assert imaging.read(place, ReadOptions(max_pixels=2000)).width == 40


def bomb(bits: int) -> bytes:
    """A PNG of a few bytes which says it has 100,000 x 100,000 pixels."""
    data = bytearray(png16(np.zeros((1, 1, 3), np.uint16)))
    header = (100_000).to_bytes(4, "big") * 2 + bytes([bits, 2, 0, 0, 0])
    data[8:33] = chunk(b"IHDR", header)
    return bytes(data)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_decompression_bomb_is_refused_in_our_words(tmp_path: Path, bits: int) -> None:
    place = tmp_path / "a.png"
    place.write_bytes(bomb(bits))
    assert "at most 180,000,000 pixels, but the picture has 100000 x 100000 = 10,000,000,000" in refusal(
        place
    )


def test_a_deep_tiff_over_the_limit_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", noise(20, 30, 3, top=65535), photometric="rgb")
    assert "30 x 20 = 600" in refusal(tmp_path / "a.tif", ReadOptions(max_pixels=599))


def test_the_limit_of_pillow_is_as_before_after_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a.png"
    place.write_bytes(encoded(Image.new("RGB", (40, 50)), "PNG"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert imaging.read(place).height == 50
    with pytest.raises(PictureError):
        imaging.read(place, ReadOptions(max_pixels=5))
    assert Image.MAX_IMAGE_PIXELS == 100


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(OptionError, match="expected max_pixels to be a whole number, 1 or more; got 0"):
        ReadOptions(max_pixels=0)


HEIC_START = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


def test_heic_without_its_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    place = tmp_path / "a.heic"
    place.write_bytes(HEIC_START)
    for call in (imaging.read, imaging.read_parameters, imaging.check_writable):
        with pytest.raises(MissingExtraError, match=r"pip install .*\[heic\]'"):
            call(place)


def test_heic_that_is_damaged_is_a_picture_error(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    place = tmp_path / "a.heic"
    place.write_bytes(HEIC_START)
    assert "HEIC" in refusal(place)


@pytest.mark.parametrize("deep", [False, True])
def test_what_decoders_complain_of_is_passed_on_as_our_warning(
    tmp_path: Path, deep: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "a.tif"
    data = bytearray(_tiff(noise(9, 9, 3, top=65535 if deep else 255), software="x" * 40))
    entry = data.index((305).to_bytes(2, "little") + b"\2\0")
    data[entry + 8 : entry + 12] = b"\xff\xff\xff\x7f"  # the text would lie far behind the end
    place.write_bytes(data)
    with pytest.warns(imaging.ImagingWarning) as caught:
        assert imaging.read(place).width == 9
    assert all(item.category is imaging.ImagingWarning for item in caught)
    assert any("a.tif: " in str(item.message) and "305" in str(item.message) for item in caught)
    assert capfd.readouterr() == ("", "")


def _tiff(samples: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, photometric="rgb", **options)
    return stream.getvalue()


PHOTO = Image.fromarray(np.rint(smooth(24, 32) * 255).astype(np.uint8))
VALID = {
    "jpeg": encoded(PHOTO, "JPEG", icc_profile=profile(((0.5, 0.3, 0.1),) * 3)),
    "png": encoded(PHOTO, "PNG"),
    "palette": encoded(PHOTO.quantize(16), "PNG", transparency=2),
    "deep png": png16(noise(8, 8, 4, top=65535), iccp(profile(None))),
    "webp": encoded(PHOTO, "WEBP"),
    "avif": encoded(PHOTO, "AVIF"),
    "tiff": encoded(PHOTO, "TIFF", compression="tiff_lzw"),
    "deep tiff": _tiff(noise(8, 8, 3, top=65535), compression="zlib"),
    "float tiff": _tiff(smooth(8, 8)),
    "gif": encoded(PHOTO, "GIF"),
}
WILD = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_or_refuse(place: Path, data: bytes) -> None:
    place.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", imaging.ImagingWarning)
        for call in (
            lambda: imaging.read(place, ReadOptions(max_pixels=1_000_000)),
            lambda: imaging.read_parameters(place),
        ):
            with contextlib.suppress(PictureError):
                call()


@WILD
@given(data=st.binary(max_size=300), start=st.sampled_from(sorted(VALID)), keep=st.integers(0, 64))
@example(data=b"", start="png", keep=0)
def test_random_bytes_raise_nothing_but_picture_errors(
    tmp_path: Path, data: bytes, start: str, keep: int
) -> None:
    read_or_refuse(tmp_path / "a.bin", VALID[start][:keep] + data)


@WILD
@given(start=st.sampled_from(sorted(VALID)), share=st.floats(0, 1))
def test_truncated_files_raise_nothing_but_picture_errors(tmp_path: Path, start: str, share: float) -> None:
    read_or_refuse(tmp_path / "a.bin", VALID[start][: int(len(VALID[start]) * share)])


@WILD
@given(
    start=st.sampled_from(sorted(VALID)),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_files_raise_nothing_but_picture_errors(
    tmp_path: Path, start: str, changes: list[tuple[float, int]]
) -> None:
    data = bytearray(VALID[start])
    for share, value in changes:
        data[int(share * len(data))] = value
    read_or_refuse(tmp_path / "a.bin", bytes(data))


def _without(data: bytes, chunk: bytes) -> bytes:
    """Return a PNG file without its first ``chunk``."""
    place = data.index(chunk) - 4
    return data[:place] + data[place + 12 + int.from_bytes(data[place : place + 4], "big") :]


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF", "BMP", "WEBP", "JPEG"])
def test_messages_about_damaged_pictures_never_speak_of_code(kind: str) -> None:
    picture = Image.fromarray((stripes(12, 10) * 255).astype(np.uint8))
    stream = io.BytesIO()
    (picture if kind in ("WEBP", "JPEG") else picture.quantize(8)).save(stream, kind)
    whole = stream.getvalue()
    cases = [damaged_bytes(whole, random.Random(number)) for number in range(60)]
    cases += [_without(whole, chunk) for chunk in (b"PLTE", b"IDAT", b"IEND") if chunk in whole]
    seen = []
    for data in cases:
        with warnings.catch_warnings(record=True, action="always") as caught:
            try:
                decode(data)
            except PictureError as error:
                seen.append(str(error))
        seen += [str(warning.message) for warning in caught]
    assert seen
    for words in seen:
        assert not re.search(r"Error\b|\(\)|<\w|argument|unpack|index out", words), words


def test_a_reason_without_words_or_about_code_is_contents_that_are_invalid() -> None:
    problems = (AssertionError(), KeyError("dataWindow"), IndexError("list index out of range"), ValueError())
    for problem in (*problems, ValueError("zip() argument 2 is longer than argument 1")):
        assert reason_of(problem) == "its contents are invalid"
    assert reason_of(ValueError("its checksum is wrong")) == "its checksum is wrong"
    assert reason_of(DivergedError("the loss is infinite")) == "the loss is infinite"
