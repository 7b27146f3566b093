from __future__ import annotations

import numpy as np
import pytest

from impasto.errors import PictureError
from impasto.inference import Gallery
from impasto.inference import gallery as module
from impasto.inference.bands import Moments, Reach
from tests.conftest import blobs


@pytest.mark.parametrize(("width", "height"), [(16, 16), (77, 101), (131, 130), (40, 250), (96, 64)])
@pytest.mark.parametrize("numbers", [1, 9000])
def test_bands_give_the_whole_picture(gallery: Gallery, width: int, height: int, numbers: int) -> None:
    pixels = blobs(width, height, seed=2)
    row = gallery.row({"red-dots": 1, "blue-lines": 2}, strength=0.8, stroke_size=0.7)
    banded = gallery._in_bands(pixels, row, band_numbers=numbers, store=np.float32)
    assert np.abs(banded - gallery._pass(pixels, row)).max() < 2e-4


def test_features_kept_in_half_precision_change_next_to_nothing(gallery: Gallery) -> None:
    pixels = blobs(96, 131, seed=2)
    row = gallery.row("red-dots")
    banded = gallery._in_bands(pixels, row, band_numbers=9000, store=np.float16)
    assert np.abs(banded - gallery._pass(pixels, row)).mean() < 2e-3


def test_large_pictures_go_through_in_bands(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = blobs(64, 64, seed=2)
    wanted = gallery.paint(pixels, "red-dots")
    monkeypatch.setattr(module, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(gallery, "_session", None)
    assert np.abs(gallery.paint(pixels, "red-dots") - wanted).max() < 2e-4


def test_a_quantised_network_refuses_what_does_not_fit_at_once(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(gallery, "_weights", None)
    with pytest.raises(PictureError, match="1,000 pixels"):
        gallery.paint(blobs(64, 64, seed=2), "red-dots")


def test_moments_of_bands_are_those_of_the_whole() -> None:
    random = np.random.default_rng(0)
    features = 1000 + random.random((3, 50, 7))
    moments = Moments()
    for start, stop in ((0, 1), (1, 20), (20, 50)):
        part = features[:, start:stop].reshape(3, -1)
        mean = part.mean(axis=1)
        moments.add(part.shape[1], mean, ((part - mean[:, None]) ** 2).sum(axis=1))
    assert np.allclose(moments.mean, features.mean(axis=(1, 2)), rtol=1e-12)
    assert np.allclose(moments.spread / moments.count, features.var(axis=(1, 2)), rtol=1e-9)


def test_a_band_needs_its_rows_and_their_neighbours_reflected_at_the_edges_only() -> None:
    assert Reach.of(0, 4, 10, 3, 1) == Reach(0, 5, 1, 0, 1)
    assert Reach.of(4, 8, 10, 3, 1) == Reach(3, 9, 0, 0, 1)
    assert Reach.of(8, 10, 10, 3, 1) == Reach(7, 10, 0, 1, 1)
    assert Reach.of(0, 3, 9, 5, 2) == Reach(0, 7, 2, 0, 2)
    assert Reach.of(3, 5, 9, 5, 2) == Reach(4, 9, 0, 2, 2)
