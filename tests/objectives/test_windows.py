"""A picture looked at part by part gives what a look at the whole gives."""

from __future__ import annotations

import pytest
import torch

from impasto.encoders.network import CENTRED, TINY, Encoder
from impasto.objectives import (
    CONTENT_LOSSES,
    HYPERCOLUMN,
    STYLE_LOSSES,
    Evaluation,
    Objective,
    Region,
    cover,
    layer_weights,
    measure_samples,
    measure_style,
    whole,
)

LAYERS = ["relu1_1", "relu3_1", "relu4_1"]
HEIGHT, WIDTH = 150, 203


def picture(seed: int, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def network(padding: str = "reflect") -> Encoder:
    torch.manual_seed(0)
    encoder = Encoder(TINY, CENTRED, padding=padding)  # type: ignore[arg-type]
    return encoder.eval().requires_grad_(False)


def windows(encoder: Encoder, side: int = 64) -> list:  # type: ignore[type-arg]
    stride = max(encoder.stride(name) for name in LAYERS)
    return cover(HEIGHT, WIDTH, side, encoder.radius(LAYERS) + stride, stride)


def regions(encoder: Encoder, loss: str) -> list[Region]:
    style = picture(2, 90, 120)
    mask = torch.zeros(HEIGHT, WIDTH)
    mask[:, 80:] = 1
    found = []
    for number, here in enumerate((mask, 1 - mask)):
        kind = STYLE_LOSSES[loss].kind
        target = (
            measure_style(encoder, style, LAYERS)
            if kind == "moments"
            else measure_samples(encoder, style, LAYERS, kind, 300, torch.Generator().manual_seed(3))
        )
        weights = layer_weights(here, LAYERS, encoder) | {HYPERCOLUMN: here / here.sum()}
        found.append(Region(target, weights, share=0.5 + 0.1 * number))
    return found


def objective(encoder: Encoder, parts: list, **more: object) -> Objective:  # type: ignore[type-arg]
    loss = str(more.get("style_loss", "wasserstein"))
    return Objective(
        encoder,
        encoder(picture(1), ["relu2_2", "relu4_1"]),
        regions(encoder, loss),
        content_weights={"relu2_2": 2.0, "relu4_1": 1.0},
        style_weights={"relu1_1": 1.0, "relu3_1": 0.5, "relu4_1": 0.7},
        windows=parts,
        samples=500,
        **more,  # type: ignore[arg-type]
    )


def check(encoder: Encoder, **more: object) -> None:
    exact = objective(encoder, [whole(HEIGHT, WIDTH)], **more).evaluate(picture(5))
    split = objective(encoder, windows(encoder), **more).evaluate(picture(5))
    assert len(windows(encoder)) > 4
    # What rounding can do: a feature next to zero, or two that pooling chooses from, send the gradient
    # elsewhere, and self-similarity's absolute differences change their signs.
    similar = more.get("content_loss") == "self-similarity"
    torch.testing.assert_close(split.total, exact.total, rtol=3e-4 if similar else 1e-4, atol=0)
    for name, value in exact.parts.items():
        torch.testing.assert_close(split.parts[name], value, rtol=5e-3, atol=1e-7)
    assert apart(split, exact) < (0.1 if similar else 0.02)


def apart(one: Evaluation, other: Evaluation) -> float:
    """How far gradients are apart, as a share of them."""
    assert one.gradient is not None
    assert other.gradient is not None
    return float((one.gradient - other.gradient).norm() / other.gradient.norm())


@pytest.mark.parametrize("loss", STYLE_LOSSES)
def test_parts_give_the_loss_and_gradient_of_the_whole_for_every_style_loss(loss: str) -> None:
    check(network(), style_loss=loss)


@pytest.mark.parametrize("loss", CONTENT_LOSSES)
def test_parts_give_the_loss_and_gradient_of_the_whole_for_every_content_loss(loss: str) -> None:
    check(network(), content_loss=loss, tv_weight=0.3)


def test_parts_agree_with_the_whole_where_the_border_is_padded_with_zeros() -> None:
    check(network("zeros"))


def test_a_style_measured_in_parts_is_the_style_measured_at_once() -> None:
    encoder = network()
    image = picture(4)
    mask = torch.rand(HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))
    at_once = measure_style(encoder, image, LAYERS, mask=mask)
    in_parts = measure_style(encoder, image, LAYERS, mask=mask, windows=windows(encoder))
    for name, found in at_once.items():
        torch.testing.assert_close(in_parts[name].mean, found.mean, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(in_parts[name].gram, found.gram, rtol=1e-4, atol=1e-6)


def test_without_a_margin_the_seams_show() -> None:
    encoder = network()
    bare = cover(HEIGHT, WIDTH, 64, 0, max(encoder.stride(name) for name in LAYERS))
    exact = objective(encoder, [whole(HEIGHT, WIDTH)]).evaluate(picture(5))
    split = objective(encoder, bare).evaluate(picture(5))
    assert abs(float(split.total / exact.total) - 1) > 1e-3
    assert apart(split, exact) > 0.2


@pytest.mark.parametrize("size", [(40, 40), (64, 64), (65, 200), (1, 1000)])
def test_inner_parts_cover_every_pixel_once(size: tuple[int, int]) -> None:
    seen = torch.zeros(size)
    for window in cover(*size, 64, 22, 8):
        rows, columns = window.place(1)
        seen[rows, columns] += 1
        assert all(edge % 8 == 0 for edge in window.inner[:2])
    assert bool((seen == 1).all())


def test_radius_is_how_far_a_layer_sees() -> None:
    encoder = network()
    image = picture(1, 200, 200).requires_grad_()
    row = encoder(image, ["relu4_1"])["relu4_1"][0, :, 12, 12].sum()
    (gradient,) = torch.autograd.grad(row, image)
    seen = gradient[0].abs().sum(0).sum(1).nonzero().flatten()
    radius = encoder.radius(["relu4_1"])
    assert int(seen.min()) >= 12 * 8 - radius
    assert int(seen.max()) <= 12 * 8 + 7 + radius
    assert int(seen.max()) - int(seen.min()) > 1.6 * radius
