"""Evaluation of a trained network on photographs held out from training, and a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from impasto.encoders import FeatureExtractor
from impasto.errors import InputError
from impasto.networks.train.learners import Learner
from impasto.networks.train.painting_loss import CONTENT_LAYERS, LossWeights, StyleTarget, painting_loss

_ROWS = 2
_SIDE = 256


@dataclass(frozen=True)
class Judgement:
    """Mean distances over photographs, as in ``painting_loss``; 0 means equal features. Judge ``content`` and
    ``style`` together."""

    content: float
    style: float


@torch.no_grad()
def judge(
    learner: Learner, encoder: FeatureExtractor, target: StyleTarget, photos: Sequence[Tensor], size: int
) -> Judgement:
    """Judge ``learner`` on the central squares, ``size`` pixels a side, of ``photos`` (3, H, W) uint8.

    ``target``: that of one style. Raises InputError without photographs.
    """
    if not photos:
        raise InputError("expected photographs to judge by; got none")
    device = _device_of(learner)
    found = []
    for photo in photos:
        image = middle(photo, size)[None].to(device)
        wanted = encoder(image, CONTENT_LAYERS)
        painted = learner.paint(image, target).float()
        parts = painting_loss(painted, wanted, encoder, target, LossWeights())[1]
        found.append((float(parts["content"]), float(parts["style"])))
    return Judgement(*(sum(values) / len(found) for values in zip(*found, strict=True)))


def middle(photo: Tensor, size: int) -> Tensor:
    """Return the largest central square of ``photo`` (3, H, W) uint8, as (3, size, size) in [0, 1]."""
    height, width = photo.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = photo[:, top : top + side, left : left + side].float() / 255
    if side == size:
        return square
    resized = functional.interpolate(square[None], (size, size), mode="bicubic", antialias=True)
    return resized[0].clamp(0, 1)


@torch.no_grad()
def contact_sheet(learner: Learner, target: StyleTarget, photos: Sequence[Tensor]) -> Tensor:
    """Return (1, 3, H, W) in [0, 1]: up to two ``photos``, each beside its painting."""
    device = _device_of(learner)
    lines = []
    for photo in photos[:_ROWS]:
        image = middle(photo, _SIDE)[None].to(device)
        lines.append(torch.cat([image, learner.paint(image, target).float().clamp(0, 1)], dim=3))
    return torch.cat(lines, dim=2)


def _device_of(learner: Learner) -> torch.device:
    return next(iter(learner.learnt().values())).device
