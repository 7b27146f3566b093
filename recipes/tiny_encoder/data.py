"""Crops of photographs and paintings for the tiny encoder's training."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional


def held_out(path: Path) -> bool:
    """True for the tenth of the files that no training may see: CRC-32 of the name, modulo 10."""
    return zlib.crc32(path.name.encode()) % 10 == 0


def read(path: Path, longest: int = 512) -> Tensor:
    """One picture as a (3, H, W) uint8 tensor, its long side at most ``longest`` pixels."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).contiguous()


def load(folder: Path, *, held: bool) -> list[Tensor]:
    """Every picture of ``folder`` in the held-out tenth (``held``) or outside it."""
    return [read(path) for path in sorted(folder.glob("*.jpg")) if held_out(path) is held]


class Crops:
    """Random square crops: natural scale or resized, flipped, and a share of them disturbed.

    An optimiser that paints visits pictures no camera makes: noise, colour fringes, halos. An
    encoder that never saw them does not see them, and they stay in the result as speckle. So a
    ``disturbed`` share of the crops carries such faults, and the teacher says what they look like.
    """

    def __init__(
        self, photos: list[Tensor], paintings: list[Tensor], size: int, seed: int, disturbed: float
    ) -> None:
        self.pools = [[p for p in pool if min(p.shape[1:]) >= 64] for pool in (photos, paintings)]
        self.size = size
        self.disturbed = disturbed
        self.random = np.random.default_rng(seed)

    def batch(self, count: int) -> Tensor:
        """(count, 3, size, size) float32 in [0, 1]."""
        return torch.stack([self._one() for _ in range(count)])

    def _one(self) -> Tensor:
        random = self.random
        pool = self.pools[1] if self.pools[1] and random.random() < 0.2 else self.pools[0]
        picture = pool[random.integers(len(pool))]
        scale = 1.0 if random.random() < 0.5 else float(np.exp(random.uniform(np.log(0.5), np.log(1.6))))
        side = min(round(self.size / scale), *picture.shape[1:])
        top = random.integers(picture.shape[1] - side + 1)
        left = random.integers(picture.shape[2] - side + 1)
        crop = picture[:, top : top + side, left : left + side].float() / 255
        if side != self.size:
            resized = functional.interpolate(
                crop[None], size=(self.size, self.size), mode="bicubic", antialias=True
            )
            crop = resized[0].clamp(0, 1)
        if random.random() < 0.5:
            crop = crop.flip(2)
        return self._disturb(crop) if random.random() < self.disturbed else crop

    def _noise(self, *shape: int) -> Tensor:
        return torch.from_numpy(self.random.standard_normal(shape, dtype=np.float32))

    def _disturb(self, crop: Tensor) -> Tensor:
        random = self.random
        size = crop.shape[-1]
        grey = crop.mean(0, keepdim=True)
        if random.random() < 0.5:  # saturation, from grey to garish
            crop = grey + (crop - grey) * random.uniform(0, 2.5)
        kind = random.integers(5)
        if kind == 0:  # grain, the same in all channels or not
            crop = crop + self._noise(int(random.choice([1, 3])), size, size) * random.uniform(0, 0.15)
        elif kind == 1:  # coarse blotches of colour
            coarse = self._noise(1, 3, size // 4, size // 4) * random.uniform(0, 0.25)
            crop = crop + functional.interpolate(coarse, size=(size, size), mode="bilinear")[0]
        elif kind == 2:  # colour fringes
            shifts = random.integers(-2, 3, (3, 2)).tolist()
            crop = torch.stack([torch.roll(c, s, (0, 1)) for c, s in zip(crop, shifts, strict=True)])
        else:  # halos or blur
            blurred = functional.avg_pool2d(crop[None], 3, 1, 1, count_include_pad=False)[0]
            crop = crop + (crop - blurred) * random.uniform(-1, 3)
        return crop.clamp(0, 1)
