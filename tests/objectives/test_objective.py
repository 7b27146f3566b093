from __future__ import annotations

import pytest
import torch

from impasto.encoders.network import Encoder
from impasto.errors import StyleError
from impasto.objectives import IMAGE, STYLE_LOSSES, Objective, Region, blend_styles, measure_style
from impasto.objectives.statistics import moments

LAYERS = ["relu1_1", "relu3_1"]


def picture(seed: int, size: int = 32) -> torch.Tensor:
    return torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(seed))


def objective(encoder: Encoder, content: torch.Tensor, style: torch.Tensor, **more: object) -> Objective:
    return Objective(
        encoder,
        encoder(content, ["relu2_2"]),
        [Region(measure_style(encoder, style, LAYERS))],
        content_weights={"relu2_2": 2.0},
        style_weights={"relu1_1": 1.0, "relu3_1": 0.5},
        **more,  # type: ignore[arg-type]
    )


def test_total_is_the_sum_of_the_named_parts(encoder: Encoder) -> None:
    total, parts = objective(encoder, picture(1), picture(2), tv_weight=0.1)(picture(3))
    assert set(parts) == {"content relu2_2", "style relu1_1", "style relu3_1", "tv"}
    assert float(total) == pytest.approx(sum(float(v) for v in parts.values()), rel=1e-6)


def test_content_part_is_zero_at_the_content_itself(encoder: Encoder) -> None:
    _, parts = objective(encoder, picture(1), picture(2))(picture(1))
    assert float(parts["content relu2_2"]) == 0
    assert float(parts["style relu1_1"]) > 0


# Its square roots stop early, as their source's do: some per cent of the distance is left.
EXACT = [
    name
    for name, loss in STYLE_LOSSES.items()
    if loss.kind == "moments" and name != "wasserstein-newton-schulz"
]


@pytest.mark.parametrize("loss", EXACT)
def test_style_parts_vanish_at_the_style_itself_and_nowhere_near(encoder: Encoder, loss: str) -> None:
    judge = objective(encoder, picture(1), picture(2), style_loss=loss)
    same = judge(picture(2))[1]
    other = judge(picture(2) * 0.3)[1]
    for name in ("style relu1_1", "style relu3_1"):
        assert float(same[name]) == pytest.approx(0, abs=1e-4 * float(other[name]))


def test_weights_scale_their_own_part_only(encoder: Encoder) -> None:
    content, style = encoder(picture(1), ["relu2_2"]), measure_style(encoder, picture(2), ["relu1_1"])

    def parts(content_weight: float, style_weight: float) -> dict[str, float]:
        judged = Objective(
            encoder,
            content,
            [Region(style)],
            content_weights={"relu2_2": content_weight},
            style_weights={"relu1_1": style_weight},
        )(picture(3))[1]
        return {name: float(value) for name, value in judged.items()}

    one, three = parts(1, 1), parts(3, 1)
    assert three["content relu2_2"] == pytest.approx(3 * one["content relu2_2"], rel=1e-6)
    assert three["style relu1_1"] == one["style relu1_1"]


def test_a_layer_with_weight_zero_is_not_computed(encoder: Encoder) -> None:
    judged = Objective(
        encoder,
        encoder(picture(1), ["relu2_2", "relu5_1"]),
        [],
        content_weights={"relu2_2": 1.0, "relu5_1": 0.0},
        style_weights={},
    )
    assert set(judged(picture(3))[1]) == {"content relu2_2"}


def test_blending_a_style_with_itself_changes_nothing(encoder: Encoder) -> None:
    style = measure_style(encoder, picture(2), LAYERS)
    blended = blend_styles([style, style], [1, 3])
    for name in (*LAYERS, IMAGE):
        torch.testing.assert_close(blended[name].gram, style[name].gram)
        torch.testing.assert_close(blended[name].mean, style[name].mean)


def test_blending_is_linear_in_the_moments(encoder: Encoder) -> None:
    a, b = (measure_style(encoder, picture(seed), LAYERS) for seed in (2, 3))
    blended = blend_styles([a, b], [3, 1])
    torch.testing.assert_close(blended["relu1_1"].gram, 0.75 * a["relu1_1"].gram + 0.25 * b["relu1_1"].gram)


def test_blending_with_weights_that_cancel_is_refused(encoder: Encoder) -> None:
    style = measure_style(encoder, picture(2), LAYERS)
    with pytest.raises(StyleError, match="positive sum"):
        blend_styles([style, style], [1, -1])


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("weighted", [True, False])
def test_the_gradient_of_moments_is_that_of_their_definition(
    weighted: bool, layout: torch.memory_format
) -> None:
    generator = torch.Generator().manual_seed(4)
    features = torch.rand(1, 5, 7, 6, generator=generator).to(memory_format=layout)
    weights = torch.rand(7, 6, generator=generator) if weighted else 42
    for_mean, for_gram = torch.rand(5, generator=generator), torch.rand(5, 5, generator=generator)
    variable = features.clone().requires_grad_()
    mean, gram = moments(variable, weights)
    ((mean * for_mean).sum() + (gram * for_gram).sum()).backward()
    each = weights if isinstance(weights, torch.Tensor) else torch.full((7, 6), 1 / 42)
    plain = features.clone().requires_grad_()
    wanted_mean = torch.einsum("chw,hw->c", plain[0], each)
    wanted_gram = torch.einsum("chw,dhw,hw->cd", plain[0], plain[0], each)
    ((wanted_mean * for_mean).sum() + (wanted_gram * for_gram).sum()).backward()
    torch.testing.assert_close(mean, wanted_mean)
    torch.testing.assert_close(gram, wanted_gram)
    torch.testing.assert_close(variable.grad, plain.grad)
