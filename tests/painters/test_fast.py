from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from impasto import imaging
from impasto.errors import InputError, OptionError, OutputError, PictureError
from impasto.inference import Gallery
from impasto.painters import fast as photographs
from impasto.painters.fast import Manner, paint_file, paint_picture
from impasto.types import Picture
from tests.conftest import blobs

DOTS = {"red-dots": 1.0}


def test_a_painting_keeps_transparency_and_precision(gallery: Gallery) -> None:
    alpha = np.zeros((40, 60), np.float32)
    alpha[:, :30] = 1
    painted = paint_picture(gallery, Picture(blobs(60, 40, seed=1), alpha, 16), Manner(DOTS, size=30))
    assert (painted.width, painted.height, painted.bits) == (30, 20, 16)
    assert painted.alpha is not None
    assert painted.alpha[:, :10].min() > 0.9
    assert painted.alpha[:, 20:].max() < 0.1


def test_what_is_under_transparency_leaves_no_trace(gallery: Gallery) -> None:
    pixels = np.full((40, 60, 3), 0.5, np.float32)
    alpha = np.ones((40, 60), np.float32)
    alpha[:, 40:] = 0
    hidden = pixels.copy()
    hidden[:, 40:] = 0
    seen = paint_picture(gallery, Picture(hidden, alpha), Manner(DOTS)).pixels
    assert np.allclose(seen, paint_picture(gallery, Picture(pixels), Manner(DOTS)).pixels, atol=1e-3)


def test_a_file_says_how_it_was_painted(gallery: Gallery, photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    done = paint_file(gallery, photo_file, out, Manner(DOTS, strength=0.5, size=48), model="m.onnx")
    assert (done.width, done.height, done.shrunk) == (48, 32, False)
    found = imaging.read_parameters(out)
    assert found is not None
    assert found["content"] == str(photo_file)
    wanted = {"styles": DOTS, "strength": 0.5, "stroke_size": 1.0, "keep_color": False, "size": 48}
    assert found["fast"] == wanted | {"model": "m.onnx", "device": "cpu"}


def test_without_a_size_large_photographs_are_shrunk_to_a_safe_one(
    gallery: Gallery, photo_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photographs, "SAFE_PIXELS", 3000)
    small = paint_file(gallery, photo_file, tmp_path / "a.png", Manner(DOTS))
    assert small.shrunk
    assert small.width * small.height <= 3000 * 1.02  # sides are whole numbers
    own = paint_file(gallery, photo_file, tmp_path / "b.png", Manner(DOTS, size=96))
    assert (own.width, own.height, own.shrunk) == (96, 64, False)


def test_bad_requests_are_refused(gallery: Gallery, photo_file: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="16 pixels"):
        Manner(DOTS, size=15)
    with pytest.raises(PictureError, match="16 x 11"):
        paint_file(gallery, photo_file, tmp_path / "o.png", Manner(DOTS, size=16))
    with pytest.raises(InputError, match="also an input"):
        paint_file(gallery, photo_file, photo_file, Manner(DOTS))
    with pytest.raises(OutputError, match="xyz"):
        paint_file(gallery, photo_file, tmp_path / "o.xyz", Manner(DOTS))
