"""OpenEXR photographs: painted, and as bright afterwards as they were."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

import impasto
from impasto import imaging
from impasto.imaging import exr, light
from tests.conftest import blobs


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph of 48 x 32 whose left half is transparent and whose right has a sun of 20 times white."""
    values = light.with_headroom(0.2 + 0.5 * blobs(48, 32, seed=1), None)
    values[4:16, 32:44] = 20
    alpha = np.ones((32, 48), np.float32)
    alpha[:, :16] = 0
    path = tmp_path / "photo.exr"
    path.write_bytes(exr.encode(values, alpha))
    return path


@pytest.mark.parametrize("engine", ["stylize", "fast"])
def test_an_exr_becomes_an_exr_as_bright_and_as_transparent(photo: Path, tmp_path: Path, engine: str) -> None:
    out = tmp_path / "out.exr"
    if engine == "fast":
        impasto.fast(photo, "starry-night").save(out)
    else:
        impasto.stylize(photo, "starry-night", size=48, iterations=1, init="content").save(out)
    found = exr.decode(out.read_bytes(), out)
    assert found.light.shape == (32, 48, 3)
    assert found.light[8:12, 36:40].mean() > 1.5, "the sun is brighter than white"
    assert found.light[20:].max() < 1.01
    assert found.alpha is not None
    assert found.alpha[:, :14].max() < 0.05
    assert found.alpha[:, 18:].min() > 0.95
    assert imaging.read_parameters(out) is not None


def test_a_batch_paints_exr_as_exr_and_as_others(photo: Path, tmp_path: Path) -> None:
    for suffix in ("exr", "tiff"):
        with (
            pytest.warns(imaging.ImagingWarning, match="brighter than white")
            if suffix == "tiff"
            else contextlib.nullcontext()
        ):
            done = impasto.batch(
                photo,
                ["starry-night"],
                tmp_path / suffix,
                options=impasto.FastOptions(size=32),
                suffix=f".{suffix}",
            )
        assert not done.failed
        picture = imaging.read(tmp_path / suffix / f"photo-starry-night.{suffix}")
        assert (picture.width, picture.height, picture.bits) == (32, 21, 16)
        assert picture.alpha is not None


def test_bytes_of_an_exr_give_bytes_of_one(photo: Path) -> None:
    given = impasto.fast(photo.read_bytes(), "starry-night", size=32).as_given()
    assert isinstance(given, bytes)
    assert given.startswith(exr.MAGIC)
