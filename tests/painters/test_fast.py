from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from impasto import imaging
from impasto.errors import InputError, OptionError, OutputError, PictureError
from impasto.inference.options import FastOptions
from impasto.jobs import Job
from impasto.painters import fast, make_painter
from impasto.pipelines.photo import Result, paint_job
from impasto.types import Picture
from tests.conftest import blobs


def paint(model: Path, photo: Picture, **options: object) -> Picture:
    job = Job("", ("red-dots",), options=FastOptions(model=str(model), **options))
    return make_painter(job).paint(photo).picture


def paint_file(model: Path, photo: Path, output: Path, **options: object) -> Result:
    return paint_job(Job(str(photo), ("red-dots",), str(output), FastOptions(model=str(model), **options)))


def test_a_painting_keeps_transparency_and_precision(network_file: Path) -> None:
    alpha = np.zeros((40, 60), np.float32)
    alpha[:, :30] = 1
    painted = paint(network_file, Picture(blobs(60, 40, seed=1), alpha, 16), size=30)
    assert (painted.width, painted.height, painted.bits) == (30, 20, 16)
    assert painted.alpha is not None
    assert painted.alpha[:, :10].min() > 0.9
    assert painted.alpha[:, 20:].max() < 0.1


def test_what_is_under_transparency_leaves_no_trace(network_file: Path) -> None:
    pixels = np.full((40, 60, 3), 0.5, np.float32)
    alpha = np.ones((40, 60), np.float32)
    alpha[:, 40:] = 0
    hidden = pixels.copy()
    hidden[:, 40:] = 0
    seen = paint(network_file, Picture(hidden, alpha)).pixels
    assert np.allclose(seen, paint(network_file, Picture(pixels)).pixels, atol=1e-3)


def test_a_file_says_how_it_was_painted(network_file: Path, photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    done = paint_file(network_file, photo_file, out, strength=0.5, size=48)
    assert (done.picture.width, done.picture.height, done.notes) == (48, 32, ())
    found = imaging.read_parameters(out)
    assert found is not None
    assert found["content"] == str(photo_file)
    assert (found["engine"], found["styles"]) == ("fast", ["red-dots"])
    options = FastOptions(strength=0.5, size=48, model=str(network_file), device="cpu")
    assert FastOptions.from_dict(found["options"]) == options


def test_without_a_size_large_photographs_are_shrunk_to_a_safe_one(
    network_file: Path, photo_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "SAFE_PIXELS", 3000)
    small = paint_file(network_file, photo_file, tmp_path / "a.png")
    assert small.notes == ("the photo was larger; --size asks for more",)
    assert small.picture.width * small.picture.height <= 3000 * 1.02  # sides are whole numbers
    own = paint_file(network_file, photo_file, tmp_path / "b.png", size=96)
    assert (own.picture.width, own.picture.height, own.notes) == (96, 64, ())


def test_bad_requests_are_refused(network_file: Path, photo_file: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="16 or more; got 15"):
        FastOptions(size=15)
    with pytest.raises(PictureError, match="16 x 11"):
        paint_file(network_file, photo_file, tmp_path / "o.png", size=16)
    with pytest.raises(InputError, match="also an input"):
        paint_file(network_file, photo_file, photo_file)
    with pytest.raises(OutputError, match="xyz"):
        paint_file(network_file, photo_file, tmp_path / "o.xyz")
