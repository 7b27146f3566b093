"""One training step's worth of work: which photographs, in which styles, how strong, how fine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from impasto.encoders import FeatureExtractor
from impasto.metrics.artefacts import grid_ratios
from impasto.networks.gallery import GRAIN
from impasto.networks.train.photos import crop
from impasto.networks.train.targets import CONTENT_LAYERS, STROKE_SIZES, STYLE_LAYERS, StyleTarget
from impasto.objectives.statistics import LayerStatistics, moments

FULL_STRENGTH = 0.7
"""The share of pictures painted at full strength; the others at a uniform one between 0 and 1."""

Paint = Callable[[Tensor, Tensor, tuple[int, int]], Tensor]

STROKES = (0.25, 0.15, 0.6)
"""How often each of ``STROKE_SIZES`` is practised."""


_FARTHEST = 16
_NOISE = 0.03


@dataclass(frozen=True)
class ShiftedBatch:
    """A batch's pictures as a film might show them a frame later: ``images`` (B, 3, h, w), noisy and of
    another brightness, the part of the batch's that begins at row ``top`` and column ``left``. Its grain
    moves along."""

    images: Tensor
    top: int
    left: int


@dataclass(frozen=True)
class TrainingBatch:
    """``images`` (B, 3, S, S) in [0, 1]; ``weights`` (B, rows) of the network's table; per picture the
    number of its style, of its stroke size, and its strength in [0, 1]; ``corner``, where on the grain all
    begin; the pictures a moment ``later`` where steadiness is to be learnt."""

    images: Tensor
    weights: Tensor
    styles: Sequence[int]
    strokes: Sequence[int]
    strengths: Sequence[float]
    corner: tuple[int, int] = (0, 0)
    later: ShiftedBatch | None = None

    def to(self, device: torch.device) -> TrainingBatch:
        """Return the same, its pictures and weights on ``device``."""
        later = self.later
        if later is not None:
            later = replace(later, images=later.images.to(device))
        return replace(self, images=self.images.to(device), weights=self.weights.to(device), later=later)


@dataclass(frozen=True)
class LossWeights:
    """``style``: against content, at full strength; at strength s it is s squared of that. ``smooth``:
    total variation. ``range``: colours beyond [0, 1]. ``steady``: the squared change of a painting when
    its photograph moves by some pixels and flickers. ``grid``: patterns that repeat every 2 or 4 pixels."""

    style: float = 8.0
    smooth: float = 0.0
    range: float = 10.0
    steady: float = 0.0
    grid: float = 0.0


def row_weights(rows: int, style: int, coarse: float, strength: float) -> Tensor:
    """Return (rows,): how much of each of the network's rows makes ``style`` (from 0) at ``strength``.

    Row 0 is the photograph, rows 1 + 2k and 2 + 2k the fine and the coarse strokes of style k;
    ``coarse`` in [0, 1] goes from the one to the other.
    """
    weights = torch.zeros(rows)
    weights[0] = 1 - strength
    weights[1 + 2 * style] = strength * (1 - coarse)
    weights[2 + 2 * style] = strength * coarse
    return weights


def draw(
    photos: Sequence[Tensor],
    rows: int,
    styles: Sequence[int],
    *,
    batch: int,
    size: int,
    random: np.random.Generator,
    full_strength: float = FULL_STRENGTH,
    often: Sequence[float] = STROKES,
    later: bool = False,
) -> TrainingBatch:
    """Return a random batch in ``styles``: each picture has one of its own, none twice while there are
    others.

    ``full_strength`` is the share of pictures at full strength, ``often`` the share of each stroke size;
    ``later`` adds the pictures a moment later.
    """
    chosen: list[int] = []
    while len(chosen) < batch:
        chosen += random.permutation(len(styles)).tolist()
    picked = [styles[k] for k in chosen[:batch]]
    strokes = random.choice(len(STROKE_SIZES), batch, p=often).tolist()
    strengths = [1.0 if random.random() < full_strength else random.random() for _ in range(batch)]
    images = [crop(photos[int(random.integers(len(photos)))], size, random) for _ in range(batch)]
    last = len(STROKE_SIZES) - 1
    weights = [
        row_weights(rows, k, stroke / last, s)
        for k, stroke, s in zip(picked, strokes, strengths, strict=True)
    ]
    stacked = torch.stack(images)
    moment = _shifted(stacked, random) if later else None
    corner = (int(random.integers(GRAIN)), int(random.integers(GRAIN)))
    return TrainingBatch(stacked, torch.stack(weights), picked, strokes, strengths, corner, moment)


def _shifted(images: Tensor, random: np.random.Generator) -> ShiftedBatch:
    """Return pictures moved by whole pixels: a resampled photograph would be softer, and painted softer."""
    side = images.shape[2] - _FARTHEST
    top, left = (int(random.integers(_FARTHEST + 1)) for _ in range(2))
    moved = images[:, :, top : top + side, left : left + side]
    noise = torch.from_numpy(random.standard_normal(moved.shape, np.float32))
    strength = torch.from_numpy(random.uniform(0, _NOISE, (len(images), 1, 1, 1)).astype(np.float32))
    gain = torch.from_numpy(random.uniform(0.97, 1.03, (len(images), 1, 1, 1)).astype(np.float32))
    return ShiftedBatch((moved * gain + noise * strength).clamp(0, 1), top, left)


def batch_loss(
    paint: Paint,
    encoder: FeatureExtractor,
    targets: Mapping[int, StyleTarget],
    batch: TrainingBatch,
    weigh: LossWeights,
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of a batch, a scalar, and its unweighted parts: ``content``, and ``style`` at full
    strength.

    ``paint(images, weights, corner)`` is the network; it and ``encoder`` may work in reduced precision.
    The batch is to be where they are. Perceptual losses after Johnson et al. 2016, section 3.2, with
    statistics as in ``targets``.
    """
    painted = paint(batch.images, batch.weights, batch.corner).float()
    with torch.no_grad():
        wanted = {n: f.float() for n, f in encoder(batch.images, CONTENT_LAYERS).items()}
    found = {n: f.float() for n, f in encoder(painted, [*STYLE_LAYERS, *CONTENT_LAYERS]).items()}
    content = torch.stack(
        [(found[n] - wanted[n]).square().mean() / wanted[n].square().mean() for n in CONTENT_LAYERS]
    ).mean()
    distances = torch.stack(
        [_style_distance(found, number, targets, batch) for number in range(len(painted))]
    )
    shares = torch.tensor(batch.strengths, device=painted.device).square()
    total = content + weigh.style * (shares * distances).mean()
    beyond = functional.relu(-painted) + functional.relu(painted - 1)
    total = total + weigh.range * beyond.square().mean()
    if weigh.smooth:
        rows, columns = painted.diff(dim=2), painted.diff(dim=3)
        total = total + weigh.smooth * (rows.square().mean() + columns.square().mean())
    if weigh.grid:
        total = total + weigh.grid * grid_ratios(painted).mean()
    if batch.later is not None and weigh.steady:
        total = total + weigh.steady * _unsteadiness(paint, painted, batch, batch.later)
    full = [float(d.detach()) for d, s in zip(distances, batch.strengths, strict=True) if s == 1]
    parts = {"content": float(content.detach())}
    return total, parts | ({"style": sum(full) / len(full)} if full else {})


def _unsteadiness(paint: Paint, painted: Tensor, batch: TrainingBatch, later: ShiftedBatch) -> Tensor:
    """Return the mean squared difference between a painting and that of a moment later, up to the borders, so
    that these are painted like the rest (the temporal loss of Ruder, Dosovitskiy and Brox 2018, on motion
    that is made, so that no film is needed).
    """
    corner = (batch.corner[0] + later.top, batch.corner[1] + later.left)
    again = paint(later.images, batch.weights, corner).float()
    height, width = again.shape[2:]
    same = painted[:, :, later.top : later.top + height, later.left : later.left + width]
    return (again - same).square().mean()


def _style_distance(
    found: Mapping[str, Tensor], number: int, targets: Mapping[int, StyleTarget], batch: TrainingBatch
) -> Tensor:
    distances = targets[batch.styles[number]].distances[batch.strokes[number]]
    rows = []
    for name in STYLE_LAYERS:
        features = found[name][number : number + 1]
        positions = features.shape[2] * features.shape[3]
        rows.append(distances[name](LayerStatistics(*moments(features, positions), positions)))
    return torch.stack(rows).mean().float()
