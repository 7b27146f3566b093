"""Large pictures in 8 or 16 bits: what is read, and parts of them resampled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import imaging
from impasto.imaging import decoder, packed, shrinker
from impasto.imaging.inputs import load_packed
from impasto.imaging.packed import PackedPicture
from impasto.types import Picture
from tests.conftest import blobs


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (decoder, shrinker):
        monkeypatch.setattr(module, "LARGE", 1000)
    monkeypatch.setattr(decoder, "STRIP", 700)
    monkeypatch.setattr(packed, "AT_ONCE", 900)


def written(path: Path, pixels: np.ndarray, bits: int = 8) -> Path:
    imaging.write(Picture(pixels, bits=bits), path)
    return path


@pytest.mark.parametrize(("name", "bits"), [("a.png", 8), ("a.jpg", 8), ("a.png", 16), ("a.tiff", 16)])
def test_a_large_picture_is_kept_in_its_bits_without_loss(tmp_path: Path, name: str, bits: int) -> None:
    path = written(tmp_path / name, blobs(60, 45, seed=1), bits)
    found = load_packed(path)
    assert isinstance(found, PackedPicture)
    assert found.samples.dtype == (np.uint8 if bits == 8 else np.uint16)
    whole = found.resampled(60, 45, (0, 0, 45, 60))
    np.testing.assert_array_equal(whole, imaging.read(path).pixels)


def test_a_turned_photograph_is_upright(tmp_path: Path) -> None:
    image = Image.fromarray((blobs(60, 45, seed=1) * 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.png", exif=exif)
    found = load_packed(tmp_path / "a.png")
    assert (found.width, found.height) == (45, 60)


def test_small_and_transparent_pictures_are_read_as_they_always_are(tmp_path: Path) -> None:
    small = written(tmp_path / "small.png", blobs(30, 20, seed=1))
    assert isinstance(load_packed(small), Picture)
    alpha = np.ones((45, 60), np.float32)
    alpha[:20] = 0
    imaging.write(Picture(blobs(60, 45, seed=1), alpha), tmp_path / "clear.png")
    found = load_packed(tmp_path / "clear.png")
    assert isinstance(found, Picture)
    assert found.alpha is None
    assert load_packed(np.zeros((60, 45, 3), np.uint8)).width == 45


@pytest.mark.parametrize("size", [(20, 15), (33, 41), (60, 45), (90, 70)])
def test_parts_are_those_of_the_whole_picture_resampled(tmp_path: Path, size: tuple[int, int]) -> None:
    path = written(tmp_path / "a.png", blobs(60, 45, seed=1))
    found = load_packed(path)
    assert isinstance(found, PackedPicture)
    whole = imaging.resize(imaging.read(path).pixels, *size)
    for part in ((0, 0, size[1], size[0]), (3, 4, 14, 17), (size[1] - 5, 0, size[1], size[0])):
        top, left, bottom, right = part
        np.testing.assert_allclose(
            found.resampled(*size, part), whole[top:bottom, left:right], rtol=0, atol=1e-6
        )
