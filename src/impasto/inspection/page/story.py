"""The contents of the page, collected before it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from impasto.inspection.features import LayerView
from impasto.inspection.layers import NetworkInput
from impasto.inspection.logs import LossLog
from impasto.inspection.reconstruction import Reconstruction
from impasto.inspection.sweeps import Sweep
from impasto.inspection.textures import Shuffled
from impasto.optimize.options import OptimizeOptions
from impasto.types import Picture, Pixels


@dataclass(frozen=True)
class IterationPicture:
    """The picture (H, W, 3) after an iteration, counted from 1; 0 is the initial one."""

    iteration: int
    pixels: Pixels


@dataclass(frozen=True)
class GramView:
    """One layer's Gram matrices (C, C): of the photograph, the painting and the result."""

    layer: str
    photo: NDArray[np.float32]
    painting: NDArray[np.float32]
    result: NDArray[np.float32]


@dataclass(frozen=True)
class Story:
    """The contents of the page.

    ``photo``, ``painting``: at the sizes used; None for a style that is not a picture. ``photo_name``,
    ``painting_name``: in words. ``original``: (width, height) of the photograph's file. ``seen``: the
    photograph of ``views`` and ``given``. ``filters``: (N, 3, 3, 3) of the first convolution, if the network
    has one. ``log``, ``frames``: of the painting. ``noise_log``, ``noise_frames``: of the papers' method,
    from noise. ``network``: the encoder's description. ``slope``: the factor by which its rectifiers multiply
    values below zero. ``weights``: part of the loss to its factor. ``defaults``: the options of the preset.
    ``command``: the one that paints the same picture again.
    """

    photo: Picture
    painting: Picture | None
    photo_name: str
    painting_name: str
    original: tuple[int, int]
    seen: Picture
    given: NetworkInput
    filters: NDArray[np.float32] | None
    views: Sequence[LayerView]
    content: Sequence[Reconstruction]
    style: Sequence[Reconstruction]
    grams: Sequence[GramView]
    shuffle: Shuffled
    weights: Mapping[str, float]
    result: Pixels
    seconds: float
    log: LossLog
    frames: Sequence[IterationPicture]
    noise_log: LossLog
    noise_frames: Sequence[IterationPicture]
    sweep: Sweep
    options: OptimizeOptions
    defaults: OptimizeOptions
    network: Mapping[str, object]
    slope: float
    command: str
    versions: Mapping[str, str] = field(default_factory=dict)
