"""A style's targets for losses that compare samples of features: vectors, patches, hypercolumns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from impasto.encoders import FeatureExtractor
from impasto.errors import StyleError
from impasto.objectives.named_losses import SampleKind
from impasto.objectives.statistics import layer_weights
from impasto.objectives.windows import Window, whole

HYPERCOLUMN = "hypercolumn"
"""The key of samples that combine all layers."""

Samples = Mapping[str, Tensor]
"""Layer (or HYPERCOLUMN) to a matrix (N, D) of sampled features."""


def draw_positions(
    rows: int, columns: int, count: int, generator: torch.Generator, weights: Tensor | None = None
) -> Tensor:
    """Return up to ``count`` distinct positions of a ``rows`` x ``columns`` grid, as (N, 2), in order.

    ``weights`` (rows, columns): relative probabilities; positions with 0 are never drawn. A ``count`` of 0
    takes all.
    """
    total = rows * columns
    if weights is None:
        everything = torch.arange(total)
        chosen = everything if not count or count >= total else torch.randperm(total, generator=generator)
    else:
        chances = weights.detach().cpu().flatten()
        there = int((chances > 0).sum())
        wanted = min(there, count or there)
        chosen = torch.multinomial(chances.double(), wanted, generator=generator)
    chosen = chosen[: count or total].sort().values
    return torch.stack([chosen // columns, chosen % columns], 1)


def gather(features: Tensor, positions: Tensor, kind: SampleKind) -> Tensor:
    """Return the (N, C) features of (1, C, H, W) at ``positions`` (N, 2), or their (N, 9 C) 3x3 patches.

    At the border, patches repeat the outermost features.
    """
    rows, columns = positions.to(features.device).unbind(1)
    if kind != "patches":
        return features[0, :, rows, columns].T.float()
    height, width = features.shape[2:]
    shifts = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    parts = [
        features[0, :, (rows + dy).clamp(0, height - 1), (columns + dx).clamp(0, width - 1)].T
        for dy, dx in shifts
    ]
    return torch.cat(parts, 1).float()


def hypercolumns(features: Mapping[str, Tensor], positions: Tensor, strides: Mapping[str, int]) -> Tensor:
    """Return the features of all layers together at pixel ``positions`` (N, 2): (N, sum C).

    Values of deep layers, whose cells are ``strides`` pixels wide, are interpolated bilinearly between the
    cells' centres. Source: Kolkin et al., CVPR 2019, section 2.1.
    """
    columns = []
    for name, found in features.items():
        size = torch.tensor(found.shape[2:], device=found.device) * strides[name]
        grid = ((positions.to(found.device).float() + 0.5) / size * 2 - 1).flip(1)[None, :, None]
        sampled = functional.grid_sample(
            found.float(), grid, mode="bilinear", padding_mode="border", align_corners=False
        )
        columns.append(sampled[0, :, :, 0].T)
    return torch.cat(columns, 1)


@torch.no_grad()
def measure_samples(
    encoder: FeatureExtractor,
    image: Tensor,
    layers: Sequence[str],
    kind: SampleKind,
    count: int,
    generator: torch.Generator,
    *,
    mask: Tensor | None = None,
    windows: Sequence[Window] = (),
) -> dict[str, Tensor]:
    """Return samples (N, D) of ``image`` (1, 3, H, W), by layer or under HYPERCOLUMN.

    Up to ``count`` are taken at each of ``layers``, or all if it is 0. ``mask`` (H, W) in [0, 1]: where to
    sample.
    """
    height, width = image.shape[2:]
    if kind == "hypercolumns":
        positions = draw_positions(height, width, count, generator, mask)
        return {HYPERCOLUMN: sample_columns(encoder, image, layers, positions, windows)}
    weights = None if mask is None else layer_weights(mask, layers, encoder)
    places = {}
    for name in layers:
        stride = encoder.stride(name)
        here = None if weights is None else weights[name]
        places[name] = draw_positions(height // stride, width // stride, count, generator, here)
    found: dict[str, list[Tensor]] = {name: [] for name in layers}
    for window in windows or [whole(height, width)]:
        features = encoder(window.crop(image), layers)
        for name in layers:
            local = within(places[name], window, encoder.stride(name))
            found[name].append(gather(features[name], local, kind))
    return {name: torch.cat(parts) for name, parts in found.items()}


def sample_columns(
    encoder: FeatureExtractor,
    image: Tensor,
    layers: Sequence[str],
    positions: Tensor,
    windows: Sequence[Window] = (),
) -> Tensor:
    """Return the hypercolumns of ``image`` at ``positions``, window by window."""
    height, width = image.shape[2:]
    parts = []
    for window in windows or [whole(height, width)]:
        crop = window.crop(image)
        local = within(positions, window, 1)
        strides = {name: encoder.stride(name) for name in layers}
        parts.append(hypercolumns(encoder(crop, layers), local, strides))
    return torch.cat(parts)


def within(positions: Tensor, window: Window, stride: int) -> Tensor:
    """Return those of ``positions`` in the inner part of ``window``, relative to its outer corner."""
    corner = torch.tensor([window.outer[0] // stride, window.outer[1] // stride])
    return _inside(positions, window, stride) - corner


def in_order(positions: Tensor, windows: Sequence[Window], stride: int) -> Tensor:
    """Return all ``positions`` in the order of evaluation, window by window."""
    return torch.cat([_inside(positions, window, stride) for window in windows]) if windows else positions


def _inside(positions: Tensor, window: Window, stride: int) -> Tensor:
    rows, columns = window.place(stride)
    inside = (positions[:, 0] >= rows.start) & (positions[:, 0] < rows.stop)
    inside &= (positions[:, 1] >= columns.start) & (positions[:, 1] < columns.stop)
    return positions[inside]


def join_samples(
    styles: Sequence[Samples], shares: Sequence[float], generator: torch.Generator
) -> dict[str, Tensor]:
    """Combine several styles into one, with samples of each in proportion to its share.

    Raises StyleError for a negative share.
    """
    if min(shares) < 0 or sum(shares) <= 0:
        raise StyleError(f"this style loss takes style weights of 0 or more; got {list(shares)}")
    joined = {}
    for name in styles[0]:
        rows = [style[name] for style in styles]
        most = min(len(r) * sum(shares) / s for r, s in zip(rows, shares, strict=True) if s)
        counts = [round(most * s / sum(shares)) for s in shares]
        joined[name] = torch.cat(
            [
                r if n >= len(r) else r[torch.randperm(len(r), generator=generator)[:n].to(r.device)]
                for r, n in zip(rows, counts, strict=True)
            ]
        )
    return joined
