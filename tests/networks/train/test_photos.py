from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from impasto.errors import InputError
from impasto.imaging import write
from impasto.networks.scenes import clouds, dead_leaves
from impasto.networks.train.photos import PhotoSet, crop, find_photos, hold_out, read_photos
from impasto.networks.train.synthetic_photos import SIDE, make_photos, sample_photos
from impasto.types import Picture
from tests.conftest import blobs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    for name, side in (("a.png", 96), ("b.jpg", 80), ("deep/c.png", 64), ("small.png", 20)):
        write(Picture(blobs(side, side, seed=side)), tmp_path / name)
    (tmp_path / "torn.png").write_bytes((tmp_path / "a.png").read_bytes()[:200])
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_photographs_are_found_at_any_depth_and_each_once(folder: Path) -> None:
    found = find_photos([folder, folder / "a.png"], 100)
    assert [p.name for p in found] == ["a.png", "b.jpg", "c.png", "small.png", "torn.png"]


def test_of_too_many_photographs_some_are_chosen_evenly(folder: Path) -> None:
    assert [p.name for p in find_photos([folder], 2)] == ["a.png", "c.png"]


def test_places_without_photographs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        find_photos([tmp_path / "nowhere"], 10)
    with pytest.raises(InputError, match="no picture"):
        find_photos([tmp_path], 10)


def test_torn_and_small_photographs_are_skipped_with_the_reason(folder: Path) -> None:
    found = read_photos(find_photos([folder], 100), smallest=50)
    assert [tuple(p.shape) for p in found.photos] == [(3, 96, 96), (3, 80, 80), (3, 64, 64)]
    reasons = {path.name: why for path, why in found.skipped}
    assert set(reasons) == {"small.png", "torn.png"}
    assert "20x20" in reasons["small.png"]


def test_every_tenth_photograph_is_held_out_and_none_of_a_few() -> None:
    photos = [torch.full((3, 1, 1), k, dtype=torch.uint8) for k in range(40)]
    learnt, judged = hold_out(PhotoSet(photos))
    assert [int(p[0, 0, 0]) for p in judged.photos] == [5, 15, 25, 35]
    assert len(learnt.photos) == 36
    learnt, judged = hold_out(PhotoSet(photos[:19]))
    assert (len(learnt.photos), len(judged.photos)) == (19, 0)


def test_crops_are_squares_in_unit_range_also_of_narrow_photographs() -> None:
    photo = torch.randint(0, 256, (3, 70, 200), dtype=torch.uint8)
    random = np.random.default_rng(0)
    for _ in range(20):
        square = crop(photo, 96, random)
        assert square.shape == (3, 96, 96)
        assert square.min() >= 0
        assert square.max() <= 1


def test_made_pictures_are_the_same_for_the_same_seed() -> None:
    one, other = make_photos(3, seed=1, side=48), make_photos(3, seed=1, side=48)
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert not torch.equal(one[0], make_photos(1, seed=2, side=48)[0])
    assert make_photos(1)[0].shape == (3, SIDE, SIDE)


def test_making_pictures_ends_once_there_are_enough() -> None:
    assert len(make_photos(9, side=48, enough=lambda count: count == 2)) == 2
    assert make_photos(9, side=48, enough=lambda _: True) == []


def test_dead_leaves_have_edges_and_clouds_have_none() -> None:
    def sharpest(pixels: np.ndarray) -> float:
        return float(np.abs(np.diff(pixels, axis=1)).max())

    random = np.random.default_rng(0)
    leaves, sky = dead_leaves(96, 64, random), clouds(96, 64, random, slope=2.0)
    for pixels in (leaves, sky):
        assert pixels.shape == (64, 96, 3)
        assert pixels.min() >= 0
        assert pixels.max() <= 1
    assert sharpest(leaves) > 2 * sharpest(sky)


def test_the_power_of_clouds_falls_with_frequency() -> None:
    pixels = clouds(128, 128, np.random.default_rng(1), slope=1.0)[:, :, 0]
    power = np.abs(np.fft.fft2(pixels - pixels.mean())) ** 2
    low, high = power[0, 2:5].mean(), power[0, 32:48].mean()
    # Amplitudes as 1/f: powers at 3 and 40 cycles differ by about (40 / 3) squared, some 180.
    assert low > 20 * high


def test_sample_photographs_come_from_scikit_image_where_it_is() -> None:
    pytest.importorskip("skimage")
    found = sample_photos(smallest=128)
    assert len(found.photos) >= 5
    assert not found.skipped
