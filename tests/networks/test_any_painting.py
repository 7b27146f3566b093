"""The network for any painting: sizes, strengths, styles, and its file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from impasto.errors import CorruptWeightsError, PictureError
from impasto.inference.any_painting_numbers import LAYERS, MARGIN, NOISE
from impasto.networks.any_painting import (
    AnyPaintingNetwork,
    OrientedNoise,
    blended,
    draw_noise,
    enlarged,
    grains,
    part_of,
)
from impasto.networks.any_painting_files import initial_network, load_network


@pytest.fixture(scope="module")
def network() -> AnyPaintingNetwork:
    torch.manual_seed(0)
    return initial_network().requires_grad_(False)


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def silence(batch: int, side: int) -> Tensor:
    """No noise, for ``side`` by ``side`` positions of relu3_1."""
    return torch.zeros_like(draw_noise(batch, side, side))


@pytest.mark.parametrize("size", [(16, 16), (33, 50), (64, 41)])
def test_any_size_comes_back_at_that_size(network: AnyPaintingNetwork, size: tuple[int, int]) -> None:
    style = network.measure(picture(40, 56, 1))
    assert network(picture(*size), style).shape == (1, 3, *size)


def test_a_picture_too_small_is_refused(network: AnyPaintingNetwork) -> None:
    with pytest.raises(PictureError, match="16 pixels a side or more; got 15x40"):
        network(picture(40, 15), network.measure(picture(40, 40)))


def test_no_strength_is_the_photograph_s_own_style(network: AnyPaintingNetwork) -> None:
    photo, noise = picture(32, 32), silence(1, 8)
    style = network.measure(picture(40, 40, 1))
    copy = network(photo, network.measure(photo), noise=noise)
    found = network(photo, style, strength=0, noise=noise)
    torch.testing.assert_close(found, copy, atol=1e-4, rtol=1e-4)
    assert float((network(photo, style, noise=noise) - copy).abs().max()) > 1e-3


def stripes(slope: float) -> Tensor:
    """Features (1, 64, 60, 60) that change across lines of this slope alone."""
    rows, columns = torch.meshgrid(torch.arange(60.0), torch.arange(60.0), indexing="ij")
    return 10 * (0.5 * (rows - slope * columns)).sin().expand(1, 64, 60, 60)


def test_noise_keeps_its_mean_and_variance_when_drawn_out() -> None:
    noise = draw_noise(4, 60, 60, torch.Generator().manual_seed(0))
    assert noise.shape == (4, NOISE + 2 + 8 + 16, 60 + 2 * MARGIN, 60 + 2 * MARGIN)
    strokes = OrientedNoise()(torch.zeros(4, 64, 60, 60), noise)
    assert strokes.shape == (4, NOISE, 60, 60)
    assert float(strokes.mean()) == pytest.approx(0, abs=0.05)
    assert float(strokes.var()) == pytest.approx(1, abs=0.05)


def test_finer_noise_is_white_at_half_and_whole_size() -> None:
    half, whole = grains(draw_noise(1, 40, 30, torch.Generator().manual_seed(0)))
    assert half.shape == (1, 2, 80, 60)
    assert whole.shape == (1, 1, 160, 120)
    for fine in (half, whole):
        assert float(fine.var()) == pytest.approx(1, abs=0.05)
        assert float((fine[..., 1:] * fine[..., :-1]).mean()) == pytest.approx(0, abs=0.05)


def test_noise_runs_along_the_edges_of_the_photograph() -> None:
    noise = draw_noise(1, 60, 60, torch.Generator().manual_seed(0))
    strokes = OrientedNoise()(stripes(1.0), noise)
    along = float((strokes[..., 3:, 3:] * strokes[..., :-3, :-3]).mean())
    across = float((strokes[..., 3:, :-3] * strokes[..., :-3, 3:]).mean())
    # Filters of standard deviations 3 and 0.8, 3 sqrt(2) apart: exp(-18 / 36) along.
    assert along == pytest.approx(0.6, abs=0.1)
    assert across == pytest.approx(0, abs=0.1)


def test_silence_is_painted_without_strokes(network: AnyPaintingNetwork) -> None:
    assert float(network.oriented(torch.zeros(1, 64, 8, 8), silence(1, 8)).abs().max()) == 0


def test_boldness_is_what_is_painted_at_half_the_size_first(network: AnyPaintingNetwork) -> None:
    photo, painting, noise = picture(32, 48), picture(40, 40, 1), draw_noise(1, 8, 12)
    style, coarse = network.measure(painting), network.measure(functional.avg_pool2d(painting, 2))
    once = network(photo, style, noise=noise)
    torch.testing.assert_close(network(photo, style, coarse=coarse, boldness=0, noise=noise), once)
    small = functional.avg_pool2d(photo, 2)
    change = network(small, coarse, noise=part_of(noise)).clamp(0, 1) - small
    twice = network((photo + 0.5 * enlarged(change)).clamp(0, 1), style, noise=noise)
    torch.testing.assert_close(network(photo, style, coarse=coarse, boldness=0.5, noise=noise), twice)


@pytest.mark.parametrize("size", [(20, 40), (33, 50)])
def test_any_size_is_painted_boldly(network: AnyPaintingNetwork, size: tuple[int, int]) -> None:
    style = network.measure(picture(40, 40, 1))
    assert network(picture(*size), style, coarse=style).shape == (1, 3, *size)


def test_enlarging_leaves_no_wave_locked_to_the_coarser_grid() -> None:
    rows, columns = torch.meshgrid(torch.arange(12), torch.arange(12), indexing="ij")
    for wave in (rows % 2, columns % 2, (rows + columns) % 2):
        found = enlarged(wave[None, None].float())
        inside = found[..., 4:-4, 4:-4]
        torch.testing.assert_close(inside, torch.full_like(inside, 0.5))
    slope = enlarged(rows[None, None].float())[0, 0, 4:-4, 4]
    torch.testing.assert_close(slope, torch.arange(4, 20) / 2 - 0.25)


def test_the_encoder_is_not_learnt(network: AnyPaintingNetwork) -> None:
    learnt = network.decoder()
    assert not any(name.startswith("encoder") for name in learnt)
    assert sum(p.numel() for p in learnt.values()) < 700_000


def test_a_batch_is_painted_each_in_its_own_style(network: AnyPaintingNetwork) -> None:
    photos = torch.cat([picture(32, 32), picture(32, 32, 2)])
    paintings = torch.cat([picture(40, 40, 3), picture(40, 40, 4) ** 3])
    noise = silence(2, 8)
    together = network(photos, network.measure(paintings), noise=noise)
    for k in range(2):
        alone = network(photos[k : k + 1], network.measure(paintings[k : k + 1]), noise=noise[:1])
        torch.testing.assert_close(together[k : k + 1], alone, atol=1e-4, rtol=1e-4)


def test_a_mixture_has_the_statistics_of_its_pictures_side_by_side(network: AnyPaintingNetwork) -> None:
    left = {"relu1_1": network.measure(picture(16, 16))["relu1_1"]}
    right = {"relu1_1": network.measure(picture(16, 16, 1))["relu1_1"]}
    mean, second = 0.0, 0.0
    for g in (left["relu1_1"], right["relu1_1"]):
        mean = mean + g.mean / 2
        second = second + (g.covariance + g.mean[:, :, None] * g.mean[:, None]) / 2
    found = blended([left, right], [0.5, 0.5])["relu1_1"]
    torch.testing.assert_close(found.mean, mean)
    torch.testing.assert_close(found.covariance, second - mean[:, :, None] * mean[:, None])


def test_statistics_are_measured_where_features_are_carried_over(network: AnyPaintingNetwork) -> None:
    measured = network.measure(picture(24, 24))
    assert {n: g.mean.shape[1] for n, g in measured.items()} == dict(
        zip(LAYERS, (128, 64, 32, 16), strict=True)
    )


def test_a_decoder_comes_back_from_its_file(network: AnyPaintingNetwork, tmp_path: Path) -> None:
    path = tmp_path / "decoder.safetensors"
    save_file({n: p.detach().half().contiguous() for n, p in network.decoder().items()}, path)
    again = load_network(path)
    for name, parameter in again.decoder().items():
        torch.testing.assert_close(parameter, network.decoder()[name].half().float())


def test_the_file_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"colours.weight": torch.zeros(3, 16, 1, 1)}, path)
    with pytest.raises(CorruptWeightsError, match=r"coarsest\.beside\.bias of shape \(64,\); got None"):
        load_network(path)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.safetensors"
    path.write_text("not a network")
    with pytest.raises(CorruptWeightsError, match=r"expected a safetensors file at .*text\.safetensors"):
        load_network(path)


def test_the_bundled_network_gives_a_photograph_back_at_no_strength() -> None:
    photo = functional.interpolate(picture(6, 6), (64, 64), mode="bicubic").clamp(0, 1)
    network = load_network()
    style = network.measure(picture(48, 48, 1))
    noise = silence(1, 16)
    copy = network(photo, style, strength=0, noise=noise)
    painted = network(photo, style, noise=noise)
    assert float((copy - photo).square().mean().sqrt()) < 0.16
    assert float((painted - photo).square().mean()) > 2 * float((copy - photo).square().mean())
