"""Evaluation of a trained network on photographs held out from training, and a contact sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from impasto.encoders import FeatureExtractor
from impasto.errors import InputError
from impasto.networks.train.batches import LossWeights, TrainingBatch, batch_loss, row_weights
from impasto.networks.train.targets import STROKE_SIZES, StyleTarget
from impasto.networks.train.training import TrainableNetwork, device_of

_ROWS, _STYLES = 2, 4
_SIDE = 256


@dataclass(frozen=True)
class Judgement:
    """Mean distances at full strength over photographs, styles and stroke sizes, as the losses have them:
    0 is the same features. ``content`` and ``style`` belong together."""

    content: float
    style: float


@torch.no_grad()
def judge(
    network: TrainableNetwork,
    rows: int,
    targets: Mapping[int, StyleTarget],
    encoder: FeatureExtractor,
    photos: Sequence[Tensor],
    size: int,
    strokes: Sequence[int] = range(len(STROKE_SIZES)),
) -> Judgement:
    """Judge ``network``, whose table has ``rows``, in the styles of ``targets`` on the middles of ``photos``.

    Raises InputError without photographs.
    """
    if not photos:
        raise InputError("expected photographs to judge by; got none")
    images = torch.stack([middle(photo, size) for photo in photos])
    last = len(STROKE_SIZES) - 1
    found = []
    for style in targets:
        for stroke in strokes:
            weights = row_weights(rows, style, stroke / last, 1.0)
            for part in torch.split(images, 4):
                n = len(part)
                batch = TrainingBatch(part, weights.expand(n, -1), [style] * n, [stroke] * n, [1.0] * n)
                here = batch.to(device_of(network))
                found.append((n, batch_loss(network, encoder, targets, here, LossWeights())[1]))
    count = sum(n for n, _ in found)
    return Judgement(*(sum(n * parts[name] for n, parts in found) / count for name in ("content", "style")))


def middle(photo: Tensor, size: int) -> Tensor:
    """Return the largest square in the middle of ``photo`` (3, H, W) uint8, as (3, size, size) in [0, 1]."""
    height, width = photo.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = photo[:, top : top + side, left : left + side].float() / 255
    if side == size:
        return square
    resized = functional.interpolate(square[None], (size, size), mode="bicubic", antialias=True)
    return resized[0].clamp(0, 1)


@torch.no_grad()
def contact_sheet(
    network: TrainableNetwork, rows: int, styles: Sequence[int], photos: Sequence[Tensor]
) -> Tensor:
    """Return (1, 3, H, W) in [0, 1]: up to two ``photos``, each beside its paintings in up to four
    ``styles``.
    """
    lines = []
    device = device_of(network)
    for photo in photos[:_ROWS]:
        image = middle(photo, _SIDE)[None].to(device)
        painted = [network(image, row_weights(rows, k, 1.0, 1.0)[None].to(device)) for k in styles[:_STYLES]]
        lines.append(torch.cat([image, *(p.float().clamp(0, 1) for p in painted)], dim=3))
    return torch.cat(lines, dim=2)
