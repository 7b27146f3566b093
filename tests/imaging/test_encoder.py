"""Writing: what is written is what was meant, and it is there completely or not at all."""

from __future__ import annotations

import errno
import importlib.util
import io
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto import imaging
from impasto.errors import MissingExtraError, OptionError, OutputError, PictureError
from impasto.imaging import icc, metadata
from impasto.types import Picture

from .pictures import encoded, picture, smooth

HAS_HEIC = importlib.util.find_spec("pillow_heif") is not None
SUFFIXES = [s for s in imaging.WRITABLE_SUFFIXES if HAS_HEIC or s not in (".heic", ".heif")]
LOSSY = [s for s in SUFFIXES if s not in (".png", ".tif", ".tiff", ".exr", ".dpx")]
PARAMETERS = {
    "style": "Der Schrei – 叫び",
    "weight": 1e4,
    "layers": ["relu4_2"],
    "seed": None,
    "deep": {"a": True},
}


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def same(a: np.ndarray[Any, Any] | None, b: np.ndarray[Any, Any] | None) -> None:
    assert a is not None
    assert b is not None
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".TIFF"])
def test_lossless_formats_return_every_value(tmp_path: Path, suffix: str, alpha: bool, bits: int) -> None:
    original = picture(11, 7, alpha=alpha, bits=bits)
    imaging.write(original, tmp_path / f"a{suffix}", parameters=PARAMETERS)
    result = imaging.read(tmp_path / f"a{suffix}")
    same(result.pixels, original.pixels)
    assert result.bits == bits
    assert (result.alpha is not None) == alpha
    if alpha:
        same(result.alpha, original.alpha)


@pytest.mark.parametrize("suffix", LOSSY)
def test_lossy_formats_return_about_the_same(tmp_path: Path, suffix: str) -> None:
    original = Picture(smooth(40, 60), bits=16)
    imaging.write(original, tmp_path / f"a{suffix}")
    result = imaging.read(tmp_path / f"a{suffix}")
    assert result.bits == 8
    assert np.abs(result.pixels - original.pixels).mean() < 0.015


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s not in (".jpg", ".jpeg")])
def test_alpha_is_written_where_the_format_can_hold_it(tmp_path: Path, suffix: str) -> None:
    alpha = smooth(40, 60)[..., 0].copy()
    imaging.write(Picture(smooth(40, 60), alpha), tmp_path / f"a{suffix}")
    result = imaging.read(tmp_path / f"a{suffix}")
    assert result.alpha is not None
    assert np.abs(result.alpha - alpha).mean() < 0.01


def test_jpeg_lays_transparent_pictures_on_white(tmp_path: Path) -> None:
    pixels = np.zeros((16, 32, 3), np.float32)
    alpha = np.zeros((16, 32), np.float32)
    alpha[:, 16:] = 0.5
    imaging.write(Picture(pixels, alpha), tmp_path / "a.jpg")
    result = imaging.read(tmp_path / "a.jpg")
    assert result.alpha is None
    assert result.pixels[8, 4].min() > 0.98
    np.testing.assert_allclose(result.pixels[8, 28], 0.5, atol=0.02)


def test_jpeg_keeps_colour_at_full_resolution(tmp_path: Path) -> None:
    imaging.write(Picture(smooth(16, 16)), tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3  # type: ignore[attr-defined]


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s not in (".exr", ".dpx")])  # which hold none
@pytest.mark.parametrize("bits", [8, 16])
def test_every_format_carries_the_profile_of_srgb(tmp_path: Path, suffix: str, bits: int) -> None:
    place = tmp_path / f"a{suffix}"
    imaging.write(picture(16, 16, bits=bits), place)
    if bits == 16 and suffix in (".tif", ".tiff"):
        with tifffile.TiffFile(place) as file:
            found = file.pages[0].tags.valueof(34675)
    else:
        with Image.open(place) as image:
            found = image.info["icc_profile"]
    assert found == icc.srgb_profile()


def test_values_between_two_steps_are_rounded_and_those_outside_clipped(tmp_path: Path) -> None:
    steps = np.array([[[0.4, 0.6, 254.7], [-9, 300, 127.4], [1.49, 1.51, 2]]], np.float32)
    imaging.write(Picture(steps / np.float32(255)), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert np.asarray(image)[0].tolist() == [[0, 1, 255], [0, 255, 127], [1, 2, 2]]
    imaging.write(Picture(steps / np.float32(65535), bits=16), tmp_path / "b.tif")
    assert tifffile.imread(tmp_path / "b.tif")[0].tolist() == [[0, 1, 255], [0, 300, 127], [1, 2, 2]]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("bits", [8, 16])
def test_parameters_come_back_from_every_format(tmp_path: Path, suffix: str, bits: int) -> None:
    place = tmp_path / f"a{suffix}"
    imaging.write(picture(16, 16, bits=bits, alpha=True), place, parameters=PARAMETERS)
    assert imaging.read_parameters(place) == PARAMETERS
    imaging.write(picture(16, 16, bits=bits), place, parameters={})
    assert imaging.read_parameters(place) == {}
    imaging.write(picture(16, 16, bits=bits), str(place))
    assert imaging.read_parameters(str(place)) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parameters=st.dictionaries(st.text(), JSON, max_size=4), suffix=st.sampled_from([".png", ".jpg", ".tif"])
)
def test_any_parameters_json_can_hold_come_back(
    tmp_path: Path, parameters: dict[str, object], suffix: str
) -> None:
    imaging.write(Picture(np.zeros((2, 2, 3), np.float32)), tmp_path / f"a{suffix}", parameters=parameters)
    assert imaging.read_parameters(tmp_path / f"a{suffix}") == parameters


