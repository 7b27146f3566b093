"""A style's targets for losses that compare moments: means and Gram matrices, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from impasto import losses
from impasto.encoders import FeatureExtractor
from impasto.encoders.layers import IMAGE as IMAGE
from impasto.errors import StyleError
from impasto.objectives.windows import Window, whole


@dataclass(frozen=True)
class LayerStatistics:
    """A style's moments at one layer: ``mean`` (C,) and ``gram`` (C, C), averaged over ``positions``."""

    mean: Tensor
    gram: Tensor
    positions: int


StyleStatistics = Mapping[str, LayerStatistics]


def moments(features: Tensor, weights: Tensor | int) -> tuple[Tensor, Tensor]:
    """Return ``sum w f`` (C,) and ``sum w f f^T`` (C, C) of ``features`` (1, C, H, W), in float32.

    ``weights`` is (H, W), or an integer N for weights of 1/N everywhere. If the weights of a picture sum to
    1, the sums over its windows are its mean and its Gram matrix.
    """
    mean, gram = _Moments.apply(features, weights)  # type: ignore[no-untyped-call]
    return mean, gram


class _Moments(torch.autograd.Function):
    """``moments`` with a cheaper backward pass: one matrix product, (U + U^T) F for the gradient U of F F^T,
    where autograd computes two."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weights: Tensor | int) -> tuple[Tensor, Tensor]:
        flat = features.flatten(2)[0].float()
        ctx.save_for_backward(flat, *([] if isinstance(weights, int) else [weights.flatten()]))
        ctx.count, ctx.shape, ctx.dtype = weights, features.shape, features.dtype
        if isinstance(weights, int):
            return flat.sum(1) / weights, (flat @ flat.T) / weights
        weighted = flat * weights.flatten()
        return weighted.sum(1), weighted @ flat.T

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, for_mean: Tensor, for_gram: Tensor) -> tuple[Tensor, None]:
        flat, *weights = ctx.saved_tensors
        both = for_gram + for_gram.T
        share = 1.0 if weights else 1 / ctx.count
        if flat.is_contiguous():
            found = torch.addmm(for_mean[:, None], both, flat, alpha=share, beta=share)
        else:  # keep channels contiguous
            found = torch.addmm(for_mean, flat.T, both, alpha=share, beta=share).T
        if weights:
            found = found * weights[0]
        return found.to(ctx.dtype).reshape(ctx.shape), None


def layer_weights(
    mask: Tensor, layers: Sequence[str], encoder: FeatureExtractor, mode: str = "simple"
) -> dict[str, Tensor]:
    """Return the weights of positions at each layer for a ``mask`` (H, W) in [0, 1]; they sum to 1.

    ``mode``: how the mask is scaled to deep layers (Gatys et al., CVPR 2017, section 4.1): "simple" by area,
    "inside" for positions that see only the mask, "all" for those that see any of it. Layers at which
    "inside" leaves no position are omitted. Raises StyleError if no layer remains, or in the other modes if
    any layer has no position left.
    """
    found = {}
    for name in layers:
        guide = guide_at(mask, name, encoder, mode)
        total = guide.sum()
        if float(total) >= 1e-3:
            found[name] = guide / total
        elif mode != "inside" or (name == layers[-1] and not found):
            rows, columns = guide.shape
            raise StyleError(
                f"a mask leaves nothing of the picture at {name} ({columns}x{rows} positions); "
                "it is empty or too small for so deep a layer"
            )
    return found


def guide_at(mask: Tensor, name: str, encoder: FeatureExtractor, mode: str = "simple") -> Tensor:
    """Return a ``mask`` (H, W) scaled to the positions of a layer, or of the pixels (IMAGE): (H', W')."""
    stride = 1 if name == IMAGE else encoder.stride(name)
    # ``propagate_guide`` measures from a cell's centre, the network from its edge; if half a stride is not an
    # integer, windows are rounded outwards, to that edge.
    radius = 0 if name == IMAGE or mode == "simple" else encoder.radius([name]) + stride // 2
    height, width = mask.shape
    rows, columns = -(-height // stride), -(-width // stride)
    beyond = (0, columns * stride - width, 0, rows * stride - height)
    cells = functional.pad(mask[None, None], beyond, mode="replicate")[0, 0]
    guide = losses.propagate_guide(cells, (rows, columns), mode=mode, radius=radius)
    return guide[: height // stride, : width // stride]  # a cell cut off by the border has no position


@torch.no_grad()
def measure_style(
    encoder: FeatureExtractor,
    image: Tensor,
    layers: Sequence[str],
    *,
    mask: Tensor | None = None,
    windows: Sequence[Window] = (),
) -> dict[str, LayerStatistics]:
    """Return the statistics of ``image`` (1, 3, H, W) in [0, 1] at ``layers``, and of its colours (IMAGE).

    ``mask`` (H, W) in [0, 1]: the weight of each pixel. ``windows``: parts to measure in turn, for the same
    result in less memory.
    """
    height, width = image.shape[2:]
    weights = None if mask is None else layer_weights(mask, [*layers, IMAGE], encoder)
    parts = ((window, window.crop(image)) for window in windows or [whole(height, width)])
    return measure_parts(encoder, parts, layers, weights)


@torch.no_grad()
def measure_parts(
    encoder: FeatureExtractor,
    parts: Iterable[tuple[Window, Tensor]],
    layers: Sequence[str],
    weights: Mapping[str, Tensor] | None = None,
) -> dict[str, LayerStatistics]:
    """Return the statistics of a picture given in ``parts``: windows and their crops.

    ``weights``: as from ``layer_weights``; None for equal weights.
    """
    sums: dict[str, tuple[Tensor, Tensor]] = {}
    counts: dict[str, int] = {}
    for window, crop in parts:
        for name, found in (encoder(crop, layers) | {IMAGE: crop}).items():
            stride = encoder.stride(name) if name != IMAGE else 1
            counts[name] = (window.height // stride) * (window.width // stride)
            here = counts[name] if weights is None else weights[name][window.place(stride)]
            mean, gram = moments(found[(..., *window.counted(stride))], here)
            before = sums.get(name)
            sums[name] = (mean, gram) if before is None else (before[0] + mean, before[1] + gram)
    # Rounding makes the two triangles differ, and a file stores only one.
    return {
        name: LayerStatistics(mean, (gram + gram.T) / 2, counts[name]) for name, (mean, gram) in sums.items()
    }


Shares = Sequence[float] | Callable[[str], Sequence[float]]


def blend_styles(styles: Sequence[StyleStatistics], shares: Shares) -> dict[str, LayerStatistics]:
    """Return the weighted sum of several styles' moments, layer by layer.

    ``shares``: one per style, or a function from a layer's name to them. They are divided by the sum of their
    magnitudes; a negative share moves away from its style. Raw moments are blended, because those of a
    mixture of pictures are the mixture of theirs.
    """
    blended = {}
    for name in styles[0]:
        parts = normalised_shares(shares(name) if callable(shares) else shares, len(styles))
        rows = [style[name] for style in styles]
        if len(rows) == 1:
            blended[name] = rows[0]
            continue
        blended[name] = LayerStatistics(
            torch.stack([p * row.mean for p, row in zip(parts, rows, strict=True)]).sum(0),
            torch.stack([p * row.gram for p, row in zip(parts, rows, strict=True)]).sum(0),
            round(sum(abs(p) * row.positions for p, row in zip(parts, rows, strict=True))),
        )
    return blended


def normalised_shares(shares: Sequence[float], count: int) -> list[float]:
    """Return ``shares`` divided by the sum of their magnitudes. Raises StyleError unless the sum is
    positive."""
    if len(shares) != count or sum(shares) <= 0:
        raise StyleError(f"expected {count} style weights with a positive sum; got {list(shares)}")
    total = sum(abs(share) for share in shares)
    return [share / total for share in shares]
