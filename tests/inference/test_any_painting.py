"""The network for any painting in ONNX Runtime: what torch's gives, whole, in bands, and with other maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from impasto.errors import CorruptWeightsError, WeightsMissingError
from impasto.inference.any_painting import AnyPaintingPainter, _noise
from impasto.inference.any_painting_graphs import CURVES, HALF, TILE, WHOLE, make_noise
from impasto.inference.any_painting_numbers import CURVE, LAYERS, NOISE
from impasto.inference.transport import GAIN, LayerMoments, Statistics, mixture, transport
from impasto.networks import transport as torch_transport
from impasto.networks.any_painting import AnyPaintingNetwork, blended, enlarged
from impasto.networks.any_painting_files import load_network
from impasto.types import Pixels
from tests.conftest import blobs, stripes

FLAT = np.full((40, 56, 3), 0.3, np.float32)
GREY = np.repeat(blobs(57, 43, seed=3)[:, :, :1], 3, axis=2)
NOISY = np.random.default_rng(0).random((60, 90, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def network() -> AnyPaintingNetwork:
    return load_network()


@pytest.fixture(scope="module")
def painter() -> AnyPaintingPainter:
    return AnyPaintingPainter(threads=1, device="cpu")


def tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]


def by_torch(
    network: AnyPaintingNetwork, photo: Pixels, style: Pixels, strength: float, coarse: Pixels | None = None
) -> Pixels:
    step = 8 if coarse is None or min(photo.shape[:2]) < 32 else 16
    height, width = (-(-n // step) * step for n in photo.shape[:2])
    noise = torch.from_numpy(_noise(height, width))
    with torch.inference_mode():
        more = None if coarse is None else network.measure(tensor(coarse))
        found = network(
            tensor(photo), network.measure(tensor(style)), coarse=more, strength=strength, noise=noise
        )
    return found[0].permute(1, 2, 0).clamp(0, 1).numpy()


@pytest.mark.parametrize("strength", [1.0, 0.5, 1.5])
@pytest.mark.parametrize("photo", [blobs(16, 16, 1), blobs(41, 64, 2), blobs(96, 130, 3), FLAT, GREY])
@pytest.mark.parametrize(
    "style", [stripes(70, 50), NOISY, GREY, FLAT], ids=["stripes", "noisy", "grey", "flat"]
)
def test_it_paints_what_torch_paints(
    network: AnyPaintingNetwork, painter: AnyPaintingPainter, photo: Pixels, style: Pixels, strength: float
) -> None:
    painted, _ = painter.paint(photo, painter.measure(style), strength=strength)
    assert painted.shape == photo.shape
    assert np.abs(painted - by_torch(network, photo, style, strength)).max() < 2e-3


@pytest.mark.parametrize("photo", [blobs(16, 16, 1), blobs(41, 64, 2), blobs(96, 130, 3), GREY])
def test_it_paints_what_torch_paints_with_large_strokes_first(
    network: AnyPaintingNetwork, painter: AnyPaintingPainter, photo: Pixels
) -> None:
    style, coarse = stripes(70, 50), stripes(35, 25, period=4)
    measured = [painter.measure(picture) for picture in (style, coarse)]
    painted, maps = painter.paint(photo, *measured)
    assert np.abs(painted - by_torch(network, photo, style, 1.0, coarse)).max() < 4e-3
    assert np.abs(painter.paint_with(photo, maps) - painted).max() < 2e-3


@pytest.mark.parametrize("boldness", [1.0, 0.4])
def test_larger_strokes_begin_at_a_quarter_of_the_size(painter: AnyPaintingPainter, boldness: float) -> None:
    photo = blobs(128, 96, seed=3)
    pictures = [stripes(140, 100), stripes(70, 50), stripes(35, 25, period=4)]
    styles = [painter.measure(picture) for picture in pictures]
    painted, maps = painter.paint(photo, *styles, boldness=boldness)
    small = functional.avg_pool2d(tensor(photo), 2)
    quarter = functional.avg_pool2d(small, 2)
    first = torch.from_numpy(painter.paint(_pixels(quarter), styles[2])[0]).permute(2, 0, 1)[None]
    bolder = (small + boldness * enlarged(first - quarter)).clamp(0, 1)
    second = torch.from_numpy(painter.paint(_pixels(bolder), styles[1])[0]).permute(2, 0, 1)[None]
    bolder = (tensor(photo) + enlarged(second - small)).clamp(0, 1)
    wanted, _ = painter.paint(_pixels(bolder), styles[0])
    assert np.abs(painted - wanted).max() < 2e-3
    assert np.abs(painter.paint_with(photo, maps, boldness) - painted).max() < 2e-3


def _pixels(picture: Tensor) -> Pixels:
    return np.ascontiguousarray(picture[0].permute(1, 2, 0).numpy())


def test_a_picture_without_room_for_every_pass_has_the_finer_ones(painter: AnyPaintingPainter) -> None:
    photo, styles = blobs(70, 40, seed=3), [painter.measure(blobs(50, 40, k)) for k in range(4)]
    wanted = painter.paint(photo, *styles[:2])[0]
    np.testing.assert_array_equal(painter.paint(photo, *styles, boldness=0.3)[0], wanted)


def test_it_measures_what_torch_measures(network: AnyPaintingNetwork, painter: AnyPaintingPainter) -> None:
    wanted = network.measure(tensor(blobs(77, 51, 5)))
    found = painter.measure(blobs(77, 51, 5))
    assert tuple(sorted(found)) == tuple(sorted(LAYERS))
    for layer, moments in found.items():
        assert np.allclose(moments.mean, wanted[layer].mean[0], atol=1e-4)
        assert np.allclose(moments.covariance, wanted[layer].covariance[0], atol=1e-3)


@pytest.mark.parametrize(("width", "height"), [(16, 16), (77, 301), (130, 131)])
@pytest.mark.parametrize("strength", [1.0, 0.7])
def test_bands_give_the_whole_picture(
    painter: AnyPaintingPainter, width: int, height: int, strength: float
) -> None:
    photo, style = blobs(width, height, seed=2), painter.measure(stripes(70, 50))
    narrow = AnyPaintingPainter(threads=1, band_pixels=8 * width)
    wanted, maps = painter.paint(photo, style, style, strength=strength)
    banded, same = narrow.paint(photo, style, style, strength=strength)
    assert np.abs(banded - wanted).max() < 1e-3
    assert maps.keys() == same.keys()
    assert np.abs(narrow.paint_with(photo, maps) - wanted).max() < 1e-3


def test_a_picture_s_own_maps_give_its_painting_again(painter: AnyPaintingPainter) -> None:
    photo = blobs(70, 45, seed=4)
    painted, maps = painter.paint(photo, painter.measure(stripes(70, 50)))
    assert np.abs(painter.paint_with(photo, maps) - painted).max() < 1e-3


def test_with_given_maps_a_part_is_painted_as_in_the_whole(painter: AnyPaintingPainter) -> None:
    photo = blobs(64, 400, seed=4)
    _, maps = painter.paint(photo, painter.measure(stripes(70, 50)))
    whole = painter.paint_with(photo, maps)
    changed = photo.copy()
    changed[:200] = 0
    assert np.array_equal(painter.paint_with(changed, maps)[344:], whole[344:])


def test_it_paints_the_same_every_time(painter: AnyPaintingPainter) -> None:
    photo, style = blobs(70, 45, seed=4), painter.measure(stripes(70, 50))
    assert np.array_equal(painter.paint(photo, style)[0], painter.paint(photo, style)[0])


def test_noise_is_white_and_its_directions_change_slowly_and_without_a_seam() -> None:
    noise = make_noise()
    assert noise.shape == (NOISE + CURVES + HALF + WHOLE, TILE, TILE)
    white, curves = noise[:NOISE], noise[NOISE : NOISE + CURVES]
    assert white.var() == pytest.approx(1, abs=0.02)
    assert (white * np.roll(white, 1, 2)).mean() == pytest.approx(0, abs=0.02)
    for axis in (1, 2):
        assert np.abs(curves - np.roll(curves, 1, axis)).max() < 10 / CURVE
    assert np.array_equal(noise, make_noise())


def test_directions_are_torch_s_interpolation() -> None:
    curves = make_noise()[NOISE : NOISE + CURVES]
    random = np.random.RandomState(0)
    random.standard_normal((NOISE, TILE, TILE))
    coarse = random.standard_normal((CURVES, TILE // CURVE, TILE // CURVE))
    around = torch.from_numpy(np.pad(coarse, ((0, 0), (3, 3), (3, 3)), mode="wrap"))[None]
    wanted = functional.interpolate(around, scale_factor=CURVE, mode="bicubic", align_corners=False)[0]
    assert np.allclose(curves, wanted[:, 3 * CURVE : -3 * CURVE, 3 * CURVE : -3 * CURVE], atol=1e-5)


def random_moments(seed: int, channels: int = 24, rank: int = 24) -> LayerMoments:
    random = np.random.default_rng(seed)
    factor = random.standard_normal((channels, rank)) * np.exp(random.standard_normal(rank))
    return LayerMoments(random.standard_normal(channels), factor @ factor.T / rank)


def as_torch(moments: LayerMoments) -> torch_transport.Gaussian:
    return torch_transport.Gaussian(
        torch.from_numpy(moments.mean)[None], torch.from_numpy(moments.covariance)[None]
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (random_moments(0), random_moments(1)),
        (random_moments(0, rank=3), random_moments(1)),
        (random_moments(0), random_moments(1, rank=1)),
        (LayerMoments(np.zeros(24), np.zeros((24, 24))), random_moments(1)),
        (random_moments(0), LayerMoments(np.ones(24), np.zeros((24, 24)))),
        (random_moments(0), LayerMoments(np.ones(24), 1e4 * random_moments(1).covariance)),
    ],
)
def test_the_map_is_torch_s(ours: LayerMoments, theirs: LayerMoments) -> None:
    found = transport(ours, theirs)
    wanted = torch_transport.transport(as_torch(ours), as_torch(theirs))[0].numpy()
    assert np.allclose(found, wanted, atol=1e-6)
    assert np.linalg.eigvalsh(found)[-1] <= GAIN * (1 + 1e-9)


def test_a_mixture_is_torch_s(network: AnyPaintingNetwork, painter: AnyPaintingPainter) -> None:
    pictures = [blobs(40, 30, 1), stripes(50, 40)]
    wanted = blended([network.measure(tensor(p)) for p in pictures], [0.25, 0.75])
    measured: list[Statistics] = [painter.measure(p) for p in pictures]
    for layer in LAYERS:
        found = mixture([one[layer] for one in measured], [1, 3])
        assert np.allclose(found.mean, wanted[layer].mean[0], atol=1e-4)
        assert np.allclose(found.covariance, wanted[layer].covariance[0], atol=1e-3)


def test_the_file_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"conv1.weight": torch.zeros(3, 16, 1, 1)}, path)
    with pytest.raises(
        CorruptWeightsError, match=r"any painting, .* of coarsest\.beside\.bias, expected numbers"
    ):
        AnyPaintingPainter(path)


def test_a_file_that_is_none_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.safetensors"
    with pytest.raises(WeightsMissingError, match="there is no file"):
        AnyPaintingPainter(path)
    path.write_text("not a network")
    with pytest.raises(CorruptWeightsError, match="expected a safetensors file at"):
        AnyPaintingPainter(path)