def test_parameters_json_cannot_hold_are_refused(tmp_path: Path) -> None:
    for wrong in ({"a": object()}, {"a": float("nan")}):
        with pytest.raises(OptionError, match="parameters: expected text, numbers"):
            imaging.write(picture(2, 2), tmp_path / "a.png", parameters=wrong)
    assert not list(tmp_path.iterdir())


def test_more_parameters_than_jpeg_can_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="at most the 65,533 of JPEG"):
        imaging.write(picture(2, 2), tmp_path / "a.jpg", parameters={"a": "x" * 70_000})
    imaging.write(picture(2, 2), tmp_path / "a.png", parameters={"a": "x" * 70_000})
    assert imaging.read_parameters(tmp_path / "a.png") == {"a": "x" * 70_000}


def test_pictures_of_others_have_no_parameters(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "A boat"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0a comment"
    for kind in ("PNG", "JPEG", "TIFF", "WEBP", "AVIF"):
        (tmp_path / "a").write_bytes(encoded(Image.new("RGB", (8, 8)), kind, exif=exif.tobytes()))
        assert imaging.read_parameters(tmp_path / "a") is None


def test_damaged_parameters_are_an_error_and_not_silence(tmp_path: Path) -> None:
    imaging.write(picture(2, 2), tmp_path / "a.png")
    plain = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(metadata.insert_png_chunks(plain, metadata.png_text("{broken")))
    with pytest.raises(PictureError, match="parameters stored as JSON, but they are damaged"):
        imaging.read_parameters(tmp_path / "a.png")


def test_parameters_of_what_is_no_picture_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("words")
    for name in ("a.png", "none.png"):
        with pytest.raises(PictureError, match="expected"):
            imaging.read_parameters(tmp_path / name)


def test_chunks_go_behind_the_header_and_leave_a_valid_png() -> None:
    plain = encoded(Image.new("RGB", (3, 3), "red"), "PNG")
    marked = metadata.insert_png_chunks(plain, metadata.png_text('"é"') + metadata.png_profile(b"p" * 200))
    assert marked[:33] == plain[:33]
    with Image.open(io.BytesIO(marked)) as image:
        image.verify()
    with Image.open(io.BytesIO(marked)) as image:
        assert image.info["impasto"] == '"é"'
        assert image.info["icc_profile"] == b"p" * 200
    with pytest.raises(ValueError, match="expected an encoded PNG"):
        metadata.insert_png_chunks(b"GIF89a", b"")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_picture_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        imaging.write(picture(9, 9, bits=16), tmp_path / f"{name}{suffix}", parameters=PARAMETERS)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", LOSSY)
def test_quality_trades_size(tmp_path: Path, suffix: str) -> None:
    original = picture(64, 64)
    sizes = []
    for quality in (20, 95):
        imaging.write(original, tmp_path / f"a{suffix}", quality=quality)
        sizes.append((tmp_path / f"a{suffix}").stat().st_size)
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("suffix", LOSSY)
def test_noise_at_the_highest_quality_and_many_parameters_fit(tmp_path: Path, suffix: str) -> None:
    place = tmp_path / f"a{suffix}"
    imaging.write(picture(200, 200), place, quality=100, parameters={"a": "x" * 60_000})
    assert imaging.read(place).width == 200
    assert imaging.read_parameters(place) == {"a": "x" * 60_000}


@pytest.mark.parametrize("quality", [0, 101, -5, True])
def test_quality_out_of_range_is_refused(tmp_path: Path, quality: int) -> None:
    with pytest.raises(OptionError, match="quality: expected 1 to 100"):
        imaging.write(picture(2, 2), tmp_path / "a.jpg", quality=quality)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_pixel_can_be_written(tmp_path: Path, suffix: str) -> None:
    imaging.write(picture(1, 1, alpha=True, bits=16), tmp_path / f"a{suffix}")
    assert imaging.read(tmp_path / f"a{suffix}").width == 1


def test_pixels_of_a_wrong_shape_or_not_numbers_are_refused(tmp_path: Path) -> None:
    zeros = np.zeros((4, 4, 3), np.float32)
    wrong = [
        Picture(np.zeros((4, 4), np.float32)),
        Picture(np.zeros((0, 4, 3), np.float32)),
        Picture(zeros, np.zeros((3, 4), np.float32)),
        Picture(np.full((4, 4, 3), np.nan, np.float32)),
        Picture(zeros, np.full((4, 4), np.inf, np.float32)),
    ]
    for each in wrong:
        with pytest.raises(PictureError, match="expected"):
            imaging.write(each, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_a_picture_too_large_for_its_format_is_refused(tmp_path: Path) -> None:
    wide = Picture(np.zeros((1, 16_384, 3), np.float32))
    with pytest.raises(OutputError, match="at most 16,383 pixels a side, which is all WebP can hold"):
        imaging.write(wide, tmp_path / "a.webp")
    imaging.write(wide, tmp_path / "a.png")


def test_an_existing_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("old")
    imaging.write(picture(3, 3), tmp_path / "a.png")
    assert imaging.read(tmp_path / "a.png").width == 3
    assert names(tmp_path) == ["a.png"]


@pytest.mark.parametrize("function", ["replace", "fsync"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_full_disk_leaves_the_old_file_and_no_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, bits: int
) -> None:
    (tmp_path / "a.png").write_text("old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(OutputError, match=r"^cannot write .*a\.png: the disk is full$"):
        imaging.write(picture(3, 3, bits=bits), tmp_path / "a.png")
    monkeypatch.undo()
    assert names(tmp_path) == ["a.png"]
    assert (tmp_path / "a.png").read_text() == "old"


def test_an_interruption_leaves_no_remains_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        imaging.write(picture(3, 3), tmp_path / "a.png")
    assert names(tmp_path) == []


def test_the_name_appears_only_once_the_bytes_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)

        def note(*args: Any, _name: str = name, _original: Any = original) -> Any:
            calls.append(f"{_name}, {(tmp_path / 'a.png').exists()}")
            return _original(*args)

        monkeypatch.setattr(os, name, note)
    imaging.write(picture(3, 3), tmp_path / "a.png")
    assert calls == ["fsync, False", "replace, False", "fsync, True"]  # the last one is the folder's


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        imaging.write(picture(3, 3), tmp_path / "a.png")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o640


def test_a_symbolic_link_keeps_pointing_at_what_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.png"
    link.symlink_to(tmp_path / "real" / "a.png")
    imaging.check_writable(link)
    imaging.write(picture(3, 3), link)
    assert link.is_symlink()
    assert names(tmp_path / "real") == ["a.png"]


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.jpeg", "a.webp", "a.avif", "a.tif", "a.tiff"])
def test_a_good_place_passes_and_stays_untouched(tmp_path: Path, name: str) -> None:
    imaging.check_writable(tmp_path / name)
    assert names(tmp_path) == []
    (tmp_path / name).write_text("old")
    imaging.check_writable(str(tmp_path / name))
    assert names(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "old"


def refusal(path: Path | str, **options: Any) -> str:
    with pytest.raises(OutputError) as caught:
        imaging.check_writable(path, **options)
    assert str(caught.value).startswith(f"cannot write {path}: ")
    return str(caught.value)


def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    message = refusal(tmp_path / "a.bmp")
    assert ".png" in message
    assert ".avif" in message
    assert "it ends in '.bmp'" in message
    assert "it has no suffix" in refusal(tmp_path / "a")
    with pytest.raises(OutputError, match=r"it ends in '\.gif'"):
        imaging.write(picture(2, 2), tmp_path / "a.gif")


def test_other_suffixes_can_be_asked_for(tmp_path: Path) -> None:
    imaging.check_writable(tmp_path / "a.onnx", suffixes={".onnx"})
    assert "a name ending in .onnx" in refusal(tmp_path / "a.png", suffixes=[".onnx"])


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    assert f"there is no {tmp_path / 'none'}" in refusal(tmp_path / "none" / "a.png")
    with pytest.raises(OutputError):
        imaging.write(picture(2, 2), tmp_path / "none" / "a.png")


def test_a_file_for_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    assert f"{tmp_path / 'f'} is a file" in refusal(tmp_path / "f" / "a.png")


def test_a_folder_for_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    assert "it is a folder" in refusal(tmp_path / "a.png")
    with pytest.raises(OutputError):
        imaging.write(picture(2, 2), tmp_path / "a.png")
    assert names(tmp_path) == ["a.png"]


def test_protected_folders_and_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert f"{tmp_path} is write-protected" in refusal(tmp_path / "a.png")
    (tmp_path / "a.png").write_text("old")
    assert ": it is write-protected" in refusal(tmp_path / "a.png")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_folder_that_takes_no_files_is_found_out_by_trying() -> None:
    refusal("/proc/a.png")


def test_names_the_system_cannot_hold_are_refused(tmp_path: Path) -> None:
    refusal(tmp_path / ("x" * 5000 + ".png"))
    refusal(str(tmp_path) + "/a\0b.png")


def test_heic_without_its_extra_is_refused_before_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[heic\]'"):
        imaging.check_writable(tmp_path / "a.heic")
    with pytest.raises(MissingExtraError):
        imaging.write(picture(2, 2), tmp_path / "a.heic")


def test_importing_the_room_is_cheap() -> None:
    code = "import impasto.imaging, sys; print([m for m in ('torch', 'cv2', 'tifffile') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_exists() -> None:
    assert all(hasattr(imaging, name) for name in imaging.__all__)
    assert sorted(imaging.__all__, key=str.lower) == sorted(set(imaging.__all__), key=str.lower)
