"""New rows in a gallery network's table, and where they begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError
from impasto.networks.gallery import GalleryNetwork, neutral_rows
from impasto.networks.train.batches import LossWeights, TrainingBatch, batch_loss, row_weights
from impasto.networks.train.targets import STROKE_SIZES, StyleTarget

Beginning = Literal["nearest", "mean", "neutral"]
"""Where a new style's rows begin: at those of the style that does best, the mean style, or no style."""


def styles_in(network: GalleryNetwork) -> int:
    """Return the number of styles in the network's table."""
    return (network.table.shape[0] - 1) // 2


@torch.no_grad()
def add_rows(network: GalleryNetwork, rows: Sequence[Tensor]) -> GalleryNetwork:
    """Return a copy of ``network`` with further styles: each of ``rows`` (2, numbers), fine and coarse
    strokes.
    """
    table = torch.cat([network.table.detach(), *(r.to(network.table.device) for r in rows)])
    return _with_table(network, table)


@torch.no_grad()
def keep_styles(network: GalleryNetwork, styles: Sequence[int]) -> GalleryNetwork:
    """Return a copy of ``network`` with the photograph's row and those of ``styles`` (from 0) only."""
    numbers = [0, *(row for k in styles for row in (1 + 2 * k, 2 + 2 * k))]
    return _with_table(network, network.table.detach()[numbers])


def _with_table(network: GalleryNetwork, table: Tensor) -> GalleryNetwork:
    copy = GalleryNetwork(table.shape[0])
    state = network.state_dict() | {"table": table.clone()}
    copy.load_state_dict(state)
    return copy.to(table.device)


def first_rows(
    network: GalleryNetwork,
    target: StyleTarget,
    encoder: FeatureExtractor,
    images: Tensor,
    loss: LossWeights,
    beginning: Beginning = "nearest",
) -> tuple[Tensor, int | None]:
    """Return (2, numbers) for a style that is to be learnt, and the number of the style they are of, if one.

    "nearest" paints ``images`` (B, 3, S, S) in each style the network has, and takes the one with the
    smallest loss against ``target``. Without any style there is only "neutral". Raises OptionError.
    """
    if beginning not in get_args(Beginning):
        expected = ", ".join(get_args(Beginning))
        raise OptionError(f"expected a beginning of {expected}; got {beginning!r}")
    count = styles_in(network)
    if beginning == "neutral" or count == 0:
        return neutral_rows(2, network.widths), None
    table = network.table.detach()
    if beginning == "mean":
        return torch.stack([table[1::2].mean(dim=0), table[2::2].mean(dim=0)]), None
    losses = [_loss_as(network, k, target, encoder, images, loss) for k in range(count)]
    best = min(range(count), key=losses.__getitem__)
    return table[1 + 2 * best : 3 + 2 * best].clone(), best


@torch.no_grad()
def _loss_as(
    network: GalleryNetwork,
    style: int,
    target: StyleTarget,
    encoder: FeatureExtractor,
    images: Tensor,
    loss: LossWeights,
) -> float:
    """Return the loss against ``target`` of ``images`` painted in ``style``, with medium strokes."""
    count, middle = len(images), len(STROKE_SIZES) // 2
    weights = row_weights(network.table.shape[0], style, middle / (len(STROKE_SIZES) - 1), 1.0)
    batch = TrainingBatch(images, weights.expand(count, -1), [0] * count, [middle] * count, [1.0] * count)
    total, _ = batch_loss(network, encoder, {0: target}, batch.to(network.table.device), loss)
    return float(total)
